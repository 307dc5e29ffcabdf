"""The overview: every promise on one page, the worst first."""

from __future__ import annotations

from slostack.plan import Plan
from slostack.promql import quote
from slostack.recorded import INFO
from slostack.render.dashboards import links, queries
from slostack.render.dashboards.board import board, choice, label_variable, restarts
from slostack.render.dashboards.layout import Grid
from slostack.render.dashboards.look import (
    BLUE,
    GONE,
    PAGE,
    PERCENT,
    RED,
    STATES,
    TEXT,
    TICKET,
    TIMES,
    VIOLET,
    Json,
    objective_decimals,
    state_mapping,
    steps,
)
from slostack.render.dashboards.panels import (
    Panel,
    fixed,
    pattern_override,
    query,
    query_override,
    series_override,
    stat,
    table,
    timeline,
)

_ANY = ">= 0"


def overview(plan: Plan) -> bytes:
    """The board `slo-overview`."""
    grid = Grid()
    grid.line(4, (_counts(plan), 24))
    grid.line(11, (_worst_first(plan), 24))
    grid.line(7, (_when(plan), 24))
    jobs = sorted({service.job for service in plan.services if service.job})
    return board(
        plan,
        uid=links.OVERVIEW,
        title="SLO overview",
        description="Which promises to users are kept, which are at risk, and since when.",
        panels=grid.panels,
        variables=[
            label_variable("team", "Team", "Only the promises of these teams", f"label_values({INFO}, team)"),
            label_variable(
                "service", "Service", "Only these services", f'label_values({INFO}{{team=~"$team"}}, service)'
            ),
            choice(
                "state",
                "State",
                "Only the promises in this state",
                [("all", _ANY), *((state.label, f"== {state.rank}") for state in STATES)],
            ),
        ],
        annotations=restarts(plan, jobs),
        head=[links.outside(links.rules(plan, ""), "Alert rules", "Every alerting rule in Prometheus, with its state")],
        tags=["slo"],
    )


def _of_chosen_teams(plan: Plan, expression: str) -> str:
    chosen = queries.info(queries.overview_scope(plan), 'team=~"$team"')
    return plan.lapse(f"({expression}) and on (slo) {chosen}")


def _counts(plan: Plan) -> Panel:
    scope = queries.overview_scope(plan)
    targets: list[Json] = []
    overrides: list[Json] = []
    for state in STATES:
        counted = f"count(({_of_chosen_teams(plan, queries.state(scope))}) == {state.rank}) or vector(0)"
        targets.append(query(counted, state.label, ref=chr(ord("A") + len(targets)), instant=True))
        filter_ = f"/d/{links.OVERVIEW}?var-state=%3D%3D%20{state.rank}&${{team:queryparam}}&${{service:queryparam}}"
        overrides.append(
            series_override(
                state.label,
                thresholds=steps((TEXT, None), (state.colour, 1)),
                links=[links.cell(f"Show only: {state.label}", f"{filter_}&${{__url_time_range}}")],
            )
        )
    return stat(
        "How many promises are in which state?",
        "Each promise is in exactly one state, the most urgent that applies: "
        + "; ".join(f"{state.label}: {state.meaning}" for state in STATES)
        + ". Normal is that all are kept. Click a number to see only those promises; choose the state `all` to return.",
        targets,
        unit="none",
        decimals=0,
        colour="background_solid",
        text="value_and_name",
        overrides=overrides,
        extra={"options": {"orientation": "vertical", "text": {"titleSize": 18, "valueSize": 42}}},
    )


def _worst_first(plan: Plan) -> Panel:
    scope = queries.overview_scope(plan)
    chosen = queries.info(scope, 'team=~"$team"')
    alerts = 'max by (slo, alertname) (ALERTS{{alertstate="firing",severity="{0}",slo!=""}})'.format
    follow = f"topk by (slo) (1, {alerts('page')} * 2 or {alerts('ticket')})"
    words = f'label_replace({chosen}, "promised", "$1 %", "objective", "(.*)")'
    words = f'label_replace({words}, "page", "slo-$1", "service", "(.*)")'
    for service in plan.services:
        if service.dashboard != f"slo-{service.name}":  # a long name's board has a shortened uid
            words = f'label_replace({words}, "page", {quote(service.dashboard)}, "service", {quote(service.name)})'
    asked = {
        "Words": f"max by (slo, service, promise, promised, page) ({words})",
        "State": f"({queries.state(scope)}) $state",
        "Achieved": queries.achieved(scope),
        "Left": queries.remaining(scope),
        "Burn": queries.burn(scope),
        "Gone": queries.gone_in(scope),
        "Follow": follow,
    }
    targets = [
        query(plan.lapse(expression), ref=ref, instant=True, form="table")
        if ref == "Words"
        else query(_of_chosen_teams(plan, expression), ref=ref, instant=True, form="table")
        for ref, expression in asked.items()
    ]
    targets.append(query(_of_chosen_teams(plan, queries.remaining(scope)), ref="Trend"))
    return table(
        "Which promise is at risk? (worst first)",
        "One line per promise; where it is kept per group, the line shows the worst group. Achieved and budget left are"
        " over the promise's period, burning now is the last hour: 1 × spends the budget exactly by the end of the"
        " period. Gone in says when the budget is spent at that pace. Normal is ● kept with a budget that stays level."
        " Click a promise for its page, an alert's name for its runbook.",
        targets,
        _joined(),
        overrides=_columns(plan),
        sort=[("State", True), ("Budget left", False)],
        empty="—",
    )


