"""Expressions as they enter the plan: without comments, which would swallow what rules and boards put behind them."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

from slostack.promql import without_comments
from slostack.spec.sli import Node
from slostack.spec.values import PromQL

_N = TypeVar("_N", bound=Node)


def uncommented(node: _N) -> _N:
    """`node` of the spec, with every expression in and below it as Prometheus reads it."""
    hints = _hints(type(node))
    before = {name: getattr(node, name) for name in type(node).model_fields}
    after = {name: _plain(value, hints[name]) for name, value in before.items()}
    changed = {name: value for name, value in after.items() if value != before[name]}
    return node.model_copy(update=changed) if changed else node


@cache
def _hints(model: type[Node]) -> dict[str, Any]:
    return get_type_hints(model, include_extras=True)


def _plain(value: Any, hint: Any) -> Any:
    if isinstance(value, str):
        return without_comments(value) if PromQL in (hint, *get_args(hint)) else value
    if isinstance(value, Node):
        return uncommented(value)
    if isinstance(value, dict):
        return {key: _plain(one, hint) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, hint) for one in value]
    return value
