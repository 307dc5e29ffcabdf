"""What must hold for every generated dashboard, whatever the spec says."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations

import orjson
import pytest
from dashboard_plans import plan
from reading import Json, boards, panels, walk

from slostack.render.dashboards import render

# Ids of Grafana's registry of units (`getValueFormats` of @grafana/data 12.3) that the boards may use.
UNITS = {"currencyUSD", "dateTimeFromNow", "decbytes", "none", "percentunit", "s", "short"}
ALL = boards(plan())


def test_one_overview_one_page_per_service_with_promises_and_the_owners_boards() -> None:
    assert sorted(render(plan())) == [
        "dashboards/Monitoring/stack.json",
        "dashboards/SLOs/slo-overview.json",
        "dashboards/SLOs/slo-shop.json",
        "dashboards/shop/every-kind.json",
    ]


def test_a_plan_without_promises_has_no_overview() -> None:
    assert not any("SLOs/" in path for path in render(replace(plan(boards={}), slos=())))


def test_the_same_plan_gives_the_same_bytes_and_ends_in_one_newline() -> None:
    first, second = render(plan()), render(plan())

    assert first == second
    for data in first.values():
        assert data.endswith(b"}\n")
        keys = list(orjson.loads(data))
        assert keys == sorted(keys)


@pytest.mark.parametrize("uid", ALL)
def test_every_panel_says_what_it_shows_and_what_is_missing(uid: str) -> None:
    for panel in panels(ALL[uid]):
        where = f"{uid}: {panel.get('title')}"
        assert panel["title"].strip(), where
        assert len(panel["description"]) > 40, where
        if panel["type"] == "text":
            continue
        assert panel["datasource"] == {"type": "prometheus", "uid": "prometheus"}, where
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["noValue"], where
        assert defaults["unit"], where
        assert all(target["datasource"]["uid"] == "prometheus" for target in panel["targets"]), where


@pytest.mark.parametrize("uid", ALL)
def test_every_unit_exists_in_grafana(uid: str) -> None:
    for path, value in walk(ALL[uid]):
        if path.endswith("/unit"):
            assert value in UNITS or value.startswith("suffix:"), path
        if isinstance(value, dict) and value.get("id") == "unit":
            assert value["value"] in UNITS or value["value"].startswith("suffix:"), path


@pytest.mark.parametrize("uid", ALL)
def test_ids_are_unique_and_queries_of_a_panel_too(uid: str) -> None:
    ids = [panel["id"] for panel in ALL[uid]["panels"]]
    assert len(ids) == len(set(ids))
    for panel in panels(ALL[uid]):
        refs = [target["refId"] for target in panel.get("targets", [])]
        assert len(refs) == len(set(refs)), panel["title"]


@pytest.mark.parametrize("uid", ALL)
def test_panels_fill_the_grid_without_overlapping(uid: str) -> None:
    places = [panel["gridPos"] for panel in ALL[uid]["panels"]]
    for place in places:
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)
    lines: dict[int, int] = {}
    for place in places:
        lines[place["y"]] = lines.get(place["y"], 0) + place["w"]
    assert set(lines.values()) == {24}


@pytest.mark.parametrize("uid", ALL)
def test_no_null_reaches_grafana(uid: str) -> None:
    assert [path for path, value in walk(ALL[uid]) if value is None or value == "null"] == [
        path for path, value in walk(ALL[uid]) if path.endswith("/match") and value == "null"
    ]


@pytest.mark.parametrize("uid", ALL)
def test_every_variable_of_a_query_is_defined_on_its_board(uid: str) -> None:
    board = ALL[uid]
    defined = {variable["name"] for variable in board["templating"]["list"]}
    for panel in panels(board):
        for target in panel.get("targets", []):
            used = set(re.findall(r"\$(?!__)([a-z]\w*)", target.get("expr", "")))
            assert used <= defined, panel["title"]


@pytest.mark.parametrize("uid", ALL)
def test_overrides_by_name_name_something_that_the_panel_shows(uid: str) -> None:
    for panel in panels(ALL[uid]):
        shown = _shown(panel)
        for override in panel.get("fieldConfig", {}).get("overrides", []):
            if override["matcher"]["id"] == "byName":
                assert override["matcher"]["options"] in shown, panel["title"]


def _shown(panel: Json) -> set[str]:
    names = {target.get("legendFormat") for target in panel.get("targets", [])}
    for transformation in panel.get("transformations", []):
        options = transformation["options"]
        names |= set(options.get("renameByName", {}).values()) | {options.get("alias")}
    return {name for name in names if name}


@pytest.mark.parametrize("uid", ALL)
def test_boards_cannot_be_edited_and_say_where_they_come_from(uid: str) -> None:
    board = ALL[uid]

    assert board["editable"] is False
    assert "Generated from slo.yaml" in board["description"]
    assert board["schemaVersion"] == 42


@pytest.mark.parametrize("uid", ALL)
def test_links_within_grafana_keep_the_time(uid: str) -> None:
    board = ALL[uid]
    for link in board["links"]:
        assert link["keepTime"] or not link.get("url", "").startswith("/d/"), link
    for path, value in walk(board):
        if path.endswith("/url") and "/links/" in path and "/fieldConfig/" in path and value.startswith("/d/"):
            assert "${__url_time_range}" in value, path


def test_the_answers_come_first_and_need_no_scrolling_at_1366_by_768() -> None:
    page = ALL["slo-shop"]
    first = [panel for panel in panels(page) if panel["gridPos"]["y"] == 0]

    assert first[0]["title"] == "Is the promise kept?"
    # 768 pixels less Grafana's own head are 17 grid units: answers, budget and burn stand on the first screen.
    assert all(panel["gridPos"]["y"] + panel["gridPos"]["h"] <= 17 for panel in page["panels"][:8])