_NAMES = {
    "Value #State": "State",
    "service": "Service",
    "promise": "Promise",
    "promised": "Promised",
    "Value #Achieved": "Achieved",
    "Value #Left": "Budget left",
    "Trend #Trend": "Budget, this range",
    "Value #Burn": "Burning now",
    "Value #Gone": "Gone in",
    "alertname": "Runbook",
}


def _joined() -> list[Json]:
    kept = "|".join((*_NAMES, "slo", "page"))
    return [
        {"id": "timeSeriesTable", "options": {"Trend": {"stat": "lastNotNull", "timeField": "Time"}}},
        {"id": "joinByField", "options": {"byField": "slo", "mode": "outer"}},
        {"id": "filterFieldsByName", "options": {"include": {"pattern": f"^({kept})$"}}},
        {
            "id": "filterByValue",
            "options": {
                "type": "include",
                "match": "all",
                "filters": [
                    {"fieldName": "Value #State", "config": {"id": "isNotNull", "options": {}}},
                    {"fieldName": "promise", "config": {"id": "isNotNull", "options": {}}},
                ],
            },
        },
        {
            "id": "organize",
            "options": {
                "indexByName": {name: index for index, name in enumerate((*_NAMES, "slo", "page"))},
                "renameByName": _NAMES,
                "excludeByName": {},
                "includeByName": {},
            },
        },
    ]


def _columns(plan: Plan) -> list[Json]:
    decimals = objective_decimals(plan.slos)
    page = "/d/${__data.fields.page}?var-slo=${__data.fields.slo}&${__url_time_range}"
    about = "service=${__data.fields.Service}&slo=${__data.fields.slo}"
    return [
        pattern_override("^(slo|page)$", custom__hideFrom={"viz": True}),
        series_override(
            "State",
            mappings=state_mapping(),
            custom__cellOptions={"type": "color-background", "mode": "basic"},
            custom__width=118,
        ),
        series_override("Service", custom__width=130),
        series_override("Promise", links=[links.cell("Open this promise", page)], custom__minWidth=200),
        series_override("Promised", custom__width=84, custom__align="right"),
        series_override("Achieved", unit=PERCENT, decimals=decimals, custom__width=90, custom__align="right"),
        series_override(
            "Budget left",
            unit=PERCENT,
            decimals=0,
            min=0,
            max=1,
            thresholds=steps((VIOLET, None), (BLUE, 1e-9)),
            custom__cellOptions={"type": "gauge", "mode": "basic", "valueDisplayMode": "text"},
            custom__width=140,
        ),
        series_override(
            "Budget, this range",
            color=fixed(BLUE),
            custom__cellOptions={"type": "sparkline", "hideValue": True, "lineWidth": 2, "fillOpacity": 12},
            custom__width=140,
        ),
        series_override(
            "Burning now",
            unit=TIMES,
            decimals=1,
            thresholds=steps((TEXT, None), (RED, _page_factor(plan))),
            custom__cellOptions={"type": "color-text"},
            custom__width=106,
            custom__align="right",
        ),
        series_override(
            "Gone in",
            unit="s",
            decimals=0,
            mappings=[{"type": "value", "options": {"0": {"text": f"{GONE.mark} gone", "color": GONE.colour}}}],
            custom__width=96,
            custom__align="right",
        ),
        series_override(
            "Runbook",
            links=[
                links.cell("Open the runbook", links.runbook(plan, "${__data.fields.Runbook}", about), new_tab=True)
            ],
            custom__width=150,
        ),
        query_override("Trend", noValue="no data"),
    ]


def _page_factor(plan: Plan) -> float:
    """The lowest burn rate at which some promise pages."""
    factors = [tier.factor(slo.period) for slo in plan.slos for tier in slo.tiers if tier.severity == "page"]
    return float(min(factors, default=1))


def _when(plan: Plan) -> Panel:
    scope = queries.overview_scope(plan)
    firing = 'alertstate="firing",slo!=""'
    alerts = (
        f'max by (slo) (ALERTS{{{firing},severity="page"}}) * 0 + {PAGE.rank}\n'
        f'  or max by (slo) (ALERTS{{{firing},severity="ticket"}}) * 0 + {TICKET.rank}\n'
        f"  or ({queries.remaining(scope)} <= 0) * 0 + {GONE.rank}"
    )
    return timeline(
        "When did promises burn?",
        "Each line is a promise, coloured while one of its alerts fired or its budget was gone. Normal is no line at"
        " all. A line with many short marks is an alert that flaps; lines that begin together share a cause.",
        query(_of_chosen_teams(plan, alerts), "{{slo}}"),
        mappings=state_mapping((PAGE, TICKET, GONE)),
        empty="● No alert fired and no budget was gone in this time",
    )
