"""The recording and alerting rules: events are counted once, every window is derived from the counts.

What the rules do is told where they are made: `series` counts one raw counter, `base` an SLO, `windows` all of them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from slostack.cadence import ALERTS_EVERY
from slostack.plan import AlertPlan, Plan
from slostack.promql import duration, duration_ms
from slostack.render.rules.base import event_groups
from slostack.render.rules.document import Group, Rule, write
from slostack.render.rules.windows import window_groups

FOLDER = "alerts/rules"  # of rule files and nothing else, so that Prometheus can be told to read all of them
EVENTS_FILE = f"{FOLDER}/slo-events.yml"
WINDOWS_FILE = f"{FOLDER}/slo-windows.yml"
MONITORING_FILE = f"{FOLDER}/monitoring.yml"


def render(plan: Plan) -> dict[str, str]:
    """Every rule file's text by its path. A plan without SLOs has alerts alone."""
    groups: dict[str, list[Group]] = defaultdict(list)
    if plan.slos:
        groups[EVENTS_FILE] += event_groups(plan)
        groups[WINDOWS_FILE] += window_groups(plan)
    alerts: dict[tuple[str, str], list[AlertPlan]] = defaultdict(list)
    for alert in plan.alerts:
        own = alert.kind == "monitoring"
        key = (MONITORING_FILE, "monitoring") if own else (f"{FOLDER}/{alert.service}.yml", f"alerts-{alert.service}")
        alerts[key].append(alert)
    for (path, name), members in alerts.items():
        groups[path].append(Group(name, duration(ALERTS_EVERY), tuple(map(_alert, members)), _comment(members)))
    return {
        path: write(
            [_lapsed(group, plan) for group in members if group.rules],
            _WHAT.get(path, _ALERTS),
            plan.source,
            plan.time_scale,
        )
        for path, members in groups.items()
    }


_ALERTS = "Alerts: what wakes somebody, or becomes a ticket."
_WHAT = {
    EVENTS_FILE: "Recording rules: the events of every SLO, counted once.",
    WINDOWS_FILE: "Recording rules: errors, totals and ratios of every window, one rule for all SLOs.",
    MONITORING_FILE: "Alerts: whether the monitoring itself can be trusted.",
}


def _comment(alerts: list[AlertPlan]) -> str:
    if alerts[0].kind == "monitoring":
        return "The monitoring watches itself."
    return f"{alerts[0].service}, of team {alerts[0].team}."


def _alert(alert: AlertPlan) -> Rule:
    return Rule(
        alert.expression,
        alert=alert.name,
        for_=f"{alert.for_}s" if alert.for_ else "",
        keep_firing_for=f"{alert.keep_firing_for}s" if alert.keep_firing_for else "",
        labels=alert.labels,
        annotations=alert.annotations,
    )


def _lapsed(group: Group, plan: Plan) -> Group:
    """The group at the plan's speed: interval, expressions and waiting times in one place for every kind of rule."""

    def span(text: str) -> str:
        return plan.duration(duration_ms(text) // 1000) if text else ""

    rules = tuple(
        replace(
            rule,
            expr=plan.lapse(rule.expr),
            for_=span(rule.for_),
            keep_firing_for=span(rule.keep_firing_for),
        )
        for rule in group.rules
    )
    return replace(group, interval=span(group.interval), rules=rules)


__all__ = ["EVENTS_FILE", "FOLDER", "MONITORING_FILE", "WINDOWS_FILE", "render"]
