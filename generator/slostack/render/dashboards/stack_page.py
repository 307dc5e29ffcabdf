"""The board of the stack itself: whether what watches everything else is well."""

from __future__ import annotations

from slostack.plan import Plan
from slostack.plan.components import COMPONENTS
from slostack.plan.monitoring import SPANS_LOST
from slostack.render.dashboards import alerting, links
from slostack.render.dashboards.board import board, restarts
from slostack.render.dashboards.layout import Grid
from slostack.render.dashboards.look import BLUE, GREEN, PERCENT, RED, UNITS, Json, steps
from slostack.render.dashboards.panels import Panel, dashes, fixed, query, series_override, stat, time_series, timeline

STACK = "stack"
_NOT_RUN = "○ this part does not run, or has not been scraped yet"
_PER_SECOND = UNITS["per second"]
# Which program a line is matters more here than how high it is.
_BY_NAME: Json = {"fieldConfig": {"defaults": {"color": {"mode": "palette-classic-by-name"}}}}
_UP = [
    {
        "type": "value",
        "options": {
            "0": {"text": "✕ down", "color": RED, "index": 0},
            "1": {"text": "up", "color": GREEN, "index": 1},
        },
    }
]


def stack_page(plan: Plan) -> bytes:
    """The board `stack`."""
    grid = Grid()
    grid.line(4, (_alarms(plan), 24))
    grid.line(9, (_targets(plan), 24))
    grid.heading("Alerting")
    grid.line(8, (alerting.held(plan), 6), (alerting.firing(plan), 18))
    grid.line(8, (_notifications(plan), 12), (_rules(plan), 12))
    grid.heading("Prometheus")
    grid.line(8, (_samples(plan), 8), (_series(plan), 8), (_scrapes(plan), 8))
    grid.heading("Traces")
    grid.line(8, (_spans(plan), 12), (_queue(plan), 12))
    grid.heading("Programs")
    grid.line(8, (_memory(plan), 8), (_processors(plan), 8), (_grafana(plan), 8))
    return board(
        plan,
        uid=STACK,
        title="The monitoring stack",
        description="Whether Prometheus, Alertmanager, the collector, Jaeger and Grafana do their work.",
        panels=grid.panels,
        variables=[],
        annotations=restarts(plan, [component.job for component in COMPONENTS]),
        head=[
            links.to_notifications(),
            links.outside(links.rules(plan, ""), "Alert rules", "Every alerting rule in Prometheus, with its state"),
        ],
        tags=["monitoring"],
        seconds=6 * 3600,
    )


_LOST = " + ".join(f"(sum(rate({lost}[5m])) or vector(0))" for lost in SPANS_LOST)


def _jobs() -> str:
    return "|".join(component.job for component in COMPONENTS)


def _asked(plan: Plan, expression: str, legend: str, ref: str, *, instant: bool = False) -> Json:
    return query(plan.lapse(expression), legend, ref=ref, instant=instant)


def _alarms(plan: Plan) -> Panel:
    asked = {
        "Targets down": "count(up == 0) or vector(0)",
        "Monitoring alerts": 'count(ALERTS{alertstate="firing",service="slostack",severity!="none"}) or vector(0)',
        "Rules that fail": "sum(increase(prometheus_rule_evaluation_failures_total[5m])) or vector(0)",
        "Deliveries that fail, a second": "sum(rate(alertmanager_notifications_failed_total[5m])) or vector(0)",
        "Spans lost, a second": _LOST,
    }
    return stat(
        "Is the monitoring itself well?",
        "Every number is normally 0. One above 0 has an alert and a runbook of its own; what it means for what the"
        " other boards show stands in that runbook.",
        [
            _asked(plan, ask, name, chr(ord("A") + index), instant=True)
            for index, (name, ask) in enumerate(asked.items())
        ],
        unit="none",
        decimals=0,
        thresholds=steps((GREEN, None), (RED, 1e-9)),
        colour="background_solid",
        text="value_and_name",
        overrides=[series_override(name, decimals=2) for name in asked if name.endswith("a second")],
    )


def _targets(plan: Plan) -> Panel:
    return timeline(
        "Which targets were scraped, and when?",
        "One line per target. Red: the scrapes failed, and what the target measures is unknown for that time. A gap:"
        " Prometheus itself did not run.",
        [_asked(plan, "max by (job, instance) (up)", "{{job}} {{instance}}", "A")],
        mappings=_UP,
        empty=_NOT_RUN,
    )


def _notifications(plan: Plan) -> Panel:
    return time_series(
        "Are notifications delivered?",
        "Notifications a second by way of delivery, and those that failed (red). Normal is a steady trickle from the"
        " heartbeat, and no red line.",
        [
            _asked(
                plan, "sum by (integration) (rate(alertmanager_notifications_total[5m])) > 0", "{{integration}}", "A"
            ),
            _asked(plan, "sum(rate(alertmanager_notifications_failed_total[5m]))", "failed", "B"),
        ],
        unit=_PER_SECOND,
        overrides=[series_override("failed", color=fixed(RED), custom__lineWidth=3)],
        empty=_NOT_RUN,
        extra=_BY_NAME,
    )


