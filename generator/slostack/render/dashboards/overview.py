"""The overview: every promise on one page, the worst first."""

from __future__ import annotations

from slostack.plan import Plan
from slostack.promql import quote
from slostack.recorded import INFO
from slostack.render.dashboards import columns, links, queries
from slostack.render.dashboards.board import board, choice, label_variable, restarts
from slostack.render.dashboards.layout import Grid
from slostack.render.dashboards.look import (
    BLUE,
    GONE,
    KEPT,
    NO_DATA,
    PAGE,
    PERCENT,
    RED_TEXT,
    STATES,
    TEXT,
    TICKET,
    TIMES,
    Json,
    instead,
    objective_decimals,
    state_mapping,
    steps,
)
from slostack.render.dashboards.panels import (
    Panel,
    fixed,
    pattern_override,
    query,
    series_override,
    stat,
    table,
    timeline,
)

_ANY = ">= 0"


def overview(plan: Plan) -> bytes:
    """The board `slo-overview`."""
    grid = Grid()
    grid.line(3, (_counts(plan), 24))
    grid.line(11, (_worst_first(plan), 24))
    grid.line(6, (_when(plan), 24))
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
        head=[
            links.to_notifications(),
            links.outside(links.rules(plan, ""), "Alert rules", "Every alerting rule in Prometheus, with its state"),
        ],
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
                thresholds=steps(("transparent", None), (state.colour, 1)),
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
        extra={"options": {"orientation": "vertical", "wideLayout": True, "text": {"titleSize": 18, "valueSize": 38}}},
    )


def _worst_first(plan: Plan) -> Panel:
    scope = queries.overview_scope(plan)
    chosen = queries.info(scope, 'team=~"$team"')
    alerts = 'max by (slo, alertname) (ALERTS{{alertstate="firing",severity="{0}",slo!=""}})'.format
    quiet = f'label_replace(max by (slo) ({chosen}), "alertname", "$1", "slo", "(.*)") * 0'
    follow = f"topk by (slo) (1, {alerts('page')} * 2 or {alerts('ticket')} or {quiet})"
    words = f'label_replace({chosen}, "promised", "$1 %", "objective", "(.*)")'
    words = f'label_replace({words}, "page", "slo-$1", "service", "(.*)")'
    for service in plan.services:
        if service.dashboard != f"slo-{service.name}":  # a long name's board has a shortened uid
            words = f'label_replace({words}, "page", {quote(service.dashboard)}, "service", {quote(service.name)})'

    def or_nothing(expression: str) -> str:
        """A column whose query finds nothing would vanish from the table: not a number stands for nothing."""
        return f"({expression}) or max by (slo) ({chosen}) * NaN"

    asked = {
        "Words": f"max by (slo, service, promise, promised, page) ({words})",
        "State": f"({queries.state(scope)}) $state",
        "Achieved": or_nothing(queries.achieved(scope, objective_decimals(plan.slos))),
        "Left": or_nothing(queries.remaining(scope)),
        "Burn": or_nothing(queries.burn(scope)),
        "Gone": or_nothing(queries.gone_in(scope)),
        "Follow": follow,
    }
    targets = [
        query(plan.lapse(expression), ref=ref, instant=True, form="table")
        if ref == "Words"
        else query(_of_chosen_teams(plan, expression), ref=ref, instant=True, form="table")
        for ref, expression in asked.items()
    ]
    targets.append(query(_of_chosen_teams(plan, queries.remaining_over_time(scope)), "left", ref="Trend"))
    return table(
        "Which promise is at risk? (worst first)",
        "One line per promise; where it is kept per group, the line shows the worst group. Achieved and budget left are"
        " over the promise's period, burning now is the last hour: 1 × spends the budget exactly by the end of the"
        " period. Gone in says when the budget is spent at that pace. The trend is the budget left over the board's"
        " time, from 0 up. Normal is ● kept with a level trend. Click a promise for its page; the"
        " runbook is that of the most urgent alert that fires, else of the one that would fire first.",
        targets,
        _joined(),
        overrides=_columns(plan),
        sort=[("State", True), (columns.BUDGET_LEFT, False)],
        empty="—",
    )


