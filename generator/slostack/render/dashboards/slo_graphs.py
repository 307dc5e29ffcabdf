"""The graphs of an SLO page: how the budget was spent, what fails, who suffers, and how long things take."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from slostack.burnrate import decimal_text
from slostack.plan import Plan, SloPlan
from slostack.plan.texts import amount
from slostack.promql import Selector, duration
from slostack.recorded import INFO
from slostack.render.dashboards import columns, links, queries
from slostack.render.dashboards.look import (
    BLUE,
    GONE,
    NO_DATA_TEXT,
    NO_TRAFFIC_TEXT,
    PALE,
    PER_MINUTE,
    PERCENT,
    TEXT,
    TIMES,
    UNITS,
    VIOLET,
    Json,
    plain,
    severity_colour,
)
from slostack.render.dashboards.panels import (
    Panel,
    dashes,
    fixed,
    heatmap,
    query,
    series_override,
    table,
    time_series,
)

_NO_GROUPS = "○ kept for all together, or no group has traffic"
_WEEK = 7 * 86_400
_FLOOR = 0.1  # burn rates below this are all the same: nothing to see
_BURN_LINES = ((BLUE, 3), ("light-blue", 2), (PALE, 2), (TEXT, 1))  # the longer the window, the thinner
_SHADES = (BLUE, "light-blue", TEXT)  # the longer the window, the paler


def budget(plan: Plan, slos: tuple[SloPlan, ...], scope: queries.Scope) -> Panel:
    """The spending of the budget over its period, beside an even pace."""
    period = max(slo.period for slo in slos)
    seconds = decimal_text(Fraction(period, plan.time_scale), 3)
    even = f'1 - (timestamp({INFO}{{slo="$slo"}} @ end()) - time()) / {seconds}'
    return time_series(
        "How was the budget spent?",
        "The share of the period's error budget spent so far, added up from the beginning of the period shown. The"
        " dashed line is an even pace. Steps are incidents; above the dashed line the spending is ahead of time; at"
        " 100 % (◆) the budget is gone. It shows the whole period as long as the board's time"
        " ends now. Where the promise is kept per group, it is the group with the least left.",
        [
            query(plan.lapse(queries.spent_per_step(scope)), "spent per step", ref="A"),
            query(plan.lapse(even), "even pace", ref="B"),
            query(plan.lapse(f'1 + 0 * {INFO}{{slo="$slo"}} @ end()'), f"{GONE.mark} gone", ref="C"),
        ],
        unit=PERCENT,
        soft_max=1,
        overrides=[
            series_override("spent per step", custom__hideFrom={"viz": True, "legend": True, "tooltip": True}),
            series_override("spent", color=fixed(BLUE), custom__fillOpacity=18),
            series_override("even pace", **dashes(PALE)),
            series_override(f"{GONE.mark} gone", **dashes(VIOLET, 2)),
        ],
        empty=NO_TRAFFIC_TEXT,
        extra={
            "timeFrom": plan.duration(period),
            "interval": plan.duration(3600),
            "transformations": [
                {
                    "id": "calculateField",
                    "options": {
                        "mode": "cumulativeFunctions",
                        "cumulative": {"field": "spent per step", "reducer": "sum"},
                        "alias": "spent",
                        "replaceFields": False,
                    },
                },
            ],
        },
    )


def burn(plan: Plan, slos: tuple[SloPlan, ...], scope: queries.Scope) -> Panel:
    """Burn rates by window, with the factors at which alerts fire."""
    windows = tuple(sorted({tier.long for slo in slos for tier in slo.tiers})) or (3600, 21_600)
    targets: list[Json] = []
    overrides: list[Json] = []
    for index, window in enumerate(windows):
        name = f"over {duration(window)}"
        rate = f"clamp_min({queries.burn(scope, window)}, {_FLOOR})"
        targets.append(query(plan.lapse(rate), name, ref=f"W{index}"))
        colour, width = _BURN_LINES[min(index, len(_BURN_LINES) - 1)]
        overrides.append(series_override(name, color=fixed(colour), custom__lineWidth=width))
    for name, severity, expression in _factors(slos):
        targets.append(query(plan.lapse(expression), name, ref=f"T{len(targets)}"))
        overrides.append(series_override(name, **dashes(severity_colour(severity), 2)))
    return time_series(
        "How fast does it burn?",
        "The pace of spending over several windows: 1 × spends the budget exactly by the end of the period. Normal is"
        f" below 1 ×; all up to {_FLOOR} × lies on the floor. An alert fires while its window is above its dashed"
        " line and a shorter one agrees. Short windows show what is new, long ones what lasts.",
        targets,
        unit=TIMES,
        decimals=1,
        overrides=overrides,
        fill=0,
        floor=_FLOOR,
        soft_min=None,
        soft_max=20,
        log=True,
        empty=NO_TRAFFIC_TEXT,
    )


def _factors(slos: tuple[SloPlan, ...]) -> list[tuple[str, str, str]]:
    """The alerts' factors as (words, severity, expression); one that only some SLOs have, shows for those."""
    having: dict[tuple[str, str], list[SloPlan]] = {}
    for slo in slos:
        for tier in slo.tiers:
            factor = plain(tier.factor(slo.period), 2)
            name = f"{tier.severity} from {factor} × over {duration(tier.long)}"
            having.setdefault((name, tier.severity), []).append(slo)
    out = []
    for (name, severity), owners in having.items():
        factor = name.split()[2]
        matcher = "" if len(owners) == len(slos) else f",{queries.among(tuple(owners))}"
        out.append((name, severity, f'{factor} + 0 * max({INFO}{{slo="$slo"{matcher}}} @ end())'))
    return out


