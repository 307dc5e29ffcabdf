"""Counting: the rules that read raw series, one shape for every minute and for the twelve hours to reconcile with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from slostack import recorded
from slostack.burnrate import decimal_text
from slostack.cadence import COUNTED_EVERY
from slostack.plan import Counters, NativeHistogram, Plan, Slices, SloPlan
from slostack.promql import Selector, aggregate, duration, matchers
from slostack.render.rules import series
from slostack.render.rules.document import Group, Rule
from slostack.render.rules.series import CLASS, indent

# Reads what a rule of the same group recorded at the same instant, and nothing older: without it a group that was
# interrupted would count its last minute again.
_JUST = "[30s]"

_GONE = "6h"  # series that were there within this time and are not any more count as down, not as idle


@dataclass(frozen=True)
class Span:
    """A stretch of time that events are counted over: how it is counted, and under which names it is recorded."""

    counter: Callable[[Selector, Selector, str], str]  # counter, its continuing companion, the SLO's id
    classic: Callable[[Selector, Selector, str], tuple[str, str]]  # a histogram's count, its bucket, the SLO's id
    histogram: Callable[[Selector, str], str]
    events: str
    histograms: str
    errors: str
    total: str


MINUTE = Span(
    series.minute,
    series.minute_classic,
    series.minute_histogram,
    recorded.EVENTS,
    recorded.HISTOGRAM,
    recorded.ERRORS_1M,
    recorded.TOTAL_1M,
)
HALF_DAY = Span(
    lambda counter, _companion, slo: series.half_day(counter, slo),
    series.half_day_classic,
    lambda histogram, _slo: series.half_day_histogram(histogram),
    recorded.EVENTS_12H,
    recorded.HISTOGRAM_12H,
    recorded.ERRORS_12H,
    recorded.TOTAL_12H,
)


def identity(slo: SloPlan) -> dict[str, str]:
    """The labels by which everything recorded of an SLO is found."""
    return {"slo": slo.id, "service": slo.service, "period": slo.period_name}


def event_groups(plan: Plan) -> list[Group]:
    """Every group that reads raw series or states a constant: promises, minutes by shard, half days."""
    every = duration(COUNTED_EVERY)
    groups = [
        Group("slo-promises", every, tuple(_constants(plan.slos)), "What is promised, as series to join with."),
    ]
    for shard in sorted({slo.shard for slo in plan.slos}):
        slos = [slo for slo in plan.slos if slo.shard == shard]
        rules = [rule for slo in slos for rule in count(slo, MINUTE, {"shard": str(shard)})]
        if any(_read_once(slo.indicator) for slo in slos):
            # The linter takes rules of one name for duplicates unless their labels differ; an empty label is none.
            rules += classified(MINUTE, {"shard": str(shard)}, {f"shard_{shard}": ""})
        groups.append(Group(f"slo-events-{shard}", every, tuple(rules), _COUNTED))
    reconciled = [slo for slo in plan.slos if not isinstance(slo.indicator, Slices)]
    if reconciled:
        rules = [rule for slo in reconciled for rule in count(slo, HALF_DAY, {})]
        if any(_read_once(slo.indicator) for slo in reconciled):
            rules += classified(HALF_DAY, {}, {})
        groups.append(Group("slo-reconcile", "6h", (*rules, *lost()), _reconciled(plan.slos)))
    return groups


_COUNTED = "Events of each minute: the only rules that read raw series. Everything else is summed from them."


def _reconciled(slos: Sequence[SloPlan]) -> str:
    text = "What scrape gaps and missed evaluations lost of the last twelve hours, found again in the raw counters."
    slices = [slo.id for slo in slos if isinstance(slo.indicator, Slices)]
    if slices:
        text += f"\nNo counter holds the events of {', '.join(slices)}: minutes that were missed there stay missed."
    return text


def _constants(slos: Sequence[SloPlan]) -> list[Rule]:
    budgets = [Rule(f"vector({decimal_text(slo.budget)})", recorded.BUDGET, labels=identity(slo)) for slo in slos]
    infos = [
        Rule(
            "vector(1)",
            recorded.INFO,
            labels=identity(slo)
            | {
                "team": slo.team,
                "promise": slo.promise,
                "objective": format(slo.objective.normalize(), "f"),
                "kind": slo.kind,
            },
        )
        for slo in slos
    ]
    return [*budgets, *infos]


def count(slo: SloPlan, span: Span, shard: dict[str, str]) -> list[Rule]:
    """The rules that count one SLO's events over `span`; `shard` labels what `classified` goes on with."""
    match slo.indicator:
        case Counters() as counters if (once := _read_once(counters)) is not None:
            events = once.classify(span.counter(counters.total, counters.total, slo.id))
            return [Rule(_sum((CLASS, *slo.by), events), span.events, labels=identity(slo) | shard)]
        case Counters() as counters:
            return _two_sides(slo, counters, span)
        case NativeHistogram() as native:
            return _histogram(slo, native, span)
        case Slices() as slices:
            return _slices(slo, slices, span)


def _read_once(indicator: object) -> series.Matcher | None:
    """What tells errors from the rest where one reading of `total` serves both."""
    if isinstance(indicator, Counters) and indicator.matcher is not None:
        return series.matcher(indicator.matcher)
    return None


