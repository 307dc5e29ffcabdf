"""What an SLO means in numbers: budget, tiers, detection and reset times, failures needed, defaults. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from slostack import recorded
from slostack.burnrate import (
    Tier,
    decimal_text,
    events_below_which_one_failure_fires,
    failures_to_fire,
)
from slostack.plan import texts
from slostack.plan.alerts import KEEP_FIRING
from slostack.plan.lifetimes import ends_after, held_after, hourly_events
from slostack.plan.model import Counters, NativeHistogram, Slices, SloPlan
from slostack.promql import duration, selector
from slostack.spec.model import Slo, Spec
from slostack.spec.sli import Latency

WIDTH = 80
_RATES = (Fraction(1), Fraction(1, 10), Fraction(1, 100))
_DEFAULT = "(default)"


@dataclass(frozen=True)
class Part:
    """A heading and the lines below it, at most `WIDTH` wide unless an expression is longer."""

    heading: str
    lines: tuple[str, ...]


def explain(plan: SloPlan, slo: Slo, spec: Spec, events_per_hour: int | None = None) -> list[Part]:
    """The parts of an SLO's explanation, in reading order; `slo` is as the spec has it, `plan` what follows from it.

    `events_per_hour` (above zero) makes the failures needed a number, and puts the time that they take into the times;
    without it they are a formula. Where time is measured it is known, for one series.
    """
    hourly = hourly_events(plan, events_per_hour)
    parts = [
        Part(f"{plan.id}: {plan.promise}", tuple(_promise(plan))),
        Part("Indicator", tuple(_indicator(plan, slo))),
        Part("Alerts", tuple(_tiers(plan))),
        Part(
            "Detection: time from a step to this error rate until it fires, at the latest",
            tuple(_detection(plan, hourly)),
        ),
        Part("Reset: time from full recovery until it ends, at the latest", tuple(_reset(plan, hourly))),
        Part("Failures needed", tuple(_failures(plan, hourly))),
        Part("Cannot fire", tuple(_silent(plan, slo, hourly)) or ("  nothing: every tier can",)),
        Part("Not written in the spec, so the default holds", tuple(_defaults(plan, slo, spec))),
    ]
    return [part for part in parts if part.lines]


def _promise(slo: SloPlan) -> Iterator[str]:
    what = "events" if slo.measures == "events" else "the time"
    outage = span(slo.period * slo.budget)
    yield f"  objective  {texts.percent(1 - slo.budget)} of {what}, over {texts.span(slo.period)}"
    yield f"  budget     {texts.percent(slo.budget)}, as much as {outage} of total outage"
    yield f"  owner      team {slo.team}, service {slo.service}"
    if slo.by:
        yield f"  groups     one budget per {' and '.join(slo.by)}"
    if slo.describe:
        yield from _wrapped(slo.describe)


def _indicator(plan: SloPlan, slo: Slo) -> Iterator[str]:
    yield from _wrapped(_words(plan, slo))
    indicator = plan.indicator
    if isinstance(indicator, Counters):
        side = indicator.error or indicator.good
        yield f"  {'failed' if indicator.error else 'good  '}  {side}"
        yield f"  all     {indicator.total}"
    elif isinstance(indicator, NativeHistogram):
        yield f"  histogram  {indicator.histogram}"
    else:
        yield f"  failed  {' '.join(indicator.error.split()) or '0'}"
        yield f"  all     {' '.join(indicator.total.split())}"
    yield f"  error ratio of an hour: {recorded.ratio(plan.id, 3600)}"
    yield f"  budget left: {recorded.REMAINING}{{slo={plan.id!r}}}".replace("'", '"')


def _words(plan: SloPlan, slo: Slo) -> str:
    if slo.latency is not None:
        return f"Events {_beyond(slo.latency)}, over all events."
    if slo.availability is not None:
        return "The share of time in which the target does not answer, or has vanished; idle is neither."
    if slo.limit is not None:
        bound = slo.limit.at_most if slo.limit.at_most is not None else slo.limit.at_least
        word = "above" if slo.limit.at_most is not None else "below"
        return f"The share of minutes in which the value is {word} {decimal_text(bound or Fraction(0), 6)}."
    if slo.ratio is not None:
        return "The mean, over minutes, of an error ratio that the spec's own expression gives."
    side = "fail" if slo.events is not None and slo.events.bad is not None else "are not good"
    return f"Events that {side}, over all events." if plan.measures == "events" else "The share of bad time."


def _beyond(latency: Latency) -> str:
    """What makes an event of a histogram bad."""
    named = selector(latency.histogram)
    unit = named.unit if named else "count"
    return f"{'that take longer than' if unit.endswith('seconds') else 'above'} {texts.amount(latency.under, unit)}"


def _tiers(slo: SloPlan) -> Iterator[str]:
    rows = [("", "burn rate", "fires above", "over", "and over", "of the budget")]
    for tier in slo.tiers:
        factor = f"{decimal_text(tier.factor(slo.period), 2)} x"
        above = texts.percent(tier.threshold(slo.period, slo.budget))
        rows.append((tier.severity, factor, above, duration(tier.long), duration(tier.short), texts.share(tier)))
    yield from _columns(rows)
    for severity, name in slo.alert_names.items():
        yield f"  {severity} is the alert {name}"


def _detection(slo: SloPlan, hourly: int | None) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [("error rate", *map(_name, slo.tiers))]
    for rate in _RATES:
        times = (held_after(slo, tier, rate, hourly) for tier in slo.tiers)
        rows.append((texts.percent(rate), *map(_or_never, times)))
    rows.append(("threshold x 2", *(_or_never(_at_twice(slo, tier, hourly)) for tier in slo.tiers)))
    yield from _columns(rows)
    yield from _wrapped(
        "At the latest: counting a minute and the turns of the rules are in it; a scrape and Alertmanager's group wait"
        " are not. The tier of a severity that is first is its alert; the others then stay silent."
    )
    yield from _wrapped(" ".join(_reckoned(slo, hourly)))


def _reckoned(slo: SloPlan, hourly: int | None) -> Iterator[str]:
    """What the times take for granted."""
    guard = f"the guard of {slo.minimum_failures} {_bad(slo)}"
    if hourly is None:
        yield f"No time is in it for {guard}: traffic is taken to be enough. `--events-per-hour N` reckons with yours."
    elif slo.measures == "time":
        yield f"In it is {guard}, at {hourly} minutes an hour; one series has 60. `--events-per-hour` tells of more."
    else:
        yield f"In it is {guard}, at {hourly} events an hour."
    if isinstance(slo.indicator, Slices) and slo.kind != "availability":
        yield "What the indicator's own expression averages comes on top."


def _bad(slo: SloPlan) -> str:
    return "bad minutes" if slo.measures == "time" else "failures"


def _reset(slo: SloPlan, hourly: int | None) -> Iterator[str]:
    severities = tuple(dict.fromkeys(tier.severity for tier in slo.tiers))
    rows: list[tuple[str, ...]] = [("error rate", *severities)]
    for rate in _RATES:
        times = (ends_after(slo, severity, rate, hourly) for severity in severities)
        rows.append((texts.percent(rate), *("-" if time is None else span(time) for time in times)))
    yield from _columns(rows)
    longer = " and ".join(f"{span(Fraction(KEEP_FIRING[severity]))} for a {severity}" for severity in severities)
    yield from _wrapped(
        f"An alert goes on while any tier of its severity holds, and keeps firing after that: {longer}. All of it is in"
        " these times, which are shorter after an incident that the longer windows hardly saw."
    )


def _at_twice(slo: SloPlan, tier: Tier, hourly: int | None) -> Fraction | None:
    """Detection time at twice the tier's threshold; None where that is more than everything."""
    rate = 2 * tier.threshold(slo.period, slo.budget)
    return held_after(slo, tier, rate, hourly) if rate <= 1 else None


