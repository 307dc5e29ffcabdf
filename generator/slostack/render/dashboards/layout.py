"""Where panels stand: Grafana's grid of 24 columns, filled row by row without gaps or overlaps."""

from __future__ import annotations

import attr
from grafanalib import core

from slostack.render.dashboards import panels
from slostack.render.dashboards.panels import Panel

COLUMNS = 24


class Grid:
    """Collects panels from top to bottom."""

    def __init__(self) -> None:
        self._y = 0
        self.panels: list[Panel] = []

    def heading(self, title: str) -> None:
        """A heading over what follows."""
        self._place(panels.row(title), 0, COLUMNS, 1)
        self._y += 1

    def line(self, height: int, *placed: tuple[Panel, int]) -> None:
        """Panels beside each other, each with its width; ValueError where they do not fit into 24 columns."""
        x = 0
        for panel, width in placed:
            if x + width > COLUMNS:
                raise ValueError(f"the panel {panel.title!r} does not fit: the row is wider than {COLUMNS} columns")
            self._place(panel, x, width, height)
            x += width
        self._y += height

    def _place(self, panel: Panel, x: int, width: int, height: int) -> None:
        self.panels.append(attr.evolve(panel, gridPos=core.GridPos(h=height, w=width, x=x, y=self._y)))


def shares(widths: list[int | None]) -> list[list[int]]:
    """Columns for panels that ask for a width or, with None, for an equal share; too many flow onto the next line.

    Returns one list of widths per line, each summing to 24.
    """
    lines: list[list[int | None]] = [[]]
    for width in widths:
        needed = sum(given or _LEAST for given in lines[-1]) + (width or _LEAST)
        if needed > COLUMNS:
            lines.append([])
        lines[-1].append(width)
    return [_shared(line) for line in lines]


_LEAST = 4  # below this a panel cannot be read


def _shared(line: list[int | None]) -> list[int]:
    open_ = line.count(None)
    rest = COLUMNS - sum(width or 0 for width in line)
    if not open_:
        return [width or 0 for width in line[:-1]] + [(line[-1] or 0) + rest]
    each, left = divmod(rest, open_)
    out: list[int] = []
    for width in line:
        if width is None:
            out.append(each + (1 if left > 0 else 0))
            left -= 1
        else:
            out.append(width)
    return out