def _rules(plan: Plan) -> Panel:
    share = "max by (rule_group) (prometheus_rule_group_last_duration_seconds / prometheus_rule_group_interval_seconds)"
    return time_series(
        "How much of their interval do rules take?",
        "The slowest five rule groups: the time of their last evaluation as a share of the time between two. At 100 %"
        " (dashed) evaluations are skipped, and alerts come late.",
        [
            _asked(plan, f'label_replace(topk(5, {share}), "group", "$1", "rule_group", ".*;(.*)")', "{{group}}", "A"),
            _asked(plan, "vector(1)", "skipped from here", "B"),
        ],
        unit=PERCENT,
        overrides=[series_override("skipped from here", **dashes(RED))],
        empty=_NOT_RUN,
        extra=_BY_NAME,
    )


def _samples(plan: Plan) -> Panel:
    return time_series(
        "How many samples come in?",
        "Samples a second that Prometheus stores, and those that it refused (red), which is normally none.",
        [
            _asked(plan, "sum(rate(prometheus_tsdb_head_samples_appended_total[5m]))", "stored", "A"),
            _asked(
                plan,
                "sum(rate(prometheus_target_scrapes_sample_out_of_order_total[5m]))"
                " + sum(rate(prometheus_target_scrapes_sample_duplicate_timestamp_total[5m]))"
                " + sum(rate(prometheus_target_scrapes_sample_out_of_bounds_total[5m]))",
                "refused",
                "B",
            ),
        ],
        unit=_PER_SECOND,
        overrides=[series_override("stored", color=fixed(BLUE)), series_override("refused", color=fixed(RED))],
        empty=_NOT_RUN,
    )


def _series(plan: Plan) -> Panel:
    return time_series(
        "How many series are there?",
        "Series in memory; memory grows with them, about 8 kB each. A steady climb is a label whose values never end.",
        [_asked(plan, "sum(prometheus_tsdb_head_series)", "series", "A")],
        unit=UNITS["count"],
        overrides=[series_override("series", color=fixed(BLUE))],
        empty=_NOT_RUN,
    )


def _scrapes(plan: Plan) -> Panel:
    return time_series(
        "How long do scrapes take?",
        "The slowest target of each job. Normal is far below a second; at 10 seconds a scrape is given up.",
        [_asked(plan, "max by (job) (scrape_duration_seconds)", "{{job}}", "A")],
        unit=UNITS["seconds"],
        empty=_NOT_RUN,
        extra=_BY_NAME,
    )


def _spans(plan: Plan) -> Panel:
    return time_series(
        "Do spans arrive, and are they kept?",
        "Spans a second that the collector and Jaeger took and passed on; the lines of one lie on each other. Red are"
        " those that were lost.",
        [
            _asked(plan, "sum by (job) (rate(otelcol_receiver_accepted_spans_total[5m]))", "{{job}} took", "A"),
            _asked(plan, "sum by (job) (rate(otelcol_exporter_sent_spans_total[5m]))", "{{job}} passed on", "B"),
            _asked(plan, _LOST, "lost", "C"),
        ],
        unit=_PER_SECOND,
        overrides=[series_override("lost", color=fixed(RED), custom__lineWidth=3)],
        empty=_NOT_RUN,
        extra=_BY_NAME,
    )


def _queue(plan: Plan) -> Panel:
    return time_series(
        "Do spans pile up?",
        "How full the queues before exporters are. Normal is near 0; at 100 % (dashed) spans are lost.",
        [
            _asked(
                plan,
                "max by (job, exporter) (otelcol_exporter_queue_size / otelcol_exporter_queue_capacity)",
                "{{job}} {{exporter}}",
                "A",
            ),
            _asked(plan, "vector(1)", "lost from here", "B"),
        ],
        unit=PERCENT,
        overrides=[series_override("lost from here", **dashes(RED))],
        empty=_NOT_RUN,
        extra=_BY_NAME,
    )


def _memory(plan: Plan) -> Panel:
    return time_series(
        "How much memory do the programs hold?",
        "Resident memory of each program of the stack. docker-compose.yml has each one's limit.",
        [
            _asked(plan, f'max by (job) (process_resident_memory_bytes{{job=~"{_jobs()}"}})', "{{job}}", "A"),
            _asked(plan, "max by (job) (otelcol_process_memory_rss_bytes)", "{{job}}", "B"),
        ],
        unit=UNITS["bytes"],
        empty=_NOT_RUN,
        extra=_BY_NAME,
    )


def _processors(plan: Plan) -> Panel:
    return time_series(
        "How much processor time do they take?",
        "Cores that each program of the stack keeps busy.",
        [
            _asked(plan, f'max by (job) (rate(process_cpu_seconds_total{{job=~"{_jobs()}"}}[5m]))', "{{job}}", "A"),
            _asked(plan, "max by (job) (rate(otelcol_process_cpu_seconds_total[5m]))", "{{job}}", "B"),
        ],
        unit=UNITS["cores"],
        empty=_NOT_RUN,
        extra=_BY_NAME,
    )


def _grafana(plan: Plan) -> Panel:
    count = "grafana_http_request_duration_seconds_count"
    return time_series(
        "Does Grafana answer?",
        "Requests a second to Grafana, and those that it answered with an error of its own (red).",
        [
            _asked(plan, f"sum(rate({count}[5m]))", "requests", "A"),
            _asked(plan, f'sum(rate({count}{{status_code=~"5.."}}[5m]))', "errors", "B"),
        ],
        unit=_PER_SECOND,
        overrides=[series_override("requests", color=fixed(BLUE)), series_override("errors", color=fixed(RED))],
        empty=_NOT_RUN,
    )