def _failures(slo: SloPlan, hourly: int | None) -> Iterator[str]:
    what, guard = _bad(slo), slo.minimum_failures
    if hourly is None:
        rows: list[tuple[str, ...]] = [("", "failures needed of N events", "the guard decides below")]
        for tier in slo.tiers:
            theta = decimal_text(tier.threshold(slo.period, slo.budget), 6)
            formula = f"floor({theta} x N) + 1, at least {guard}"
            rows.append((_name(tier), formula, f"N = {decimal_text(Fraction(_guarded_below(slo, tier)))}"))
        yield from _columns(rows)
        yield "  N is the events in the long window; `--events-per-hour N` gives numbers."
    else:
        rows = [("", "events in its window", f"{what} needed", "without the guard")]
        for tier in slo.tiers:
            events = hourly * tier.long // 3600
            free = failures_to_fire(tier, slo.period, slo.budget, events)
            rows.append((_name(tier), str(events), str(max(free, guard)), str(free)))
        yield from _columns(rows)
        if slo.measures == "time":
            yield "  Counted once a minute, for each series."
    if slo.by:
        yield f"  All of it holds for each {' and '.join(slo.by)} on its own."
    alone = [events_below_which_one_failure_fires(tier, slo.period, slo.budget) for tier in slo.tiers]
    rare = hourly is None or (bool(alone) and hourly * slo.tiers[0].long < 3600 * alone[0])
    if guard > 1 and alone and alone[0] > 2 and rare:
        yield from _wrapped(
            f"The guard of {guard} {what} keeps single ones quiet: without it, one would fire {_name(slo.tiers[0])}"
            f" whenever its window holds fewer than {decimal_text(Fraction(round(alone[0])))} events."
        )
    if slo.minimum_events:
        yield f"  A tier also needs {slo.minimum_events} events in its long window."


