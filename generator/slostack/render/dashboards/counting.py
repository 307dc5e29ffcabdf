"""PromQL for what owners write as selectors: rates, shares of a whole, quantiles and means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from slostack.burnrate import decimal_text
from slostack.promql import selector

_MATCHED = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:=~|!~|!=|=)")


def rate_window() -> str:
    """The window of a rate on a graph: Grafana's own, at least four scrapes and never less than a pixel."""
    return "$__rate_interval"


def by_clause(labels: Sequence[str]) -> str:
    """`by (a, b)`; `by ()` for none."""
    return f"by ({', '.join(labels)})"


def mean_rate(counter: str, by: Sequence[str], window: str = "$__rate_interval") -> str:
    """Events per second, per value of `by`."""
    return f"sum {by_clause(by)} (rate({counter}[{window}]))"


def fraction(part: str, whole: str, by: Sequence[str], window: str = "$__rate_interval") -> str:
    """The part's share of the whole, 0 to 1, per value of `by`; absent without traffic, 0 where nothing is of the part.

    A label that only the part chooses by splits the part and not the whole.
    """
    split = [label for label in by if label in _chosen_by(part) and label not in _chosen_by(whole)]
    common = [label for label in by if label not in split]
    parts = f"sum {by_clause(by)} (rate({part}[{window}]))"
    total = f"sum {by_clause(common)} (rate({whole}[{window}]))"
    if split:
        return f"{parts} / on ({', '.join(common)}) group_left () ({total} > 0)"
    return f"({parts} or 0 * {total}) / ({total} > 0)"


def quantile(share: Fraction, histogram: str, by: Sequence[str], window: str = "$__rate_interval") -> str:
    """A quantile (0 to 1) of a classic histogram, per value of `by`."""
    return (
        f"histogram_quantile({decimal_text(share)},"
        f" sum {by_clause(['le', *by])} (rate({_part_of(histogram, '_bucket')}[{window}])))"
    )


def mean(histogram: str, by: Sequence[str], window: str) -> str:
    """The mean of what a histogram observed, per value of `by`; absent where it observed nothing."""
    total, number = _part_of(histogram, "_sum"), _part_of(histogram, "_count")
    clause = by_clause(by)
    return f"sum {clause} (increase({total}[{window}])) / (sum {clause} (increase({number}[{window}])) > 0)"


def _part_of(histogram: str, suffix: str) -> str:
    plain = selector(histogram)
    return histogram if plain is None else str(plain.renamed(suffix))


def _chosen_by(text: str) -> frozenset[str]:
    """The labels that a selector's matchers name."""
    plain = selector(text)
    inside = "" if plain is None else re.sub(r'"(?:\\.|[^"\\])*"', "", plain.inside)
    return frozenset(match[1] for match in map(_MATCHED.match, inside.split(",")) if match)


def measured(histogram: str | None) -> str:
    """The unit of a histogram that its owner gave none: what its name says, else seconds, as most are of times."""
    plain = selector(histogram or "")
    return "seconds" if plain is None or plain.unit == "count" else plain.unit
