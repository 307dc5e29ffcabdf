"""promql-type: an expression of the wrong kind, such as a sum where a selector is needed, or a range vector."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.spec.expressions import Expression, expressions, type_of
from slostack.problems import Problem
from slostack.promql import selector
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODE = "promql-type"

_WORDS = {
    "scalar": ("is a plain number where a series is needed", "write a selector, or an expression of selectors"),
    "string": ("is a text where a series is needed", "write a selector, or an expression of selectors"),
    "range": ("is a range vector where one value per series is needed", "put a function around it, such as rate(…)"),
}


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each whole expression that is not what its key needs."""
    for expression in expressions(spec):
        tree = expression.tree
        if tree is None:
            continue
        kind = type_of(tree)
        if kind in _WORDS and not (kind == "scalar" and expression.wanted == "value"):
            sentence, remedy = _WORDS[kind]
            yield places.problem(CODE, f"`{expression.key}` {sentence}", remedy, expression.path)
        elif expression.wanted == "selector":
            yield from _not_plain(expression, places)


def _not_plain(expression: Expression, places: Places) -> Iterator[Problem]:
    if selector(expression.plain) is None:
        sentence = f"`{expression.key}` is an expression where a selector is needed"
        remedy = "write a metric's name and its matchers only; rates and sums are made from it"
        yield places.problem(CODE, sentence, remedy, expression.path)
    elif expression.key in {"histogram", "quantiles", "heatmap", "quantile", "mean"}:
        name = getattr(expression.tree, "name", None) or ""
        suffix = next((end for end in ("_bucket", "_count", "_sum") if name.endswith(end)), None)
        if suffix is not None:
            sentence = f"`{expression.key}` names one series of a histogram, `{name}`"
            remedy = f"write the histogram itself, `{name.removesuffix(suffix)}`"
            yield places.problem(CODE, sentence, remedy, expression.path)
