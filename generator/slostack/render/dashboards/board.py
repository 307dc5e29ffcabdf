"""A board's frame: its variables, annotations, time and what is said about it."""

from __future__ import annotations

from typing import Any

from grafanalib import core

from slostack.plan import Plan
from slostack.promql import quote
from slostack.render.dashboards import links
from slostack.render.dashboards.look import RED, Json
from slostack.render.dashboards.normalise import to_bytes
from slostack.render.dashboards.panels import PROMETHEUS, Panel

_DAY = 86_400


def board(
    plan: Plan,
    *,
    uid: str,
    title: str,
    description: str,
    panels: list[Panel],
    variables: list[Json],
    annotations: list[Json],
    head: list[Json],
    tags: list[str],
    seconds: int = _DAY,
) -> bytes:
    """A whole dashboard as the bytes of its file. `seconds`: the range that it opens with, before the time-lapse."""
    refresh = max(5, 60 // plan.time_scale)
    dashboard = core.Dashboard(
        title=title,
        uid=uid,
        description=f"{description} Generated from {plan.source}; edits here are lost.",
        panels=panels,
        templating=core.Templating(list=variables),
        annotations=core.Annotations(list=annotations),
        links=head,
        tags=[links.TAG, *tags],
        time=core.Time(f"now-{plan.duration(seconds)}", "now"),
        timePicker=core.TimePicker(refreshIntervals=["5s", "10s", "30s", "1m", "5m"], timeOptions=[]),
        refresh="1m" if refresh == 60 else f"{refresh}s",
        editable=False,
        graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
        schemaVersion=1,
        timezone="browser",
    )
    return to_bytes(dashboard)


def label_variable(name: str, label: str, describe: str, query: str) -> Json:
    """A filter: one, several or all values of a label. All is `.*`, so series without the label belong to it."""
    return _variable(
        core.Template(
            name=name, query=query, label=label, dataSource=PROMETHEUS, includeAll=True, multi=True, allValue=".*"
        ),
        description=describe,
        query={"query": query, "refId": name, "qryType": 1},
        current={"text": ["All"], "value": ["$__all"]},
        refresh=2,
    )


def choice(name: str, label: str, describe: str, options: list[tuple[str, str]], *, hide: bool = False) -> Json:
    """One of a fixed list of (text, value); the first is chosen."""
    listed = [{"text": text, "value": value, "selected": index == 0} for index, (text, value) in enumerate(options)]
    template = core.Template(name=name, query="", label=label, type="custom", options=listed)
    return _variable(
        template,
        description=describe,
        query=", ".join(f"{_escaped(text)} : {_escaped(value)}" for text, value in options),
        current={"text": options[0][0], "value": options[0][1]},
        hide=2 if hide else 0,
    )


def _variable(template: core.Template, **properties: Any) -> Json:
    data: Json = template.to_json_data()
    return data | {"allowCustomValue": False, "skipUrlSync": False} | properties


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,").replace(":", "\\:") if "," in text or ":" in text else text


def restarts(plan: Plan, jobs: list[str]) -> list[Json]:
    """Marks where a process of these jobs was started anew: what changed, as far as a series says so."""
    if not jobs:
        return []
    pattern = quote("|".join(jobs))
    expression = plan.lapse(f"changes(process_start_time_seconds{{job=~{pattern}}}[2m]) > 0")
    return [annotation("Restarts", expression, "rgba(128, 128, 128, 0.8)", "{{job}} was started anew", "job")]


def paged(plan: Plan, matchers: str) -> list[Json]:
    """Shades the time in which somebody was paged. Tickets last too long to be shaded: the overview draws them."""
    expression = f'max by (severity) (ALERTS{{alertstate="firing",severity="page",{matchers}}})'
    return [annotation("Pages", plan.lapse(expression), RED, "A page is out", "severity")]


def annotation(name: str, expression: str, colour: str, title: str, tags: str) -> Json:
    """A query whose hits are drawn as marks over every graph of a board."""
    return {
        "name": name,
        "enable": True,
        "hide": True,  # always on: no switch for it in the board's head
        "datasource": PROMETHEUS,
        "iconColor": colour,
        "expr": expression,
        "titleFormat": title,
        "textFormat": "",
        "tagKeys": tags,
        "useValueForTime": False,
        "target": {"expr": expression, "refId": name, "interval": "", "legendFormat": title},
    }
