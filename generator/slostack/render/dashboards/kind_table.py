"""The kind `table`: one line per value of `by`, one instant query per column."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from slostack.plan import Plan
from slostack.render.dashboards import columns
from slostack.render.dashboards.counting import fraction, mean, mean_rate, measured, quantile
from slostack.render.dashboards.look import NO_TRAFFIC_TEXT, UNITS
from slostack.render.dashboards.panels import Panel, query, series_override, table
from slostack.spec.boards import Column
from slostack.spec.boards import Panel as Described

_RANGE = "$__range"  # a table is about the whole time that the board shows
_DECIMALS = {"percent": 2, "score": 2, "per second": 2, "per minute": 1, "seconds": 2}


def draw(plan: Plan, panel: Described) -> Panel:
    """The table, sorted so that the worst line of the first column that can be bad is on top."""
    wanted = panel.table or []
    by = panel.by
    targets = [
        query(plan.lapse(_expression(column, by)), ref=f"C{index}", instant=True, form="table")
        for index, column in enumerate(wanted)
    ]
    names = columns.headings(by)
    names |= {f"Value #C{index}": column.title for index, column in enumerate(wanted)}
    if len(wanted) == 1:
        names |= {"Value": wanted[0].title}
    overrides = []
    for column in wanted:
        unit = _unit(column)
        properties: dict[str, Any] = {"unit": UNITS[unit], "custom__align": "right"}
        if unit in _DECIMALS:
            properties["decimals"] = _DECIMALS[unit]
        overrides.append(series_override(column.title, **properties))
    decisive = next((column for column in wanted if column.ratio is not None), wanted[0])
    return table(
        panel.title,
        panel.describe,
        targets,
        [
            {"id": "merge", "options": {}},
            columns.ordered(names),
        ],
        overrides=overrides,
        sort=[(decisive.title, decisive.better == "low")],
        empty=NO_TRAFFIC_TEXT,
    )


def _expression(column: Column, by: list[str]) -> str:
    if column.rate is not None:
        return mean_rate(column.rate, by, _RANGE)
    if column.ratio is not None:
        return fraction(column.ratio.part, column.ratio.of, by, _RANGE)
    if column.mean is not None:
        return mean(column.mean, by, _RANGE)
    if column.quantile is not None:
        return quantile(Fraction(column.at or 0) / 100, column.quantile, by, _RANGE)
    return column.value or ""


def _unit(column: Column) -> str:
    derived = {"rate": column.rate, "ratio": column.ratio, "quantile": column.quantile}
    kind = next((name for name, value in derived.items() if value is not None), "value")
    units = {"rate": "per second", "ratio": "percent", "quantile": measured(column.quantile)}
    return column.unit or units.get(kind, "count")
