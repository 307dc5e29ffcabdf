"""The first row of an SLO page: the answers that people came for."""

from __future__ import annotations

from slostack.plan import Plan, SloPlan
from slostack.recorded import INFO
from slostack.render.dashboards import queries
from slostack.render.dashboards.look import (
    GONE,
    NO_DATA_TEXT,
    NO_TRAFFIC,
    PERCENT,
    RED_TEXT,
    STATES,
    TEXT,
    TIMES,
    Json,
    budget_steps,
    instead,
    objective_decimals,
    plain,
    state_mapping,
    steps,
)
from slostack.render.dashboards.panels import Panel, fixed, query, stat

_IDLE = instead(NO_TRAFFIC.label, NO_TRAFFIC.colour, match="nan")
_GONE_WHEN = {
    "0": {"text": f"{GONE.mark} gone", "color": GONE.colour, "index": 0},
    "-1": {"text": "not at this pace", "color": TEXT, "index": 1},
}
_WORST = " Where the promise is kept per group, this is the worst group of those chosen above."


def answers(plan: Plan, slos: tuple[SloPlan, ...], scope: queries.Scope) -> list[tuple[Panel, int]]:
    """Kept? Achieved, budget left, burning now, gone in, failures that still fit: each with its width."""
    return [
        (_kept(plan, scope), 5),
        (_achieved(plan, slos, scope), 4),
        (_left(plan, scope), 4),
        (_burning(plan, slos, scope), 4),
        (_gone(plan, scope), 4),
        (_fits(plan, slos, scope), 3),
    ]


def _kept(plan: Plan, scope: queries.Scope) -> Panel:
    words = f"max by (slo, promise) ({queries.info(scope)})"
    expression = f"({queries.state(scope)}) * on (slo) group_left (promise) {words}"
    return stat(
        "Is the promise kept?",
        "The state of the promise now. "
        + "; ".join(f"{state.label}: {state.meaning}" for state in STATES)
        + ". If it is not kept, go to `What to do now?` below."
        + _WORST,
        [query(plan.lapse(expression), "{{promise}}", instant=True)],
        unit="none",
        mappings=state_mapping(),
        colour="background_solid",
        text="value_and_name",
        extra={"options": {"text": {"titleSize": 16, "valueSize": 28}}},
    )


def _achieved(plan: Plan, slos: tuple[SloPlan, ...], scope: queries.Scope) -> Panel:
    kept = queries.achieved(scope, objective_decimals(slos))
    words = f'max by (slo, objective) ({INFO}{{slo="$slo"}})'
    expression = f"({queries.or_idle(kept, scope)}) * on (slo) group_left (objective) {words}"
    return stat(
        "Achieved?",
        "The share of all events of the period that kept the promise, and what was promised. Normal is more than"
        " promised. Below it the budget is gone: agree what must wait until reliability is back." + _WORST,
        [query(plan.lapse(expression), "{{objective}} % promised", instant=True)],
        unit=PERCENT,
        decimals=objective_decimals(slos),
        text="value_and_name",
        empty=NO_DATA_TEXT,
        mappings=_IDLE,
        extra={"options": {"text": {"titleSize": 16, "valueSize": 34}}},
    )


def _left(plan: Plan, scope: queries.Scope) -> Panel:
    return stat(
        "Budget left?",
        "The share of the period's error budget that is not spent. Normal is anything above zero; below zero (◆) more"
        " failed than was promised, by that share of the budget. A budget that is always full is a promise that could"
        " be stricter." + _WORST,
        [query(plan.lapse(queries.or_idle(queries.remaining(scope), scope)), "budget left", instant=True)],
        unit=PERCENT,
        decimals=0,
        thresholds=budget_steps(),
        empty=NO_DATA_TEXT,
        mappings=_IDLE,
        extra={
            "type": "gauge",
            "fieldConfig": {"defaults": {"min": 0, "max": 1}},
            "options": {
                "showThresholdLabels": False,
                "showThresholdMarkers": False,
                "minVizHeight": 75,
                "minVizWidth": 75,
                "sizing": "auto",
            },
        },
    )


def _burning(plan: Plan, slos: tuple[SloPlan, ...], scope: queries.Scope) -> Panel:
    paging = min(
        (tier.factor(slo.period) for slo in slos for tier in slo.tiers if tier.severity == "page"), default=None
    )
    limits = steps((TEXT, None)) if paging is None else steps((TEXT, None), (RED_TEXT, float(paging)))
    return stat(
        "Burning now?",
        "How fast the last hour spent the budget: 1 × spends it exactly by the end of the period. Normal is below 1 ×."
        + (f" From {plain(paging)} × on, a page is near or out." if paging else "")
        + _WORST,
        [query(plan.lapse(queries.or_idle(queries.burn(scope), scope)), "burning", instant=True)],
        unit=TIMES,
        decimals=1,
        thresholds=limits,
        empty=NO_DATA_TEXT,
        mappings=_IDLE,
        text_size=34,
    )


def _gone(plan: Plan, scope: queries.Scope) -> Panel:
    return stat(
        "Gone when?",
        "The time until the budget is spent if the last hour's pace goes on. Normal is `not at this pace`. A time that"
        " is shorter than your working hours means: act today." + _WORST,
        [query(plan.lapse(queries.or_idle(queries.gone_in_or_never(scope), scope)), "gone in", instant=True)],
        unit="s",
        decimals=1,
        mappings=[{"type": "value", "options": _GONE_WHEN}, *_IDLE],
        empty=NO_DATA_TEXT,
        text_size=26,
    )


def _fits(plan: Plan, slos: tuple[SloPlan, ...], scope: queries.Scope) -> Panel:
    kinds = (("events", "failures"), ("time", "bad minutes"))
    targets: list[Json] = []
    for measures, word in kinds:
        of_kind = tuple(slo for slo in slos if slo.measures == measures)
        if of_kind:
            expression = f'({queries.still_fit(scope)}) and on (slo) {INFO}{{slo="$slo",{queries.among(of_kind)}}}'
            targets.append(query(plan.lapse(expression), word, ref="AB"[len(targets)], instant=True))
    return stat(
        "Still fit?",
        "How many more failures (or bad minutes, where the promise is about time) the budget holds at the traffic of"
        " this period. Normal is many more than a usual incident costs. At zero the budget is gone." + _WORST,
        targets,
        unit="short",
        text="value_and_name",
        empty=NO_DATA_TEXT,
        mappings=_IDLE,
        extra={
            "fieldConfig": {"defaults": {"color": fixed(TEXT)}},
            "options": {"text": {"titleSize": 16, "valueSize": 34}},
        },
    )
