"""An SLO's indicator, resolved to the few forms that the rules know how to count."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from slostack import cadence
from slostack.burnrate import decimal_text
from slostack.plan.model import Counters, Indicator, NativeHistogram, Slices
from slostack.promql import Selector, aggregate, duration, quote, selector, tokens
from slostack.spec.model import Service, Slo
from slostack.spec.sli import Events, Latency, Limit


def indicator(slo: Slo, service: Service) -> Indicator:
    """What the rules count for `slo`."""
    labels = ", ".join(slo.by)
    if slo.events is not None:
        return _events(slo.events, labels)
    if slo.latency is not None:
        return _latency(slo.latency)
    if slo.availability is not None:
        return _availability(slo.availability.series or series_of_targets(service), labels)
    if slo.limit is not None:
        return _limit(slo.limit, labels)
    return _ratio(slo.ratio or "", labels)


def series_of_targets(service: Service) -> str:
    """The selector of the series that say whether the targets of a service's job answer."""
    return f"up{{job={quote(service.job or '')}}}"


def classic_histogram(slo: Slo) -> Selector | None:
    """The classic histogram behind a latency SLO, without `_bucket`; None for any other SLO."""
    return selector(slo.latency.histogram) if slo.latency and not slo.latency.native else None


def _events(events: Events, labels: str) -> Indicator:
    total = selector(events.total)
    side = selector(events.bad or events.good or "")
    if total and side:
        if events.good is not None:
            return Counters(total, good=side)
        return Counters(total, error=side, matcher=extra_matcher(total, side))
    whole = _per_minute(events.total, labels)
    if events.bad is not None:
        return Slices(whole, _per_minute(events.bad, labels))
    good = _per_minute(events.good or "", labels)
    return Slices(whole, f"clamp_min(({whole}) - on ({labels}) (({good}) or on ({labels}) 0 * ({whole})), 0)")


def _per_minute(expression: str, labels: str) -> str:
    """Events of the last minute, from an expression in events per second or a counter's selector."""
    counter = selector(expression)
    per_second = f"rate({counter}[{duration(cadence.SLICE)}])" if counter else f"({expression})"
    return f"{aggregate('sum', labels)} (60 * {per_second})"


def _latency(latency: Latency) -> Indicator:
    histogram = selector(latency.histogram)
    assert histogram is not None, "checked with the spec"  # noqa: S101
    if latency.native:
        return NativeHistogram(histogram, latency.under)
    good = histogram.renamed("_bucket").plus(f"le=~{quote(le_pattern(latency.under))}")
    return Counters(histogram.renamed("_count"), good=good, bucket=True)


def le_pattern(bound: Fraction) -> str:
    """What matches the `le` of a bucket with this upper bound, however it is written: `30`, `30.0`, `0.3`, `1e+06`.

    Clients and Prometheus write numbers below 0.0001 and from 1,000,000 with an exponent of at least two digits.
    """
    text = decimal_text(bound)
    pattern = text.replace(".", r"\.") if "." in text else text + r"(\.0+)?"
    _, digits, zeros = Decimal(text).normalize().as_tuple()
    exponent = len(digits) - 1 + int(zeros)
    if not -4 <= exponent < 6:
        first, rest = str(digits[0]), "".join(map(str, digits[1:]))
        mantissa = rf"{first}\.{rest}" if rest else first
        sign = "-" if exponent < 0 else r"\+"
        pattern += f"|{mantissa}e{sign}{abs(exponent):02}"
    return pattern


def _availability(series: str, labels: str) -> Indicator:
    watched = selector(series)
    present = f"avg_over_time({watched}[{duration(cadence.SLICE)}])" if watched else f"({series})"
    counted, bad = f"{aggregate('count', labels)} ({present})", f"{aggregate('sum', labels)} (1 - {present})"
    return Slices(counted, bad, watched=watched)


def _limit(limit: Limit, labels: str) -> Indicator:
    value = limit.value if selector(limit.value) else f"({limit.value})"
    bad = f"> {decimal_text(limit.at_most)}" if limit.at_most is not None else f"< {_text(limit.at_least)}"
    return Slices(f"{aggregate('count', labels)} ({value})", f"{aggregate('count', labels)} ({value} {bad})")


def _ratio(expression: str, labels: str) -> Indicator:
    # `>= 0` drops the NaN of 0/0: no event is no slice.
    return Slices(
        f"{aggregate('count', labels)} (({expression}) >= 0)",
        f"{aggregate('sum', labels)} (clamp(({expression}) >= 0, 0, 1))",
    )


def _text(value: Fraction | None) -> str:
    return decimal_text(value or Fraction(0))


def extra_matcher(total: Selector, part: Selector) -> str | None:
    """The one matcher by which `part` is narrower than `total`, or None where they differ otherwise."""
    if total.name != part.name:
        return None
    whole, narrow = _matchers(total.inside), _matchers(part.inside)
    extra = [matcher for matcher in narrow if matcher not in whole]
    return extra[0] if len(extra) == 1 and len(narrow) == len(whole) + 1 else None


def _matchers(inside: str) -> list[str]:
    out = [""]
    for token in tokens(inside):
        if token.text == ",":
            out.append("")
        elif token.kind not in {"space", "comment"}:
            out[-1] += token.text
    return [matcher for matcher in out if matcher]
