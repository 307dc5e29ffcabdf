"""Texts of PromQL that count the events of raw counters, series by series.

The differences telescope: the last sample of one minute minus the last one before it, whatever the scrape interval.
Every function gives the text for one plain selector; aggregation and recording are `base`'s matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from slostack import recorded
from slostack.cadence import COUNTED_AGO, COUNTED_EVERY
from slostack.promql import Selector, duration, matchers, quote, tokens

# Labels that say which process a series comes from, behind whatever exporter or collector.
TARGET = "job, instance, pod, exported_job, exported_instance, service_instance_id"

_END = f"offset {duration(COUNTED_AGO)}"  # where the counted minute ends
_BEGIN = f"offset {duration(COUNTED_AGO + COUNTED_EVERY)}"

CLASS = "slo_class"  # not `class`: users' series have such a label, and two that differ only in it would collide


def cap(slo: str) -> str:
    """The largest first value of one of the SLO's counters that is believed; NaN while it is not known yet."""
    return f"scalar(max(last_over_time({recorded.FIRST_VALUE_CAP}{matchers({'slo': slo})}[15m])))"


def _born(counter: Selector, witness: Selector) -> str:
    """Series that stand beside a continuing series of the same process, in the same scrape or an earlier one."""
    return (
        f"timestamp({counter} {_END})\n"
        f"<= on ({TARGET}) group_left ()\n"
        f"max by ({TARGET}) (timestamp({witness} {_END}) and last_over_time({witness}[5m] {_BEGIN}))"
    )


def _minute(metric: Selector) -> str:
    return f"{metric}[{duration(COUNTED_EVERY)}] {_END}"


def _latest(metric: Selector) -> str:
    """The last sample of the minute that is counted; the offset allows a scrape as slow as its timeout."""
    return f"last_over_time({_minute(metric)})"


def _earlier(metric: Selector) -> str:
    """The last sample before the minute that is counted."""
    return f"last_over_time({metric}[10m] {_BEGIN})"


def minute(counter: Selector, witness: Selector, slo: str) -> str:
    """Events of one minute, per series.

    A counter that fell was reset, and one without a past was born: then its value counts, if no more than the cap. A
    birth also needs a continuing series of `witness` beside it, so that a process seen for the first time, whose
    counters may be old, does not count. A counter that merely stepped back exceeds the cap and counts nothing.
    """
    now, before = _latest(counter), _earlier(counter)
    return (
        f"({now} - {before}) >= 0\n"
        f"or (\n{indent(f'({now} <= {cap(slo)})')}\n"
        f"  and (\n{indent(f'{before}', 4)}\n    or {indent(_born(counter, witness), 4).lstrip()}\n  )\n)"
    )


def minute_classic(count: Selector, bucket: Selector, slo: str) -> tuple[str, str]:
    """As `minute`, for a classic histogram: all events of each series, and those in its bucket.

    A bucket that is not there says nothing; taken for zero it would make every event a slow one. So the events of a
    series count only if its bucket is in every scrape of the minute, and goes on or is young enough for `minute`.
    """
    now = _latest(bucket)
    known = (
        f"(\n  {now} >= {_earlier(bucket)}\n  or {now} <= {cap(slo)}\n)\n"
        f"and count_over_time({_minute(bucket)}) >= ignoring (le) group_left () count_over_time({_minute(count)})"
    )
    events = f"(\n{indent(minute(count, count, slo))}\n)\nand ignoring (le) (\n{indent(known)}\n)"
    return events, minute(bucket, count, slo)


def minute_histogram(histogram: Selector, slo: str) -> str:
    """As `minute`, for a native histogram: each series' events as a histogram."""
    now, before = _latest(histogram), _earlier(histogram)
    return (
        f"(({now} - {before}) and histogram_count({now} - {before}) >= 0)\n"
        f"or (\n  {now}\n  and (histogram_count({now}) <= {cap(slo)})\n"
        f"  and (\n    {before}\n    or {indent(_born(histogram, histogram), 4).lstrip()}\n  )\n)"
    )


def _half_day(metric: Selector) -> str:
    return f"{metric}[12h] {_BEGIN}"


def half_day(counter: Selector, slo: str) -> str:
    """Events of twelve hours, per series, up to where the minutes surely reach.

    A counter that fell is trusted only if it was seen low (an hour at the pace of the busiest minute): `increase`
    takes one that stepped back for a reset and would add its whole value.
    """
    window = _half_day(counter)
    return f"increase({window})\nand (\n  resets({window}) == 0\n  or min_over_time({window}) <= 30 * {cap(slo)}\n)"


def half_day_classic(count: Selector, bucket: Selector, slo: str) -> tuple[str, str]:
    """As `half_day`, for a classic histogram: of series whose bucket was there whenever their count was.

    The bucket's samples are summed because its bound may be written otherwise since: `30`, then `30.0`.
    """
    samples = f"sum without (le) (count_over_time({_half_day(bucket)}))"
    known = f"and ignoring (le) (\n  count_over_time({_half_day(count)})\n  <= {samples}\n)"
    return f"{half_day(count, slo)}\n{known}", f"{half_day(bucket, slo)}\n{known}"


def half_day_histogram(histogram: Selector) -> str:
    """As `half_day`, for a native histogram; nobody sums those over processes, so a fall is a reset."""
    return f"increase({_half_day(histogram)})"


@dataclass(frozen=True)
class Matcher:
    """A matcher as `label_replace` can test it: a fully anchored expression on a label, perhaps negated."""

    label: str
    pattern: str
    negated: bool

    def classify(self, events: str) -> str:
        """`events` with the label `slo_class`: error where the matcher holds, else good."""
        rest, hit = ("error", "good") if self.negated else ("good", "error")
        everything = f'label_replace(\n{indent(events)},\n  "{CLASS}", "{rest}", "", ""\n)'
        test = f'"{CLASS}", "{hit}", {quote(self.label)}, {quote(self.pattern)}'
        return f"label_replace(\n{indent(everything)},\n  {test}\n)"


_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def matcher(text: str) -> Matcher | None:
    """A matcher such as `code=~"5.."` taken apart; None where `label_replace` cannot express it."""
    parts = [token for token in tokens(text) if token.kind not in {"space", "comment"}]
    if len(parts) < 3 or parts[0].kind != "word" or not _LABEL.fullmatch(parts[0].text) or parts[-1].kind != "string":
        return None
    operator = "".join(token.text for token in parts[1:-1])
    value = _unquoted(parts[-1].text)
    if operator not in {"=", "!=", "=~", "!~"} or value is None:
        return None
    pattern = value if "~" in operator else re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", value)
    return Matcher(parts[0].text, pattern, operator.startswith("!"))


def _unquoted(literal: str) -> str | None:
    """The value of a PromQL string literal; None where it has an escape by number, which nobody needs here."""
    body = literal[1:-1]
    if literal[0] == "`":
        return body
    if re.search(r"\\[0-7xuU]", body.replace("\\\\", "")):
        return None
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), body, flags=re.DOTALL)


def indent(text: str, by: int = 2) -> str:
    """`text` with every line moved right; PromQL does not care, readers do."""
    return "\n".join(" " * by + line for line in text.splitlines())
