"""Which recorded series a PromQL text reads, and what about them the rules do not record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import promql_parser

from slostack import recorded
from slostack.checks.context import Context
from slostack.checks.spec.expressions import children
from slostack.promql import tokens

UNKNOWN = "placeholder"  # stands for what only the reader of a page, or Grafana, fills in

_PREFIX = "slo:"
_WINDOWED = {recorded.ERRORS, recorded.TOTAL, recorded.RATIO}


def unrecorded(context: Context, expression: str) -> Iterator[tuple[str, str]]:
    """For each thing that no rule records: what is wrong, and how to mend it."""
    if _PREFIX not in expression:
        return
    names = {token.text for token in tokens(expression) if token.kind == "word" and token.text.startswith(_PREFIX)}
    for name in sorted(names - context.recorded):
        yield f"no rule records `{name}`", _near(name, context.recorded)
    for selector in selectors(expression):
        if selector.name not in context.recorded:
            continue
        yield from _unmatched(selector, "slo", context.slos)
        if selector.name in _WINDOWED:
            yield from _unmatched(selector, recorded.WINDOW, context.windows)


def _unmatched(selector: Any, label: str, values: frozenset[str]) -> Iterator[tuple[str, str]]:
    for matcher in selector.matchers.matchers:
        if matcher.name == label and UNKNOWN not in matcher.value and "$" not in matcher.value:
            if matcher.op == promql_parser.MatchOp.Equal and matcher.value not in values:
                yield f'no series of `{selector.name}` has {label}="{matcher.value}"', _near(matcher.value, values)
            elif matcher.op == promql_parser.MatchOp.Re and not _any(matcher.value, values):
                yield f'no series of `{selector.name}` has {label}=~"{matcher.value}"', _near(matcher.value, values)


def _any(pattern: str, values: frozenset[str]) -> bool:
    try:
        return any(re.fullmatch(pattern, value) for value in values)
    except re.error:  # Prometheus's syntax differs a little; promtool is who judges it
        return True


def _near(name: str, known: frozenset[str]) -> str:
    near = get_close_matches(name, sorted(known), 1)
    return f"did you mean `{near[0]}`?" if near else "see `slostack explain` and alerts/rules for what is recorded"


def selectors(expression: str) -> Iterator[Any]:
    """Every instant selector of an expression, as the parser gives it; none where it does not parse."""
    try:
        tree = promql_parser.parse(expression)
    except ValueError:
        return
    yield from selectors_of(tree)


def selectors_of(tree: Any) -> Iterator[Any]:
    """Every instant selector below a node of a parsed expression."""
    if isinstance(tree, promql_parser.VectorSelector):
        yield tree
        return
    for child in children(tree):
        yield from selectors_of(child)
