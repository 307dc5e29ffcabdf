"""Reads generated dashboards the way Grafana does: panels, queries, variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from slostack.plan import Plan
from slostack.render.dashboards import render

Json = dict[str, Any]

# What Grafana puts in place of its variables, as far as it matters to a parser: durations that no board writes itself.
VARIABLES = {
    "$__rate_interval": "97s",
    "$__interval": "89s",
    "$__range": "83s",
    "$state": ">= 0",
}


def boards(plan: Plan) -> dict[str, Json]:
    """Every dashboard by its uid."""
    loaded = [orjson.loads(data) for data in render(plan).values()]
    return {board["uid"]: board for board in loaded}


def panels(board: Json) -> Iterator[Json]:
    """Every panel that shows something: headings are left out."""
    for panel in board["panels"]:
        yield from (panel["panels"] if panel["type"] == "row" else [panel])


def named(board: Json, title: str) -> Json:
    """The panel of that title."""
    return next(panel for panel in panels(board) if panel["title"] == title)


def expressions(board: Json) -> Iterator[tuple[str, str]]:
    """Every query of a board as (where, PromQL), with Grafana's variables filled in."""
    for panel in panels(board):
        for target in panel.get("targets", []):
            if target.get("expr"):
                yield f"{board['uid']}: {panel['title']}: {target['refId']}", filled(target["expr"])
    for annotation in board["annotations"]["list"]:
        yield f"{board['uid']}: annotation {annotation['name']}", filled(annotation["expr"])


def filled(expression: str) -> str:
    """`expression` with values in place of Grafana's variables."""
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return re.sub(r"\$\w+", "chosen", expression)


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a JSON document with its path."""
    yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from walk(item, f"{path}/{key}")
