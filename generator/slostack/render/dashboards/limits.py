"""The limits of owners' panels: a number, or an alert's own limit with its severity's colour and its name."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from slostack.plan import AlertPlan, Plan, ServicePlan
from slostack.plan.texts import amount
from slostack.render.dashboards.look import BLUE, PALE, UNWANTED, Json, severity_colour, steps
from slostack.spec import boards as spec
from slostack.spec.boards import Better


@dataclass(frozen=True)
class Limit:
    """A value that matters, in the panel's unit, and what the legend says about it."""

    value: Fraction
    words: str
    colour: str
    verb: str = ""
    """What its alert does; empty where nobody is told."""


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
            out.append(Limit(alert.limit, f"{alert.name} {verb}", severity_colour(alert.severity), verb))
    return out


def coloured(limits: list[Limit], better: Better) -> Json:
    """Thresholds that colour a figure beyond its limits: as the alert's severity, or as what nobody wanted."""
    colours = [(limit.value, limit.colour if limit.verb else UNWANTED) for limit in sorted(limits, key=_value)]
    if better == "high":
        # A figure takes the colour of the lowest limit that it is below.
        above = [*(colour for _, colour in colours[1:]), BLUE]
        return steps(
            (colours[0][1], None), *((colour, float(at)) for (at, _), colour in zip(colours, above, strict=True))
        )
    return steps((BLUE, None), *((colour, float(value)) for value, colour in colours))


def told(limits: list[Limit], better: Better, unit: str) -> str:
    """The limits in words, to stand beside a figure: `wanted at least 99 %`, `opens a ticket above 10 per second`.

    A figure has no legend, and what its colour says must be readable without it.
    """
    side = "below" if better == "high" else "above"
    return ", ".join(
        f"{f'{limit.verb} {side}' if limit.verb else limit.words} {amount(limit.value, unit)}" for limit in limits
    )


def _value(limit: Limit) -> Fraction:
    return limit.value


def _alert(plan: Plan, service: ServicePlan, name: str) -> AlertPlan | None:
    return next((alert for alert in plan.alerts if alert.name == name and alert.service == service.name), None)
