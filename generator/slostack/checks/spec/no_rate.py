"""no-rate: an events side that gives a counter's value where events per second are needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import promql_parser

from slostack.checks.spec.expressions import expressions, type_of
from slostack.problems import Problem
from slostack.promql import selector
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODE = "no-rate"

_EVENTS = "events"
# Functions of a range whose result can be events per second, with a division where one is needed.
_OVER_TIME = {"rate", "irate", "increase", "delta", "idelta", "deriv", "changes", "resets"}
_OVER_TIME |= {"sum_over_time", "count_over_time", "avg_over_time"}


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each expression of events without a rate; a plain counter is counted exactly, and is none."""
    for expression in expressions(spec):
        tree = expression.tree
        if expression.path[-2:-1] != (_EVENTS,) or tree is None or type_of(tree) != "vector":
            continue
        if selector(expression.text) is None and not _per_second(tree):
            sentence = f"`{expression.key}` gives no events per second, but the values of its counters"
            remedy = "write rate(…[5m]) around the counters, or a counter's name and its matchers only"
            yield places.problem(CODE, sentence, remedy, expression.path)


def _per_second(tree: Any) -> bool:
    """Whether a function over time is in the tree, or everything in it was recorded (`level:metric:operations`)."""
    nodes = list(_nodes(tree))
    if any(isinstance(node, promql_parser.Call) and node.func.name in _OVER_TIME for node in nodes):
        return True
    return all(":" in _name(node) for node in nodes if isinstance(node, promql_parser.VectorSelector))


def _nodes(tree: Any) -> Iterator[Any]:
    """Every node of a tree."""
    yield tree
    below = [getattr(tree, key, None) for key in ("expr", "lhs", "rhs", "vector_selector")]
    for node in [*below, *getattr(tree, "args", [])]:
        if isinstance(node, promql_parser.Expr):
            yield from _nodes(node)


def _name(node: Any) -> str:
    named = next((matcher.value for matcher in node.matchers.matchers if matcher.name == "__name__"), "")
    return str(node.name or named)
