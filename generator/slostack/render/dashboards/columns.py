"""Columns of tables: their order and headings, and the one that several tables have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from slostack.render.dashboards.look import PERCENT, Json, budget_steps
from slostack.render.dashboards.panels import series_override

BUDGET_LEFT = "Budget left"
TIME = "Time"  # of an instant query: the same in every line


def headings(labels: Iterable[str]) -> dict[str, str]:
    """Columns of labels with their headings: `agent_type` is headed *Agent type*."""
    return {label: label.replace("_", " ").capitalize() for label in labels}


def ordered(names: Mapping[str, str], *, unnamed: tuple[str, ...] = (), hidden: tuple[str, ...] = (TIME,)) -> Json:
    """The transformation that puts columns in the order of `names`, each under its heading.

    `unnamed` columns follow and keep their own names; `hidden` ones are left out.
    """
    return {
        "id": "organize",
        "options": {
            "excludeByName": dict.fromkeys(hidden, True),
            "includeByName": {},
            "indexByName": {name: index for index, name in enumerate((*names, *unnamed))},
            "renameByName": dict(names),
        },
    }


def budget_left(**more: Any) -> Json:
    """How the budget that is left is shown: a bar from nothing to all of it. `more` are further properties."""
    return series_override(
        BUDGET_LEFT,
        unit=PERCENT,
        decimals=0,
        min=0,
        max=1,
        thresholds=budget_steps(),
        custom__cellOptions={"type": "gauge", "mode": "basic", "valueDisplayMode": "text"},
        **more,
    )
