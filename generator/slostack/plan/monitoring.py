"""Alerts about the monitoring itself: they belong to every output, because a broken pipeline is silent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from slostack.burnrate import Severity
from slostack.plan import texts
from slostack.plan.alerts import THRESHOLD
from slostack.plan.model import AlertPlan

SERVICE = "slostack"
WATCHDOG = "Watchdog"
SPANS_LOST = (  # the collector's counters, and those of a Jaeger, which is one
    "otelcol_exporter_send_failed_spans_total",
    "otelcol_exporter_enqueue_failed_spans_total",
    "otelcol_receiver_refused_spans_total",
)


@dataclass(frozen=True)
class _Condition:
    name: str
    severity: Severity | Literal["none"]
    expression: str
    for_: int
    by: tuple[str, ...]
    summary: str
    describe: str
    sentence: str
    keep: int = 300


_CONDITIONS = (
    _Condition(
        WATCHDOG,
        "none",
        "vector(1)",
        0,
        (),
        "The alert path works",
        "This alert always fires. A heartbeat receiver expects it and raises the alarm when it stays away.",
        "always",
        keep=0,
    ),
    _Condition(
        "PrometheusRuleFailures",
        "page",
        "sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[5m])) > 0",
        300,
        ("rule_group",),
        "Prometheus cannot evaluate rules of {rule_group}",
        "Alerts of this group may not fire while this lasts.",
        "a rule of the group failed within 5 minutes, for 5 minutes",
    ),
    _Condition(
        "RuleEvaluationsMissed",
        "ticket",
        "sum by (rule_group) (increase(prometheus_rule_group_iterations_missed_total[15m])) > 0",
        900,
        ("rule_group",),
        "Prometheus skips evaluations of {rule_group}",
        "Evaluation takes longer than its interval; counts are repaired later, alerts may come late.",
        "an evaluation was skipped within 15 minutes, for 15 minutes",
    ),
    _Condition(
        "ScrapeTargetDown",
        "ticket",
        "max by (job, instance) (up) == 0",
        300,
        ("job", "instance"),
        "Prometheus cannot scrape {job} at {instance}",
        "What this target measures is unknown while this lasts.",
        "a target failed its scrapes for 5 minutes",
        keep=0,  # ends with the outage that explains it, or it would be told when ServiceDown is over
    ),
    _Condition(
        "AlertmanagerUnreachable",
        "page",
        # Of several Alertmanagers one that takes the alerts is enough; ScrapeTargetDown tells of the other.
        "max(prometheus_notifications_alertmanagers_discovered) < 1"
        " or min(rate(prometheus_notifications_errors_total[5m])) > 0",
        300,
        (),
        "Prometheus cannot hand alerts to Alertmanager",
        "Alerts that fire now reach nobody; the silent Watchdog is what tells.",
        "no Alertmanager is known, or sending to each of them failed, for 5 minutes",
    ),
    _Condition(
        "NotificationsFailing",
        "page",
        "sum by (integration) (rate(alertmanager_notifications_failed_total[5m])) > 0",
        300,
        ("integration",),
        "Alertmanager cannot deliver notifications by {integration}",
        "Alertmanager retries, but somebody may not have been told of an alert.",
        "a delivery failed within 5 minutes, for 5 minutes",
    ),
    _Condition(
        "ConfigReloadFailed",
        "ticket",
        "max by (job) (prometheus_config_last_reload_successful == 0)"
        " or max by (job) (alertmanager_config_last_reload_successful == 0)",
        300,
        ("job",),
        "{job} refused its new configuration",
        "It runs on with the old one; what was changed is not in force.",
        "the last reload failed, for 5 minutes",
    ),
    _Condition(
        "PrometheusStorageFailing",
        "ticket",
        "sum by (instance) (increase(prometheus_tsdb_compactions_failed_total[1h])) > 0"
        " or sum by (instance) (increase(prometheus_tsdb_wal_truncations_failed_total[1h])) > 0",
        900,
        ("instance",),
        "The Prometheus {instance} cannot tidy what it stores",
        "Its disk fills faster than planned, and when it is full nothing more is recorded and no alert can fire.",
        "a compaction or the cutting of the write-ahead log failed within an hour, for 15 minutes",
    ),
    _Condition(
        "AlertmanagerPeersLost",
        "ticket",
        # A twin that comes back at another address leaves its old one as failed for hours.
        "max by (instance) (alertmanager_cluster_failed_peers) > 0"
        " unless max by (instance) (alertmanager_cluster_members) > 1",
        600,
        ("instance",),
        "The Alertmanager {instance} has lost its twin",
        "Without the twin's word each notifies by itself: the same news may arrive twice.",
        "a member of the cluster has been unreachable for 10 minutes",
    ),
    _Condition(
        "SpansLost",
        "ticket",
        " or ".join(f"sum by (job) (rate({lost}[5m])) > 0" for lost in SPANS_LOST),
        600,
        ("job",),
        "The program {job} loses spans of traces",
        "Traces have holes, and what is counted from spans is too low. Alerts on SLOs do not depend on it.",
        "spans were refused, found the queue full, or could not be passed on, for 10 minutes",
    ),
    _Condition(
        "SpanQueueFilling",
        "ticket",
        "max by (job, exporter) (otelcol_exporter_queue_size / otelcol_exporter_queue_capacity) > 0.8",
        600,
        ("job", "exporter"),
        "The exporter {exporter} of {job} lets spans pile up",
        "What the spans go to is too slow or down; when the queue is full, spans are lost.",
        "the queue was more than 80 % full for 10 minutes",
    ),
    _Condition(
        "GrafanaFailing",
        "ticket",
        'sum by (instance) (rate(grafana_http_request_duration_seconds_count{status_code=~"5.."}[5m]))'
        " / sum by (instance) (rate(grafana_http_request_duration_seconds_count[5m])) > 0.05",
        600,
        ("instance",),
        "The Grafana {instance} answers with errors",
        "Dashboards stay empty for those on duty. Alerts do not depend on it.",
        "more than 5 % of the answers were errors of the server, for 10 minutes",
    ),
)

NAMES = tuple(condition.name for condition in _CONDITIONS)


def alerts(team: str, to: texts.Addresses) -> Iterator[AlertPlan]:
    """The alerts about rules, targets, delivery and configuration, owned by `team`."""
    known = {"service": SERVICE}
    for condition in _CONDITIONS:
        summary = texts.with_value(condition.summary, "count", condition.by)
        yield AlertPlan(
            name=condition.name,
            kind="monitoring",
            service=SERVICE,
            team=team,
            severity=condition.severity,
            expression=condition.expression,
            for_=condition.for_,
            keep_firing_for=condition.keep,
            labels={"severity": condition.severity, "team": team, "service": SERVICE, "tier": THRESHOLD},
            annotations={
                "summary": summary,
                "description": condition.describe,
                "command": to.query_command(condition.expression),
                "runbook_url": to.runbook(condition.name, known, condition.by),
                "query_url": to.graph(condition.expression),
                "silence_url": to.silence(condition.name, known, condition.by),
            },
            by=condition.by,
            slo=None,
            tier=None,
            sentence=condition.sentence,
            promise=texts.plain(condition.summary),
        )
