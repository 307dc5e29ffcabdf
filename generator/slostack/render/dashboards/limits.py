"""The limits of owners' panels: a number, or an alert's own limit with its severity's colour and its name."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from slostack.plan import AlertPlan, Plan, ServicePlan
from slostack.render.dashboards.look import BLUE, PALE, Json, severity_colour, steps
from slostack.spec import boards as spec
from slostack.spec.boards import Better


@dataclass(frozen=True)
class Limit:
    """A value that matters, in the panel's unit, and what the legend says about it."""

    value: Fraction
    words: str
    colour: str


def of(plan: Plan, service: ServicePlan, panel: spec.Panel) -> list[Limit]:
    """The panel's limits, in the spec's order. An alert without a limit (an absence, a burn alert) draws none."""
    out = []
    for threshold in panel.thresholds:
        if isinstance(threshold, Fraction):
            words = "wanted at least" if panel.better == "high" else "wanted at most"
            out.append(Limit(threshold, words, PALE))
            continue
        alert = _alert(plan, service, threshold)
        if alert is not None and alert.limit is not None:
            verb = "pages" if alert.severity == "page" else "opens a ticket"
            out.append(Limit(alert.limit, f"{alert.name} {verb}", severity_colour(alert.severity)))
    return out


def coloured(limits: list[Limit], better: Better) -> Json:
    """Thresholds that colour a number beyond its limits; a plain number's limit has no colour of its own."""
    colours = [(limit.value, BLUE if limit.colour == PALE else limit.colour) for limit in sorted(limits, key=_value)]
    if better == "high":
        worst = colours[0][1]
        return steps((worst, None), *((BLUE, float(value)) for value, _ in colours))
    return steps((BLUE, None), *((colour, float(value)) for value, colour in colours))


def _value(limit: Limit) -> Fraction:
    return limit.value


def _alert(plan: Plan, service: ServicePlan, name: str) -> AlertPlan | None:
    return next((alert for alert in plan.alerts if alert.name == name and alert.service == service.name), None)
