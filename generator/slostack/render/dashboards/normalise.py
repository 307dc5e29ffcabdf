"""The one pass that turns what grafanalib writes into what Grafana 12 and 13 read.

It drops keys that no Grafana since 10 knows, nulls and empty lists of no meaning; writes data sources as objects,
legends and table cells in the modern form; numbers the panels; and prints bytes that are the same for the same plan.
"""

from __future__ import annotations

from typing import Any

import orjson
from grafanalib import core

from slostack.render.dashboards.look import Json

SCHEMA_VERSION = 42  # the default of Grafana 12.4 to 13.2
_DASHBOARD_KEYS = frozenset(
    {"annotations", "description", "editable", "fiscalYearStartMonth", "graphTooltip", "links", "liveNow", "panels"}
    | {"refresh", "schemaVersion", "tags", "templating", "time", "timepicker", "timezone", "title", "uid", "version"}
)
_PANEL_KEYS = frozenset(
    {"collapsed", "datasource", "description", "fieldConfig", "gridPos", "id", "interval", "links", "maxDataPoints"}
    | {"maxPerRow", "options", "panels", "repeat", "repeatDirection", "targets", "timeFrom", "title"}
    | {"transformations", "transparent", "type"}
)
_ROW_KEYS = frozenset({"collapsed", "gridPos", "id", "panels", "title", "type"})
_TARGET_KEYS = frozenset(
    {"datasource", "editorMode", "exemplar", "expr", "format", "hide", "instant", "interval", "legendFormat", "range"}
    | {"refId"}
)
_VARIABLE_KEYS = frozenset(
    {"allValue", "allowCustomValue", "current", "datasource", "description", "hide", "includeAll", "label", "multi"}
    | {"name", "options", "query", "refresh", "regex", "skipUrlSync", "sort", "type"}
)
_DEAD_CUSTOM = {"table": ("displayMode",)}
_MEANINGFUL_WHEN_EMPTY = frozenset({"calcs", "list", "mappings", "options", "overrides", "panels", "steps", "tags"})


def to_bytes(dashboard: Any) -> bytes:
    """A grafanalib dashboard as Grafana's JSON: indented, keys sorted, a newline at the end."""
    return orjson.dumps(
        normalise(dashboard), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    )


def normalise(dashboard: Any) -> Json:
    """A grafanalib dashboard as plain data that Grafana 12 and 13 load without migrating it."""
    out = _kept(_plain(dashboard), _DASHBOARD_KEYS)
    out["schemaVersion"] = SCHEMA_VERSION
    out["panels"] = [_panel(panel) for panel in out["panels"]]
    out["templating"] = {"list": [_kept(item, _VARIABLE_KEYS) for item in out["templating"]["list"]]}
    out["timepicker"] = {"refresh_intervals": out["timepicker"]["refresh_intervals"]}
    _number(out["panels"], 0)
    cleaned: Json = _without_nulls(out)
    return cleaned


def _plain(value: Any) -> Any:
    """grafanalib's objects as dictionaries, all the way down."""
    if hasattr(value, "to_json_data"):
        value = value.to_json_data()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _kept(data: Json, keys: frozenset[str]) -> Json:
    return {key: value for key, value in data.items() if key in keys}


def _panel(panel: Json) -> Json:
    if panel["type"] == core.ROW_TYPE:
        return _kept(panel, _ROW_KEYS) | {"panels": [_panel(inner) for inner in panel["panels"]]}
    out = _kept(panel, _PANEL_KEYS)
    out["targets"] = [_kept(target, _TARGET_KEYS) for target in out["targets"]]
    defaults = out["fieldConfig"]["defaults"]
    for dead in _DEAD_CUSTOM.get(panel["type"], ()):
        defaults.get("custom", {}).pop(dead, None)
    defaults["thresholds"]["steps"] = [_step(step) for step in defaults["thresholds"]["steps"]]
    _legend(out.get("options") or {})
    return out


def _step(step: Json) -> Json:
    """grafanalib writes the string `null` for the first step, which Grafana takes for a value."""
    return {key: value for key, value in step.items() if key in {"color", "value"} and value not in {None, "null"}}


def _legend(options: Json) -> None:
    legend = options.get("legend")
    if legend is not None and "displayMode" in legend:
        legend.setdefault("showLegend", legend["displayMode"] != "hidden")
        legend.setdefault("calcs", [])
        if legend["displayMode"] == "hidden":
            legend["displayMode"] = "list"


def _number(panels: list[Json], last: int) -> int:
    for panel in panels:
        last += 1
        panel["id"] = last
        last = _number(panel.get("panels", []), last)
    return last


def _without_nulls(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        cleaned = {name: _without_nulls(item, name) for name, item in value.items() if item is not None}
        return {
            name: item
            for name, item in cleaned.items()
            if item not in ("", [], {}) or name in _MEANINGFUL_WHEN_EMPTY or name == "refresh"
        }
    if isinstance(value, list):
        return [_without_nulls(item, key) for item in value]
    return value
