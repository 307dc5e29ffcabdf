"""lost-label: `by` names a label that the expression aggregates away, so that no series would have it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import promql_parser

from slostack.checks.spec.expressions import expressions, type_of
from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODE = "lost-label"

_SELECTING = {"topk", "bottomk", "limitk", "limit_ratio"}
_SETTING = {"label_replace", "label_join", "absent", "absent_over_time", "info"}


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each label that an expression is proven to lose."""
    for expression in expressions(spec):
        tree = expression.tree
        if tree is None or expression.wanted == "selector" or type_of(tree) != "vector":
            continue
        for label in expression.by:
            if lost(tree, label):
                sentence = f"`by` names the label `{label}`, which the result of `{expression.key}` cannot have"
                remedy = f"keep it with `by ({label})` where the expression aggregates, or leave it out of `by`"
                yield places.problem(CODE, sentence, remedy, expression.path)


def lost(tree: Any, label: str) -> bool:
    """Whether no series of the result can have `label`. False where that cannot be told."""
    judge = _JUDGES.get(type(tree))
    return judge is not None and judge(tree, label)


def _lost_inside(tree: Any, label: str) -> bool:
    return lost(tree.expr, label)


def _lost_by_selector(tree: Any, label: str) -> bool:
    equal = promql_parser.MatchOp.Equal
    return any(m.name == label and m.op == equal and not m.value for m in tree.matchers.matchers)


def _lost_by_range(tree: Any, label: str) -> bool:
    return lost(tree.vector_selector, label)


def _lost_by_aggregation(tree: Any, label: str) -> bool:
    name = str(tree.op)
    if name in _SELECTING:
        return lost(tree.expr, label)
    if name == "count_values" and getattr(tree.param, "val", None) == label:
        return False
    if tree.modifier is None:
        return True
    listed = label in tree.modifier.labels
    without = tree.modifier.type == promql_parser.AggModifierType.Without
    return listed == without or lost(tree.expr, label)


def _lost_by_matching(tree: Any, label: str) -> bool:
    if "scalar" in {type_of(tree.lhs), type_of(tree.rhs)}:
        return lost(tree.rhs if type_of(tree.lhs) == "scalar" else tree.lhs, label)
    name, modifier = str(tree.op), tree.modifier
    if name == "or":
        return lost(tree.lhs, label) and lost(tree.rhs, label)
    if name in {"and", "unless"} or modifier is None:
        return lost(tree.lhs, label)
    if modifier.card != promql_parser.VectorMatchCardinality.OneToOne:
        from_left = modifier.card == promql_parser.VectorMatchCardinality.ManyToOne
        many, one = (tree.lhs, tree.rhs) if from_left else (tree.rhs, tree.lhs)
        return lost(one if label in modifier.group_labels else many, label)
    return _dropped(modifier.matching, label) or lost(tree.lhs, label)


def _dropped(matching: Any, label: str) -> bool:
    """Whether a one-to-one match leaves the label out: not among `on (…)`, or among `ignoring (…)`."""
    if matching is None:
        return False
    including = bool(matching.type == promql_parser.LabelModifierType.Include)
    return (label in matching.labels) != including


def _lost_by_call(tree: Any, label: str) -> bool:
    name = tree.func.name
    if name in _SETTING:
        return False
    if name == "vector" or (name.startswith("histogram_") and label == "le"):
        return True
    series = [argument for argument in tree.args if type_of(argument) in {"vector", "range"}]
    return bool(series) and lost(series[0], label)


_JUDGES: dict[Any, Callable[[Any, str], bool]] = {
    promql_parser.AggregateExpr: _lost_by_aggregation,
    promql_parser.BinaryExpr: _lost_by_matching,
    promql_parser.Call: _lost_by_call,
    promql_parser.ParenExpr: _lost_inside,
    promql_parser.UnaryExpr: _lost_inside,
    promql_parser.SubqueryExpr: _lost_inside,
    promql_parser.MatrixSelector: _lost_by_range,
    promql_parser.VectorSelector: _lost_by_selector,
}
