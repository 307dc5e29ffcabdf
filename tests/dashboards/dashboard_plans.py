"""A plan made by hand with every kind of promise, alert and panel, so that these tests depend on nothing before it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from slostack.burnrate import DAY, STANDARD_TIERS, budget
from slostack.plan import AlertPlan, Counters, Indicator, Plan, ServicePlan, Slices, SloPlan, TeamPlan, Window
from slostack.plan.model import ReceiverPlan
from slostack.promql import Selector, selector
from slostack.recorded import STANDARD_WINDOWS
from slostack.spec.boards import Board
from slostack.spec.model import Links


def metric(text: str) -> Selector:
    """A selector that must be one."""
    found = selector(text)
    assert found is not None, text
    return found


REQUESTS = metric("http_requests_total")
FAILED = 'http_requests_total{code=~"5.."}'


def slo(name: str, indicator: Indicator, **more: Any) -> SloPlan:
    """An SLO of the service shop; `more` replaces any field."""
    objective = more.pop("objective", "99.9")
    plan = SloPlan(
        id=f"shop-{name}",
        name=name,
        service="shop",
        team="sales",
        promise=f"The {name} promise",
        describe=None,
        kind="events",
        objective=Decimal(objective),
        budget=budget(Decimal(objective)),
        period=30 * DAY,
        indicator=indicator,
        by=(),
        tiers=STANDARD_TIERS,
        minimum_events=0,
        minimum_failures=3,
        alert_names={"page": f"Shop{name.title()}Page", "ticket": f"Shop{name.title()}Ticket"},
        measures="events",
        threshold=None,
        histogram=None,
        shard=0,
    )
    return replace(plan, **more)


def threshold_alert(name: str, limit: str, severity: str = "page") -> AlertPlan:
    """An owner's alert with a limit."""
    return AlertPlan(
        name=name,
        kind="threshold",
        service="shop",
        team="sales",
        severity="page" if severity == "page" else "ticket",
        expression="vector(1) > 2",
        for_=60,
        keep_firing_for=300,
        labels={"severity": severity},
        annotations={"summary": name},
        by=(),
        slo="shop-requests",
        tier=None,
        sentence="is too high",
        promise="The requests promise",
        limit=Fraction(limit),
        unit="percent",
    )


KINDS: dict[str, dict[str, Any]] = {
    "rate": {"rate": "http_requests_total", "by": ["code"]},
    "ratio": {"ratio": {"part": 'jobs_total{ok="no"}', "of": "jobs_total"}, "threshold": "ManyErrors"},
    "recorded": {"ratio": {"part": FAILED, "of": "http_requests_total"}},
    "split": {"ratio": {"part": 'jobs_total{outcome!="ok"}', "of": "jobs_total"}, "by": ["outcome", "queue"]},
    "quantiles": {"quantiles": 'latency_seconds{job="shop"}', "at": [95, 99], "threshold": ["ManyErrors", "10s"]},
    "each": {"quantiles": "latency_seconds", "each": "queue"},
    "heatmap": {"heatmap": "latency_seconds"},
    "value": {"value": "queue_depth", "by": ["queue"], "better": "high", "threshold": 3},
    "stat": {"stat": "sum(rate(jobs_total[5m]))", "unit": "per second", "threshold": "ManyErrors"},
    "share": {"share": "jobs_total", "by": ["queue"]},
    "table": {
        "table": [
            {"title": "Rate", "rate": "jobs_total"},
            {"title": "Good", "ratio": {"part": 'jobs_total{ok="yes"}', "of": "jobs_total"}, "better": "high"},
            {"title": "P95", "quantile": "latency_seconds", "at": 95},
            {"title": "Mean", "mean": "latency_seconds", "unit": "seconds"},
            {"title": "Depth", "value": "sum by (queue) (queue_depth)"},
        ],
        "by": ["queue"],
    },
    "slo": {"slo": "requests"},
}


def panel(name: str, **more: Any) -> dict[str, Any]:
    """One panel of the spec's vocabulary."""
    describe = "What it shows, what is normal, and what to do when it is not."
    return {"title": f"Is {name} well?", "describe": describe} | KINDS[name] | more


def every_kind() -> Board:
    """A board with one panel of each kind, in rows of three."""
    panels = [panel(name) for name in KINDS]
    rows = [
        {"question": f"Row {index}?", "panels": panels[start : start + 3]}
        for index, start in enumerate(range(0, len(panels), 3))
    ]
    return Board.model_validate({"title": "Every kind", "readers": "Everybody", "rows": rows})


def plan(time_scale: int = 1, boards: dict[str, Board] | None = None) -> Plan:
    """One service with promises of every kind, and one without any."""
    latency = metric("http_duration_seconds")
    slos = (
        slo("requests", Counters(REQUESTS, error=metric(FAILED), matcher='code=~"5.."')),
        slo(
            "speed",
            Counters(latency.renamed("_count"), good=latency.renamed("_bucket").plus('le="0.3"')),
            objective="99.95",
            threshold=Fraction(3, 10),
            histogram=latency,
            kind="latency",
        ),
        slo("groups", Counters(REQUESTS, error=metric(FAILED)), by=("tenant",), objective="95", period=28 * DAY),
        slo("up", Slices("vector(1)", "vector(0)"), measures="time", tiers=STANDARD_TIERS[:2]),
    )
    shop = ServicePlan(
        name="shop",
        team="sales",
        tier=1,
        describe="Sells things.",
        job="shop",
        traces="shop",
        links={"Repository": "https://example.org/shop"},
        boards={"every-kind": every_kind()} if boards is None else boards,
        dashboard="slo-shop",
    )
    idle = replace(shop, name="idle", job=None, traces=None, boards={}, dashboard="slo-idle", links={})
    page = ReceiverPlan("sales-page", "sales", "page", "http://127.0.0.1:1/", None, None, None, None, None)
    team = TeamPlan("sales", page, replace(page, name="sales-ticket", severity="ticket"), ((900, "the team's lead"),))
    return Plan(
        source="slo.yaml",
        environment=None,
        links=Links(),
        mail=None,
        heartbeat=None,
        monitoring_team="sales",
        retention=45 * DAY,
        runbooks="runbooks",
        teams=(team,),
        services=(shop, idle),
        slos=slos,
        alerts=(threshold_alert("ManyErrors", "0.05"),),
        scrapes=(),
        windows=tuple(Window(seconds) for seconds in STANDARD_WINDOWS),
        periods=(28 * DAY, 30 * DAY),
        group_labels=("tenant",),
        time_scale=time_scale,
    )