def share(plan: Plan, scope: queries.Scope, traces: str | None) -> Panel:
    """The share that fails, beside the share that may."""
    return time_series(
        "What share fails?",
        "The share of events that broke the promise, over five minutes and over an hour, beside the share that may."
        " Normal is below the dashed line most of the time. Where the promise is kept per group, the worst group."
        + _click(traces),
        [
            query(plan.lapse(queries.failing_share(scope, 300)), "5 min", ref="A"),
            query(plan.lapse(queries.failing_share(scope, 3600)), "1 h", ref="B"),
            query(plan.lapse(queries.allowed_share(scope)), "promised at most", ref="C"),
        ],
        unit=PERCENT,
        overrides=[
            series_override("5 min", color=fixed("light-blue"), custom__lineWidth=1),
            series_override("1 h", color=fixed(BLUE)),
            series_override("promised at most", **dashes(PALE, 2)),
        ],
        empty=NO_TRAFFIC_TEXT,
        extra=_traces_of_moment(traces),
    )


def failing(plan: Plan, scope: queries.Scope, traces: str | None) -> Panel:
    """How many fail, beside how many may at this traffic."""
    return time_series(
        "How many fail, how many may?",
        "Events per minute that broke the promise, beside how many may at this traffic. Normal is mostly below the"
        " dashed line. What lies above it is taken from the budget of quieter times. Groups are summed."
        + _click(traces),
        [
            query(plan.lapse(queries.failing_per_minute(scope)), "failing", ref="A"),
            query(plan.lapse(queries.allowed_per_minute(scope)), "allowed", ref="B"),
        ],
        unit=PER_MINUTE,
        overrides=[
            series_override("failing", color=fixed(BLUE), custom__fillOpacity=25),
            series_override("allowed", **dashes(PALE, 2)),
        ],
        empty=NO_DATA_TEXT,
        extra=_traces_of_moment(traces),
    )


def _traces_of_moment(traces: str | None) -> Json | None:
    """A click leads to the failures: recorded series have no exemplars, but each moment has its failed traces."""
    if not traces:
        return None
    url = links.failed_traces_until(traces, "${__value.time}")
    link = links.cell("Failed traces up to here", url, new_tab=True)
    return {"fieldConfig": {"defaults": {"links": [link | {"oneClick": True}]}}}


def _click(traces: str | None) -> str:
    return " Click a point for the last failed traces before it." if traces else ""


def traffic(plan: Plan, scope: queries.Scope) -> Panel:
    """How much happens, beside the same time a week ago."""
    return time_series(
        "Is the traffic as usual?",
        "All events per minute, beside the same time a week ago. Normal is that both lines go together. Much less can"
        " mean that users do not get through at all; much more explains slowness. Groups are summed.",
        [
            query(plan.lapse(queries.events_per_minute(scope)), "now", ref="A"),
            query(plan.lapse(queries.events_per_minute(scope, duration(_WEEK))), "a week ago", ref="B"),
        ],
        unit=PER_MINUTE,
        overrides=[
            series_override("now", color=fixed(BLUE), custom__fillOpacity=12),
            series_override("a week ago", **dashes(PALE, 2)),
        ],
        empty=NO_DATA_TEXT,
    )


def groups_over_time(plan: Plan, slos: tuple[SloPlan, ...], scope: queries.Scope) -> Panel:
    """The last hour's share of failures of the worst few groups."""
    scope = _grouped(slos, scope)
    by = ", ".join(scope.labels)
    return time_series(
        "Which groups fail?",
        "The share of failures over an hour in the five groups that failed most in the last hour, beside the share that"
        " may. Normal is that all are below the dashed line. One group alone points to its data, its provider or its"
        " release; all together to what they share.",
        [
            query(
                plan.lapse(f"{queries.share_by_group(scope)} and on ({by}) {queries.failing_groups(scope, 5)}"),
                _group_names(scope),
                ref="A",
            ),
            query(plan.lapse(queries.allowed_share(scope)), "promised at most", ref="B"),
        ],
        unit=PERCENT,
        overrides=[series_override("promised at most", **dashes(PALE, 2))],
        fill=0,
        empty=_NO_GROUPS,
    )


