"""What becomes of a label on its way through an expression, as far as the expression itself proves it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import promql_parser

from slostack.checks.spec.expressions import type_of


class Fate(Enum):
    """What can be said of a label of the result."""

    LOST = "no series has it"
    FIXED = "no two series differ in it"
    KEPT = "an aggregation keeps it, so that series may differ in nothing else"
    OPEN = "that depends on the series"


_SELECTING = {"topk", "bottomk", "limitk", "limit_ratio"}
_WRITING = {"label_replace", "label_join"}
_SETTING = {"absent", "absent_over_time", "info"}


def fate(tree: Any, label: str) -> Fate:
    """What becomes of `label` in the result of an expression."""
    judge = _JUDGES.get(type(tree))
    return judge(tree, label) if judge else Fate.OPEN


def _inside(tree: Any, label: str) -> Fate:
    return fate(tree.expr, label)


def _of_selector(tree: Any, label: str) -> Fate:
    values = {m.value for m in tree.matchers.matchers if m.name == label and m.op == promql_parser.MatchOp.Equal}
    if "" in values:
        return Fate.LOST
    return Fate.FIXED if values else Fate.OPEN


def _of_range(tree: Any, label: str) -> Fate:
    return fate(tree.vector_selector, label)


def _of_aggregation(tree: Any, label: str) -> Fate:
    name = str(tree.op)
    if name in _SELECTING:
        return fate(tree.expr, label)
    if name == "count_values" and getattr(tree.param, "val", None) == label:
        return Fate.KEPT
    if tree.modifier is None:
        return Fate.LOST
    listed = label in tree.modifier.labels
    without = tree.modifier.type == promql_parser.AggModifierType.Without
    before = fate(tree.expr, label)
    if listed == without:
        return Fate.LOST
    return Fate.KEPT if listed and before == Fate.OPEN else before


def _of_matching(tree: Any, label: str) -> Fate:
    if "scalar" in {type_of(tree.lhs), type_of(tree.rhs)}:
        return fate(tree.rhs if type_of(tree.lhs) == "scalar" else tree.lhs, label)
    name, modifier = str(tree.op), tree.modifier
    left, right = fate(tree.lhs, label), fate(tree.rhs, label)
    if name == "or":
        return _of_either(left, right)
    matched = modifier is None or not _dropped(modifier.matching, label)
    result = left
    if name not in {"and", "unless"} and modifier is not None:
        if modifier.card == promql_parser.VectorMatchCardinality.OneToOne:
            result = left if matched else Fate.LOST
        else:
            from_left = modifier.card == promql_parser.VectorMatchCardinality.ManyToOne
            many, one = (left, right) if from_left else (right, left)
            result = one if label in modifier.group_labels else many
    # Where both sides agree in it, one side is enough to fix it.
    agreed = matched and name != "unless" and {left, right} & {Fate.FIXED, Fate.LOST}
    return Fate.FIXED if agreed and result == Fate.KEPT else result


def _of_either(left: Fate, right: Fate) -> Fate:
    if Fate.KEPT in {left, right}:
        return Fate.KEPT
    return Fate.LOST if left == right == Fate.LOST else Fate.OPEN


def _dropped(matching: Any, label: str) -> bool:
    """Whether a match leaves the label out: not among `on (…)`, or among `ignoring (…)`."""
    if matching is None:
        return False
    including = bool(matching.type == promql_parser.LabelModifierType.Include)
    return (label in matching.labels) != including


def _of_call(tree: Any, label: str) -> Fate:
    name = tree.func.name
    if name in _SETTING or (name in _WRITING and getattr(tree.args[1], "val", label) == label):
        return Fate.OPEN
    if name == "vector" or (name.startswith("histogram_") and label == "le"):
        return Fate.LOST
    series = [argument for argument in tree.args if type_of(argument) in {"vector", "range"}]
    return fate(series[0], label) if series else Fate.OPEN


_JUDGES: dict[Any, Callable[[Any, str], Fate]] = {
    promql_parser.AggregateExpr: _of_aggregation,
    promql_parser.BinaryExpr: _of_matching,
    promql_parser.Call: _of_call,
    promql_parser.ParenExpr: _inside,
    promql_parser.UnaryExpr: _inside,
    promql_parser.SubqueryExpr: _inside,
    promql_parser.MatrixSelector: _of_range,
    promql_parser.VectorSelector: _of_selector,
}