def _two_sides(slo: SloPlan, counters: Counters, span: Span) -> list[Rule]:
    events = span.counter(counters.total, counters.total, slo.id)
    before = _just_total(slo, span)
    if counters.error is not None:
        errors = f"{_sum(slo.by, span.counter(counters.error, counters.total, slo.id))}\nor 0 * {before}"
    elif counters.good is not None:
        if counters.bucket:
            events, within = span.classic(counters.total, counters.good, slo.id)
        else:
            within = span.counter(counters.good, counters.total, slo.id)
        good = _sum(slo.by, within)
        # `> 0` and not clamp_min, which would record a NaN and keep it in every sum.
        errors = f"(\n  {before}\n  - (\n{indent(good, 4)}\n    or 0 * {before}\n  )\n) > 0\nor 0 * {before}"
    else:
        raise ValueError(f"{slo.id} counts neither errors nor good events; give its plan one of them")
    return [
        Rule(_sum(slo.by, events), span.total, labels=identity(slo)),
        Rule(errors, span.errors, labels=identity(slo)),
    ]


def _slices(slo: SloPlan, slices: Slices, span: Span) -> list[Rule]:
    total = _sum(slo.by, f"({slices.total}) >= 0")
    errors = f"{_sum(slo.by, f'({slices.error}) >= 0')}\nor "
    if slices.watched is None:
        errors += "0 * "
    else:
        total += f"\nor (\n{indent(_gone(slo, slices.watched, span))}\n)"
    return [
        Rule(total, span.total, labels=identity(slo)),
        Rule(errors + _just_total(slo, span), span.errors, labels=identity(slo)),
    ]


def _gone(slo: SloPlan, watched: Selector, span: Span) -> str:
    """How many series a group had before its last one went, for hours after that.

    The median of minutes, because the last of them may have seen half of a fleet leave, or two at a rollout. It reads
    what it says itself, and so stays the same. `last_over_time` is for when Prometheus was not there meanwhile.
    """
    counted = f"{span.total}{matchers({'slo': slo.id})}"
    return (
        f"{aggregate('max', ', '.join(slo.by))} (\n"
        f"  quantile_over_time(0.5, {counted}[10m])\n  or last_over_time({counted}[{_GONE}])\n)\n"
        f"and on ({', '.join(slo.by)}) present_over_time({watched}[{_GONE}])"
    )


def _histogram(slo: SloPlan, native: NativeHistogram, span: Span) -> list[Rule]:
    just = f"last_over_time({span.histograms}{matchers({'slo': slo.id})}{_JUST})"
    events = f"histogram_count({just})"
    slow = f"{events} - {events} * histogram_fraction(-Inf, {decimal_text(native.under)}, {just})"
    return [
        Rule(_sum(slo.by, span.histogram(native.histogram, slo.id)), span.histograms, labels=identity(slo)),
        Rule(events, span.total, labels=identity(slo)),
        # The fraction of no events is NaN, which `> 0` drops.
        Rule(f"({slow}) > 0\nor 0 * {events}", span.errors, labels=identity(slo)),
    ]


def classified(span: Span, shard: dict[str, str], unlike: dict[str, str]) -> list[Rule]:
    """Errors and totals of every SLO that is read once, in one rule each; `unlike` tells them from other shards'."""
    sums = f"sum without ({', '.join([CLASS, *shard])}) (last_over_time({span.events}"
    total = f"{sums}{matchers(shard)}{_JUST}))"
    errors = f"{sums}{matchers(shard | {CLASS: 'error'})}{_JUST}))"
    return [
        Rule(total, span.total, labels=unlike),
        Rule(f"{errors}\nor 0 * {total}", span.errors, labels=unlike),
    ]


def lost() -> list[Rule]:
    """What the minutes miss of the half days, and was not put right before: two rules for all SLOs.

    The minutes that are summed cover the twelve hours of the raw counters and one minute more, so that what a burst
    at an edge brings is never taken for lost. Less than one percent, or than the two scrapes by which `increase`
    extrapolates, is noise: of a young SLO the latter is more.
    """
    return [
        Rule(
            f"(\n{indent(_missing(HALF_DAY.total, recorded.TOTAL_1M, recorded.TOTAL_LOST))}\n)"
            f" > 0.01 * sum_over_time({recorded.TOTAL_1M}[721m]) + 2 * avg_over_time({recorded.TOTAL_1M}[721m])",
            recorded.TOTAL_LOST,
        ),
        Rule(
            f"(\n{indent(_missing(HALF_DAY.errors, recorded.ERRORS_1M, recorded.ERRORS_LOST))}\n) > 0\n"
            f"and last_over_time({recorded.TOTAL_LOST}{_JUST})",
            recorded.ERRORS_LOST,
        ),
    ]


def _missing(raw: str, counted: str, already: str) -> str:
    return (
        f"last_over_time({raw}{_JUST})\n"
        f"- sum_over_time({counted}[721m])\n"
        f"- (sum_over_time({already}[11h]) or 0 * sum_over_time({counted}[721m]))"
    )


def _just_total(slo: SloPlan, span: Span) -> str:
    """The SLO's total that a rule before recorded at this instant, by group alone: its labels are added again."""
    just = f"last_over_time({span.total}{matchers({'slo': slo.id})}{_JUST})"
    return f"{_grouping(slo.by)} ({just})"


def _sum(by: Sequence[str], expression: str) -> str:
    return f"{_grouping(by)} (\n{indent(expression)}\n)"


def _grouping(by: Sequence[str]) -> str:
    return aggregate("sum", ", ".join(by))