def _grouped(slos: tuple[SloPlan, ...], scope: queries.Scope) -> queries.Scope:
    """The scope without promises that are not kept per group."""
    grouped = tuple(slo for slo in slos if slo.by)
    return scope if len(grouped) == len(slos) else replace(scope, slos=f"{scope.slos},{queries.among(grouped)}")


def groups(plan: Plan, slos: tuple[SloPlan, ...], scope: queries.Scope) -> Panel:
    """The groups with the least budget left."""
    scope = _grouped(slos, scope)
    return table(
        "Whose budget is spent?",
        "The budget left of the ten groups with the least of it. Normal is above zero everywhere; below (◆) more failed"
        " for that group than was promised. Choose a group above the board to see only its graphs.",
        [query(plan.lapse(queries.worst_groups(scope, 10)), instant=True, form="table")],
        [columns.ordered(columns.headings(scope.labels) | {"Value": columns.BUDGET_LEFT})],
        overrides=[columns.budget_left()],
        sort=[(columns.BUDGET_LEFT, False)],
        empty=_NO_GROUPS,
    )


def _group_names(scope: queries.Scope) -> str:
    return " ".join(f"{{{{{label}}}}}" for label in scope.labels)


def latency(plan: Plan, slos: tuple[SloPlan, ...]) -> list[tuple[Panel, Panel]]:
    """For each histogram that a promise is about: its heat map, and its tail beside the promised times."""
    having: dict[Selector, list[SloPlan]] = {}
    for slo in slos:
        if slo.histogram is not None:
            having.setdefault(slo.histogram, []).append(slo)
    return [(_heat(plan, histogram, of), _tail(plan, histogram, of)) for histogram, of in having.items()]


def _promised(unit: str, slos: list[SloPlan]) -> str:
    return ", ".join(f"{slo.objective} % within {amount(slo.threshold or Fraction(0), unit)}" for slo in slos)


def _words(unit: str) -> tuple[str, str, str]:
    """What a histogram of this unit holds, how an event has it, and what one with much of it is."""
    return ("time", "took how long", "slow") if unit.endswith("seconds") else ("value", "had which value", "large")


def _heat(plan: Plan, histogram: Selector, slos: list[SloPlan]) -> Panel:
    buckets = histogram.renamed("_bucket")
    what, had, much = _words(histogram.unit)
    return heatmap(
        f"How are {what}s spread? (promised: {_promised(histogram.unit, slos)})",
        f"How many events {had}: the stronger a cell, the more. Normal is one band well below the promised {what}."
        f" A second band above it is a group of {much} events; diamonds are single traces, click one to open it.",
        query(
            plan.lapse(f"sum by (le) (increase({buckets}[$__rate_interval]))"),
            "{{le}}",
            form="heatmap",
            exemplars=True,
        ),
        unit=UNITS[histogram.unit],
        empty=NO_TRAFFIC_TEXT,
    )


def _tail(plan: Plan, histogram: Selector, slos: list[SloPlan]) -> Panel:
    buckets = f"sum by (le) (rate({histogram.renamed('_bucket')}[$__rate_interval]))"
    what, *_ = _words(histogram.unit)
    targets, overrides = [], []
    for index, slo in enumerate(sorted(slos, key=lambda slo: slo.objective)):
        shade = _SHADES[min(index * 2, len(_SHADES) - 1)]
        at = f"{slo.objective} % take at most"
        quantile = decimal_text(Fraction(slo.objective) / 100)
        targets.append(query(plan.lapse(f"histogram_quantile({quantile}, {buckets})"), at, ref=f"Q{index}"))
        overrides.append(series_override(at, color=fixed(shade)))
        limit = f"promised for {slo.objective} %"
        promised = decimal_text(slo.threshold or Fraction(0))
        targets.append(query(f"vector({promised})", limit, ref=f"L{index}"))
        overrides.append(series_override(limit, **dashes(shade, 2)))
    return time_series(
        f"Is the promised {what} kept?",
        f"The {what} within which the promised share of events ends, beside the promised {what} (dashed). Normal is"
        " that each line stays below its dashed one. Where it does not, look at the traces of that time.",
        targets,
        unit=UNITS[histogram.unit],
        overrides=overrides,
        fill=0,
        empty=NO_TRAFFIC_TEXT,
    )
