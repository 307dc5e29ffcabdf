"""Every PromQL text of a spec, what it must be, and what the parser says about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import promql_parser

from slostack.checks.spec.references import alerts, panels, slos
from slostack.promql import tokens
from slostack.spec.boards import Panel, Ratio
from slostack.spec.model import Alert, Slo, Spec
from slostack.spec.shape import Path

Wanted = Literal["selector", "vector", "value"]
"""A plain selector; an instant vector; or a value to draw, which may also be a plain number."""

Type = Literal["scalar", "string", "vector", "range"]

TOO_DEEP = "nested too deeply"
_DEEPEST = 150


@dataclass(frozen=True)
class Expression:
    """A PromQL text of the spec. `by` are the labels that its result must have."""

    path: Path
    text: str
    wanted: Wanted
    by: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key that it stands under."""
        return str(self.path[-1])

    @property
    def tree(self) -> Any:
        """The parsed expression, or None where it is broken."""
        return parsed(self.plain)

    @property
    def plain(self) -> str:
        """The text as Prometheus will see it: in boards, Grafana's intervals are filled in, position by position."""
        if "boards" not in self.path[2:3]:
            return self.text
        return "".join(
            "5m".ljust(len(token.text))
            if token.kind == "variable" and token.text.strip("${}") in _INTERVALS
            else token.text
            for token in tokens(self.text)
        )


_INTERVALS = {"__interval", "__rate_interval", "__range"}


def expressions(spec: Spec) -> Iterator[Expression]:
    """Every PromQL text, in the order of the spec."""
    for path, _, _, slo in slos(spec):
        yield from _of_slo(path, slo)
    for path, _, _, alert in alerts(spec):
        yield from _of_alert(path, alert)
    for path, _, panel in panels(spec):
        yield from _of_panel(path, panel)


def _of_slo(path: Path, slo: Slo) -> Iterator[Expression]:
    by = tuple(slo.by)
    if slo.events is not None:
        for key in ("total", "good", "bad"):
            text = getattr(slo.events, key)
            if text is not None:
                yield Expression((*path, "events", key), text, "vector", by)
    if slo.latency is not None:
        yield Expression((*path, "latency", "histogram"), slo.latency.histogram, "selector", by)
    if slo.availability is not None and slo.availability.series is not None:
        yield Expression((*path, "availability", "series"), slo.availability.series, "vector", by)
    if slo.limit is not None:
        yield Expression((*path, "limit", "value"), slo.limit.value, "vector", by)
    if slo.ratio is not None:
        yield Expression((*path, "ratio"), slo.ratio, "vector", by)


def _of_alert(path: Path, alert: Alert) -> Iterator[Expression]:
    by = tuple(alert.by)
    if alert.when is not None:
        yield Expression((*path, "when"), alert.when, "vector", by)
    if alert.absent is not None:
        yield Expression((*path, "absent"), alert.absent, "selector", by)
    if alert.minimum is not None:
        yield Expression((*path, "minimum", "of"), alert.minimum.of, "vector", by)


def _of_panel(path: Path, panel: Panel) -> Iterator[Expression]:
    by = (*panel.by, panel.each) if panel.each else tuple(panel.by)
    for key in ("rate", "quantiles", "heatmap", "share"):
        text = getattr(panel, key)
        if text is not None:
            yield Expression((*path, key), text, "selector", by)
    for key in ("value", "stat"):
        text = getattr(panel, key)
        if text is not None:
            yield Expression((*path, key), text, "value", by)
    yield from _of_ratio((*path, "ratio"), panel.ratio)
    for number, column in enumerate(panel.table or ()):
        place = (*path, "table", number)
        for key in ("rate", "quantile", "mean"):
            text = getattr(column, key)
            if text is not None:
                yield Expression((*place, key), text, "selector", by)
        if column.value is not None:
            yield Expression((*place, "value"), column.value, "value", by)
        yield from _of_ratio((*place, "ratio"), column.ratio)


def _of_ratio(path: Path, ratio: Ratio | None) -> Iterator[Expression]:
    if ratio is not None:
        yield Expression((*path, "part"), ratio.part, "selector")
        yield Expression((*path, "of"), ratio.of, "selector")


def parsed(text: str) -> Any:
    """The syntax tree of an expression, or None where it is broken or too deep."""
    return _read(text)[0]


def complaint(text: str) -> str | None:
    """What the parser says about an expression; None where it is whole. TOO_DEEP, where no check would get through."""
    return _read(text)[1]


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[Any, str | None]:
    """The syntax tree of an expression, or what is wrong with it."""
    try:
        tree = promql_parser.parse(text)
    except ValueError as error:
        return None, str(error)
    return (None, TOO_DEEP) if _too_deep(tree) else (tree, None)


def children(tree: Any) -> list[Any]:
    """The parts of an expression that are expressions themselves."""
    parts = (getattr(tree, name, None) for name in ("expr", "lhs", "rhs", "vector_selector", "param"))
    arguments = tree.args if isinstance(tree, promql_parser.Call) else ()
    return [*(part for part in parts if part is not None), *arguments]


def _too_deep(tree: Any) -> bool:
    """Whether there are more than `_DEEPEST` expressions within each other; a sum nests its terms, too."""
    level = [tree]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in children(node)]
        if not level:
            return False
    return True


_TYPES: dict[Any, Type] = {
    promql_parser.NumberLiteral: "scalar",
    promql_parser.StringLiteral: "string",
    promql_parser.MatrixSelector: "range",
    promql_parser.SubqueryExpr: "range",
}


def type_of(tree: Any) -> Type:
    """The type of an expression's result."""
    if isinstance(tree, (promql_parser.ParenExpr, promql_parser.UnaryExpr)):
        return type_of(tree.expr)
    if isinstance(tree, promql_parser.Call) and tree.func.return_type == promql_parser.ValueType.Scalar:
        return "scalar"
    if isinstance(tree, promql_parser.BinaryExpr) and type_of(tree.lhs) == type_of(tree.rhs) == "scalar":
        return "scalar"
    return _TYPES.get(type(tree), "vector")
