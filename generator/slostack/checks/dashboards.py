"""dashboard-uid, dashboard-promql, dashboard-series: dashboards that Grafana would refuse or show empty."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from slostack.checks.context import RULES, Context
from slostack.checks.series import UNKNOWN, unrecorded
from slostack.problems import Problem
from slostack.promql import tokens
from slostack.tools import promtool

CODE = "dashboard-promql"
CODES = ("dashboard-uid", CODE, "dashboard-series")
READS = ("dashboards/", RULES)

_UID_LENGTH = 40  # Grafana's own limit
_DURATIONS = {"__interval", "__rate_interval", "__range"}
_VARIABLE = re.compile(r"\$\{\w+(?::\w+)?\}|\$\w+|\[\[\w+\]\]")
_LABEL_VALUES = re.compile(r"^\s*label_values\((?P<series>.*),\s*\w+\s*\)\s*$", re.DOTALL)
_QUERY_RESULT = re.compile(r"^\s*query_result\((?P<series>.*)\)\s*$", re.DOTALL)
_REMEDY = "mend the panel's expression in the spec"


def check(context: Context) -> Iterator[Problem]:
    """A problem for each uid that Grafana refuses, each broken expression and each series that no rule records."""
    queries: dict[tuple[str, str], str] = {}
    seen: dict[str, str] = {}
    for path in sorted(context.files):
        if path.startswith("dashboards/") and path.endswith(".json"):
            dashboard = orjson.loads(context.files[path])
            yield from _uid(context, path, dashboard, seen)
            chosen = _variables(dashboard)
            queries |= {(path, written): filled(written, chosen) for written in _expressions(dashboard)}
    broken = promtool.check_expressions({str(number): text for number, text in enumerate(queries.values())})
    for number, ((path, written), text) in enumerate(queries.items()):
        line = _line(context.files[path], written)
        if said := broken.get(str(number)):
            sentence = f"an expression does not parse ({said}): {_short(written)}"
            yield context.in_file(path, CODE, sentence, _REMEDY, line)
        for sentence, remedy in unrecorded(context, text):
            yield context.in_file(path, "dashboard-series", sentence, remedy, line)


def _uid(context: Context, path: str, dashboard: Mapping[str, Any], seen: dict[str, str]) -> Iterator[Problem]:
    uid = str(dashboard.get("uid") or "")
    line = _line(context.files[path], uid)
    remedy = "give the board a short name of its own under `boards`"
    if not uid:
        yield context.in_file(path, "dashboard-uid", "the dashboard has no uid", remedy)
    elif len(uid) > _UID_LENGTH:
        yield context.in_file(path, "dashboard-uid", f"the uid `{uid}` is longer than 40 characters", remedy, line)
    elif uid in seen:
        yield context.in_file(path, "dashboard-uid", f"the uid `{uid}` is that of {seen[uid]} too", remedy, line)
    seen.setdefault(uid, path)


def _expressions(node: Any) -> Iterator[str]:
    """Every PromQL text in a dashboard: targets' `expr`, and the series that variables list values of."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "expr" and isinstance(value, str):
                yield value
            elif key in {"query", "definition"} and isinstance(value, str):
                if found := _LABEL_VALUES.match(value) or _QUERY_RESULT.match(value):
                    yield found["series"]
            else:
                yield from _expressions(value)
    elif isinstance(node, list):
        for value in node:
            yield from _expressions(value)


def _variables(dashboard: Mapping[str, Any]) -> dict[str, str]:
    """The first choice of each variable whose choices are listed: one may stand for an operator or a duration."""
    out = {}
    for variable in (dashboard.get("templating") or {}).get("list") or []:
        query = variable.get("query")
        if variable.get("type") in {"custom", "interval", "constant"} and isinstance(query, str):
            first = re.split(r"(?<!\\),", query)[0]
            out[str(variable.get("name"))] = first.rsplit(" : ", maxsplit=1)[-1].strip()
    return out


def filled(expression: str, variables: Mapping[str, str]) -> str:
    """An expression with Grafana's variables replaced by what each may stand for; `variables` are known choices."""
    out: list[str] = []
    inside = False  # between the brackets of a range
    for token in tokens(expression):
        text = token.text
        if token.kind == "string":
            text = _VARIABLE.sub(UNKNOWN, text)
        elif token.kind == "variable":
            bare = text.strip("${}").split(":")[0]
            text = variables.get(bare) or ("5m" if inside or bare in _DURATIONS else "1")
        elif text in "[]":
            inside = text == "["
        out.append(text)
    return "".join(out)


def _line(text: str, value: str) -> int:
    """The line of a JSON text on which a string stands; the first where it is not found."""
    at = text.find(orjson.dumps(value).decode())
    return text.count("\n", 0, at) + 1 if at >= 0 else 1


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else flat[:79] + "…"
