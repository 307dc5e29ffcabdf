"""What is derived from the counted events: one vector rule per window for all SLOs, none per SLO.

A window is evaluated as often as its length deserves. Up to 6 h it is summed from minutes; beyond, from tiles of five
minutes and what was reconciled. Those are recorded every 5 or 10 minutes under `_slow` names, which instant queries
lose sight of between two evaluations, and are said again every 2 minutes under the common names.
"""

from __future__ import annotations

from dataclasses import dataclass

from slostack import cadence, recorded
from slostack.burnrate import DAY, HOUR
from slostack.plan import Plan, Window
from slostack.promql import duration, matchers
from slostack.render.rules.document import Group, Rule

_JUST = "[30s]"  # what the same group recorded at the same instant
_AGAIN = "[45m]"  # how long a slow value is said again; it outlives a restart, and ends soon after its series


@dataclass(frozen=True)
class _Summed:
    """A window and the SLOs that have it: all, or those of one period."""

    window: Window
    of: dict[str, str]

    @property
    def label(self) -> dict[str, str]:
        return {recorded.WINDOW: self.window.name}


def window_groups(plan: Plan) -> list[Group]:
    """The groups that serve all SLOs, from the fastest to the slowest."""
    summed = _summed(plan)
    fast = [each for each in summed if each.window.seconds <= HOUR]
    middle = [each for each in summed if each.window.seconds > HOUR and not each.window.tiled]
    daily = [each for each in summed if each.window.tiled and each.window.seconds <= DAY]
    long = [each for each in summed if each.window.seconds > DAY]
    steps: tuple[tuple[int, tuple[Rule, ...], str], ...] = (
        (cadence.SHORT_EVERY, tuple(rule for each in fast for rule in _from_minutes(each, ratio=True)), _FAST),
        (cadence.MIDDLE_EVERY, (*(r for each in middle for r in _from_minutes(each)), *_said(plan)), _SAID),
        (cadence.TILES_EVERY, (*_tiles(), *(r for each in daily for r in _from_tiles(each))), _TILES),
        (cadence.LONG_EVERY, tuple(rule for each in long for rule in _from_tiles(each)), _LONG),
    )
    return [Group(f"slo-windows-{duration(every)}", duration(every), rules, what) for every, rules, what in steps]


_FAST = "Windows of up to an hour, of all SLOs: errors before totals, so that a ratio is never too high between two."
_SAID = "Windows of 2 h to 6 h, and everything slower said again so that an instant query finds it at any time."
_TILES = "Five minutes in one sample, for the long windows; what a new counter may start with; windows of up to a day."
_LONG = "Windows beyond a day."


def _summed(plan: Plan) -> list[_Summed]:
    everyone = {window.seconds for window in plan.windows}
    out = [_Summed(Window(seconds), {}) for seconds in everyone]
    for period in set(plan.periods) - everyone:
        window = Window(period)
        out.append(_Summed(window, {"period": window.name}))
    return sorted(out, key=lambda each: each.window.seconds)


def _from_minutes(summed: _Summed, *, ratio: bool = False) -> list[Rule]:
    window = f"[{summed.window.name}]"
    rules = [
        Rule(f"sum_over_time({minutes}{matchers(summed.of)}{window})", record, labels=summed.label)
        for minutes, record in ((recorded.ERRORS_1M, recorded.ERRORS), (recorded.TOTAL_1M, recorded.TOTAL))
    ]
    if ratio:
        rules.append(Rule(_ratio(matchers(summed.label)), recorded.RATIO, labels=summed.label))
    return rules


def _ratio(those: str) -> str:
    """Errors over total of what was just recorded; where nothing happened there is no ratio."""
    errors, total = (f"last_over_time({name}{those}{_JUST})" for name in (recorded.ERRORS, recorded.TOTAL))
    return f"{errors}\n/ ({total} > 0)"


def _tiles() -> list[Rule]:
    # A minute that is still being written would be lost to its tile for good, so tiles end a little ago.
    span = f"[{duration(cadence.TILES_EVERY)}] offset {duration(cadence.TILES_AGO)}"
    tiles = [
        Rule(f"sum_over_time({minutes}{span})", tile)
        for minutes, tile in ((recorded.ERRORS_1M, recorded.ERRORS_5M), (recorded.TOTAL_1M, recorded.TOTAL_5M))
    ]
    # Two of the day's busiest minutes, and no less than ten events.
    busiest = f"sum by (slo, service, period) (max_over_time({recorded.TOTAL_5M}[1d])) / 5"
    return [*tiles, Rule(f"clamp_min(2 * {busiest}, 10)", recorded.FIRST_VALUE_CAP)]


def _from_tiles(summed: _Summed) -> list[Rule]:
    window, those = f"[{summed.window.name}]", matchers(summed.of)
    sides = (
        (recorded.ERRORS_5M, recorded.ERRORS_LOST, recorded.ERRORS_SLOW),
        (recorded.TOTAL_5M, recorded.TOTAL_LOST, recorded.TOTAL_SLOW),
    )
    rules = [
        Rule(
            "sum without (kind) (\n"
            f"  sum_over_time({tiles}{those}{window})\n"
            f'  or label_replace(sum_over_time({lost}{those}{window}), "kind", "reconcile", "", "")\n'
            ")",
            slow,
            labels=summed.label,
        )
        for tiles, lost, slow in sides
    ]
    # Six hours about the far end: a scrape gap there does not make a window look incomplete.
    far_end = f"present_over_time({recorded.TOTAL_5M}{those}[6h] offset {summed.window.name})"
    return [*rules, Rule(far_end, recorded.COMPLETE_SLOW, labels=summed.label)]


def _said(plan: Plan) -> list[Rule]:
    again = [
        Rule(f"last_over_time({slow}{_AGAIN})", name)
        for slow, name in (
            (recorded.ERRORS_SLOW, recorded.ERRORS),
            (recorded.TOTAL_SLOW, recorded.TOTAL),
            (recorded.COMPLETE_SLOW, recorded.COMPLETE),
        )
    ]
    here = [each.window.name for each in _summed(plan) if each.window.seconds > HOUR]
    ratio = Rule(_ratio(f'{{{recorded.WINDOW}=~"{"|".join(here)}"}}'), recorded.RATIO)
    return [*again, ratio, *(_remaining(Window(period)) for period in sorted(plan.periods))]


def _remaining(period: Window) -> Rule:
    own = matchers({"period": period.name, recorded.WINDOW: period.name})
    budget = f"{recorded.BUDGET}{matchers({'period': period.name})}"
    return Rule(
        f"1 - sum without ({recorded.WINDOW}) (last_over_time({recorded.RATIO}{own}{_JUST}))\n"
        f"  / on (slo) group_left () {budget}",
        recorded.REMAINING,
        labels={"period": period.name},
    )
