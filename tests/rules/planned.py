"""Plans made by hand, so that a test of the rules depends on nothing before the plan."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from slostack import recorded
from slostack.burnrate import DAY, STANDARD_TIERS, budget
from slostack.plan import AlertPlan, Counters, Indicator, Plan, SloPlan, Window
from slostack.promql import Selector, selector
from slostack.spec.model import Links


def metric(text: str) -> Selector:
    """A selector that must be one."""
    found = selector(text)
    assert found is not None, text
    return found


def requests(service: str, matcher: str = 'code=~"5.."') -> Counters:
    """Requests of a service, with errors told apart by their code."""
    total = metric(f'http_requests_total{{service="{service}"}}')
    return Counters(total, error=total.plus(matcher), matcher=matcher)


def slo(
    ident: str,
    indicator: Indicator,
    *,
    by: Sequence[str] = (),
    objective: str = "99.9",
    period: int = 30 * DAY,
    shard: int = 0,
) -> SloPlan:
    """An SLO `service-name` with the standard tiers."""
    service, name = ident.split("-", 1)
    return SloPlan(
        id=ident,
        name=name,
        service=service,
        team="shop",
        promise=f"{service} keeps its {name}",
        describe=None,
        kind="events",
        objective=Decimal(objective),
        budget=budget(Decimal(objective)),
        period=period,
        indicator=indicator,
        by=tuple(by),
        tiers=STANDARD_TIERS,
        minimum_events=0,
        minimum_failures=3,
        alert_names={"page": "BurnsFast", "ticket": "BurnsSlowly"},
        measures="events",
        threshold=None,
        histogram=None,
        shard=shard,
    )


def alert(name: str, expression: str, *, service: str = "checkout", tier: str = "1h", **more: object) -> AlertPlan:
    """A page of team shop; `more` replaces any field of the plan."""
    fields: dict[str, object] = {
        "name": name,
        "kind": "threshold",
        "service": service,
        "team": "shop",
        "severity": "page",
        "expression": expression,
        "for_": 0,
        "keep_firing_for": 300,
        "labels": {"severity": "page", "team": "shop", "service": service, "tier": tier},
        "annotations": {"summary": f"{name} of {service}"},
        "by": (),
        "slo": None,
        "tier": None,
        "sentence": "something is wrong",
        "promise": "nothing is wrong",
        "limit": Fraction(1),
    }
    return AlertPlan(**(fields | more))  # type: ignore[arg-type]


def plan(
    *slos: SloPlan, alerts: Sequence[AlertPlan] = (), time_scale: int = 1, windows: Sequence[int] | None = None
) -> Plan:
    """A plan of these SLOs, with the standard windows unless others are given (seconds)."""
    return Plan(
        source="slo.yaml",
        environment=None,
        links=Links(),
        mail=None,
        heartbeat=None,
        runbooks="runbooks",
        monitoring_team="shop",
        retention=35 * DAY,
        teams=(),
        services=(),
        slos=slos,
        alerts=tuple(alerts),
        scrapes=(),
        windows=tuple(Window(seconds) for seconds in (windows or recorded.STANDARD_WINDOWS)),
        periods=tuple(sorted({slo.period for slo in slos})),
        group_labels=tuple(sorted({label for slo in slos for label in slo.by})),
        time_scale=time_scale,
    )