def _guarded_below(slo: SloPlan, tier: Tier) -> int:
    """The least N whose own number of failures reaches the guard: below it the guard decides."""
    if slo.minimum_failures <= 1:
        return 0
    theta = tier.threshold(slo.period, slo.budget)
    return -int(-(slo.minimum_failures - 1) // theta)


def _silent(plan: SloPlan, slo: Slo, hourly: int | None) -> Iterator[str]:
    for severity, given in (("page", slo.alerts.page), ("ticket", slo.alerts.ticket)):
        if given == "off":
            yield f"  {severity}: turned off in the spec"
    for tier in plan.tiers:
        theta = tier.threshold(plan.period, plan.budget)
        if theta >= 1:
            yield f"  {_name(tier)}: needs an error rate above {texts.percent(theta)}, which there is not"
        elif hourly is not None:
            events = hourly * tier.long // 3600
            needed = Fraction(plan.minimum_failures, events) if events else Fraction(1)
            if events < max(plan.minimum_failures, plan.minimum_events):
                yield f"  {_name(tier)}: its window holds {events} events, fewer than the guards need"
            elif needed > theta:
                rate = decimal_text(100 * needed, 2)
                yield f"  {_name(tier)}: below an error rate of {rate} %: its window holds {events} events"


def _defaults(plan: SloPlan, slo: Slo, spec: Spec) -> Iterator[str]:
    """Every key of the SLO that the spec leaves out, with the value that it takes."""
    rows: list[tuple[str, str, str]] = []
    written = slo.model_fields_set
    if "period" not in written:
        whose = "of the spec" if "period" in spec.model_fields_set else _DEFAULT
        rows.append(("period", duration(plan.period), whose))
    if "by" not in written:
        rows.append(("by", "no groups: one budget for all", _DEFAULT))
    if "tiers" not in written:
        rows.append(("tiers", f"standard, {len(plan.tiers)} tiers", _DEFAULT))
    for key, value in (("events", plan.minimum_events), ("failures", plan.minimum_failures)):
        if key not in slo.minimum.model_fields_set:
            rows.append((f"minimum.{key}", str(value), _DEFAULT))
    for severity, name in plan.alert_names.items():
        if getattr(slo.alerts, severity) is None:
            rows.append((f"alerts.{severity}", name, _DEFAULT))
    if slo.command is None:
        rows.append(("command", "asks Prometheus for the error ratio", _DEFAULT))
    if slo.availability is not None and slo.availability.series is None:
        rows.append(("availability.series", "up, of the service's job", _DEFAULT))
    yield from _columns(rows)


def span(seconds: Fraction) -> str:
    """A duration in its two largest units: `4 min 19 s`, `3 h 36 min`, `12 d`."""
    left = round(seconds)
    said: list[str] = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            said.append(f"{count} {unit}")
        elif said:
            break
        if len(said) == 2:
            break
    return " ".join(said) or "0 s"


def _or_never(seconds: Fraction | None) -> str:
    return "never" if seconds is None else span(seconds)


def _name(tier: Tier) -> str:
    return f"{tier.severity} {duration(tier.long)}"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ")


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