_NAMES = {
    "Value #State": "State",
    "service": "Service",
    "promise": "Promise",
    "promised": "Promised",
    "Value #Achieved": "Achieved",
    "Value #Left": columns.BUDGET_LEFT,
    "Trend #Trend": "Trend",
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
        columns.ordered(_NAMES, unnamed=("slo", "page"), hidden=()),
    ]


def _columns(plan: Plan) -> list[Json]:
    decimals = objective_decimals(plan.slos)
    page = "/d/${__data.fields.page}?var-slo=${__data.fields.slo}&${__url_time_range}"
    about = "service=${__data.fields.Service}&slo=${__data.fields.slo}"
    return [
        pattern_override("^(slo|page)$", custom__hideFrom__viz=True),
        series_override(
            "State",
            mappings=state_mapping(),
            custom__cellOptions={"type": "color-background", "mode": "basic"},
            custom__align="left",
            custom__width=118,
        ),
        series_override("Service", custom__width=128),
        series_override("Promise", links=[links.cell("Open this promise", page)], custom__minWidth=200),
        series_override("Promised", custom__width=78, custom__align="right"),
        series_override(
            "Achieved", mappings=instead("—"), unit=PERCENT, decimals=decimals, custom__width=80, custom__align="right"
        ),
        columns.budget_left(mappings=instead("—", "transparent"), custom__width=112),
        series_override(
            "Trend",
            color=fixed(BLUE),
            custom__cellOptions={"type": "sparkline", "hideValue": True, "lineWidth": 2, "fillOpacity": 12},
            custom__width=82,
        ),
        series_override(
            "Burning now",
            mappings=instead("—"),
            unit=TIMES,
            decimals=1,
            thresholds=steps((TEXT, None), (RED_TEXT, _page_factor(plan))),
            custom__cellOptions={"type": "color-text"},
            custom__width=106,
            custom__align="right",
        ),
        series_override(
            "Gone in",
            unit="s",
            decimals=1,
            mappings=[
                {"type": "value", "options": {"0": {"text": f"{GONE.mark} gone", "color": GONE.colour}}},
                *instead("—"),
            ],
            custom__width=84,
            custom__align="right",
        ),
        series_override(
            "Runbook",
            mappings=_first_runbooks(plan),
            links=[links.cell("Open the runbook", links.runbook(plan, "${__value.text}", about), new_tab=True)],
            custom__width=198,
        ),
        # A sparkline's scale includes `noValue`: from 0 up, a healthy line is level and does not look dramatic.
        series_override("left", noValue="0"),
    ]


def _first_runbooks(plan: Plan) -> list[Json]:
    """Where no alert fires, the column has the SLO's id: shown as the alert that would fire first."""
    options = {
        slo.id: {"text": name, "color": TEXT, "index": index}
        for index, slo in enumerate(plan.slos)
        if (name := slo.alert_names.get("page") or slo.alert_names.get("ticket"))
    }
    return [{"type": "value", "options": options}]


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
        "The first line is the worst state of all promises; each further line is a promise, coloured while one of its"
        " alerts fired or its budget was gone. Normal is one green line. A line with many short marks is an alert that"
        " flaps; lines that begin together share a cause.",
        [
            query(f"max({_of_chosen_teams(plan, alerts)}) or vector({KEPT.rank})", "all promises", ref="A"),
            query(_of_chosen_teams(plan, alerts), "{{slo}}", ref="B"),
        ],
        mappings=[*state_mapping((PAGE, TICKET, GONE, KEPT)), *instead("no alert", "transparent")],
        empty=NO_DATA.label,
    )
