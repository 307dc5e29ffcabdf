"""The pass that mends what grafanalib writes, on grafanalib's own output."""

from __future__ import annotations

import json
from typing import Any

import orjson
from grafanalib import core
from grafanalib._gen import DashboardEncoder

from slostack.render.dashboards.normalise import normalise, to_bytes
from slostack.render.dashboards.panels import bars, heatmap, query, row, stat, table, time_series


def dashboard(*panels: Any, **more: Any) -> core.Dashboard:
    return core.Dashboard(title="One", uid="one", panels=list(panels), **more)


def series(**more: Any) -> core.TimeSeries:
    return core.TimeSeries(title="Lines", targets=[core.Target(expr="up", refId="A")], **more)


def test_grafanalib_itself_writes_what_this_pass_is_for() -> None:
    raw = json.loads(json.dumps(dashboard(series()).to_json_data(), cls=DashboardEncoder))

    assert raw["schemaVersion"] == 12
    assert "showLegend" not in raw["panels"][0]["options"]["legend"]
    assert raw["panels"][0]["cacheTimeout"] is None


def test_the_schema_is_current_and_dead_keys_are_gone() -> None:
    out = normalise(dashboard(series(), hideControls=True))

    assert out["schemaVersion"] == 42
    assert not {"__inputs", "hideControls", "sharedCrosshair", "style", "rows", "gnetId", "id"} & out.keys()
    assert not {"cacheTimeout", "error", "height", "span", "minSpan", "editable"} & out["panels"][0].keys()
    assert not {"intervalFactor", "metric", "step", "target", "query"} & out["panels"][0]["targets"][0].keys()


def test_the_first_threshold_has_no_value() -> None:
    wrong = [core.Threshold("green", 0, 0.0), core.Threshold("red", 1, 80.0)]
    steps = normalise(dashboard(series(thresholds=wrong)))["panels"][0]["fieldConfig"]["defaults"]["thresholds"][
        "steps"
    ]

    assert steps == [{"color": "green"}, {"color": "red", "value": 80.0}]


def test_a_threshold_of_zero_is_kept() -> None:
    kept = [{"color": "green", "value": None}, {"color": "red", "value": 0}]
    steps = normalise(dashboard(series(thresholds=kept)))["panels"][0]["fieldConfig"]["defaults"]["thresholds"]["steps"]

    assert steps == [{"color": "green"}, {"color": "red", "value": 0}]


def test_legends_say_whether_they_show() -> None:
    shown, hidden = series(), series(legendDisplayMode="hidden")
    legends = [panel["options"]["legend"] for panel in normalise(dashboard(shown, hidden))["panels"]]

    assert [(legend["showLegend"], legend["displayMode"]) for legend in legends] == [(True, "list"), (False, "list")]


def test_panels_are_numbered_through_folded_rows() -> None:
    out = normalise(dashboard(row("Folded", collapsed=True, panels=[series(), series()]), series()))

    assert [panel["id"] for panel in out["panels"]] == [1, 4]
    assert [panel["id"] for panel in out["panels"][0]["panels"]] == [2, 3]


def test_false_and_zero_are_values_and_stay() -> None:
    out = normalise(dashboard(series(), editable=False, graphTooltip=0))

    assert out["editable"] is False
    assert out["graphTooltip"] == 0


def test_our_panels_use_todays_types_and_options() -> None:
    ask = query("up", "up")
    made = [
        time_series("A", "a", [ask], unit="s"),
        stat("B", "b", [ask], unit="s"),
        bars("C", "c", ask, unit="s", decimals=None, maximum=None, empty="none"),
        heatmap("D", "d", ask, unit="s", empty="none"),
        table("E", "e", [ask], [], overrides=[], sort=[("x", True)]),
    ]
    out = normalise(dashboard(*made))["panels"]

    assert [panel["type"] for panel in out] == ["timeseries", "stat", "bargauge", "heatmap", "table"]
    assert out[3]["options"]["calculate"] is False
    assert not {"xAxis", "yAxis", "cards", "color", "heatmap", "dataFormat"} & out[3].keys()
    assert out[4]["fieldConfig"]["defaults"]["custom"]["cellOptions"] == {"type": "auto"}
    assert "displayMode" not in out[4]["fieldConfig"]["defaults"]["custom"]


def test_bytes_are_indented_sorted_json_with_a_newline() -> None:
    data = to_bytes(dashboard(series()))

    assert data == (json.dumps(orjson.loads(data), indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
