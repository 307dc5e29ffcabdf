"""The owners' vocabulary: what each kind of panel becomes."""

from __future__ import annotations

from typing import Any

import pytest
from dashboard_plans import KINDS, panel, plan
from pydantic import ValidationError
from reading import Json, boards, named

from slostack.render.dashboards import look
from slostack.render.dashboards.counting import fraction
from slostack.render.dashboards.layout import shares
from slostack.spec.boards import Board, Panel

BOARD = boards(plan())["every-kind"]


def drawn(kind: str) -> Json:
    return named(BOARD, f"Is {kind} well?")


def first(kind: str) -> str:
    text: str = drawn(kind)["targets"][0]["expr"]
    return text


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "each"])
def test_every_kind_is_drawn_with_its_title_and_description(kind: str) -> None:
    assert drawn(kind)["description"].startswith("What it shows")
    assert drawn(kind)["targets"]


def test_a_ratio_that_an_slo_records_is_read_from_there() -> None:
    assert first("recorded") == 'max by () (slo:error_ratio{slo="shop-requests",window="5m"})'


def test_a_ratio_without_failures_is_zero_and_without_traffic_nothing() -> None:
    whole = "sum by () (rate(jobs_total[$__rate_interval]))"
    part = 'sum by () (rate(jobs_total{ok="no"}[$__rate_interval]))'

    assert first("ratio") == f"({part} or 0 * {whole}) / ({whole} > 0)"


def test_a_label_that_only_the_part_chooses_by_leaves_the_whole_whole() -> None:
    assert fraction('x{a!="1"}', "x", ["a", "b"], "5m") == (
        'sum by (a, b) (rate(x{a!="1"}[5m])) / on (b) group_left () (sum by (b) (rate(x[5m])) > 0)'
    )


def test_an_alerts_limit_is_drawn_in_its_severitys_colour_with_its_name() -> None:
    limit = next(target for target in drawn("ratio")["targets"] if target["refId"] == "L0")
    override = next(
        override
        for override in drawn("ratio")["fieldConfig"]["overrides"]
        if override["matcher"]["options"] == "ManyErrors pages"
    )

    assert (limit["expr"], limit["legendFormat"]) == ("vector(0.05)", "ManyErrors pages")
    assert {"id": "color", "value": {"mode": "fixed", "fixedColor": "dark-red"}} in override["properties"]


def test_several_limits_are_all_drawn() -> None:
    limits = {t["legendFormat"]: t["expr"] for t in drawn("quantiles")["targets"] if t["refId"].startswith("L")}

    assert limits == {"ManyErrors pages": "vector(0.05)", "wanted at most": "vector(10)"}


def test_a_repeated_panel_is_narrowed_to_its_value_and_brings_a_filter() -> None:
    repeated = named(BOARD, "Is each well? ($queue)")
    variable = BOARD["templating"]["list"][0]

    assert repeated["repeat"] == "queue"
    assert 'latency_seconds_bucket{queue=~"$queue"}' in repeated["targets"][0]["expr"]
    assert variable["query"]["query"] == "label_values(latency_seconds_count, queue)"


@pytest.mark.parametrize(
    ("histogram", "unit"),
    [("took_seconds", "s"), ("took_milliseconds", "ms"), ('sent_bytes{job="shop"}', "decbytes"), ("took", "s")],
)
def test_a_histogram_without_a_unit_has_that_of_its_name(histogram: str, unit: str) -> None:
    words = {"title": "T", "describe": "d"}
    column = {"title": "P95", "quantile": histogram, "at": 95}
    kinds = [{"quantiles": histogram}, {"heatmap": histogram}, {"table": [column], "by": ["job"]}]
    rows = [{"question": "Q", "panels": [words | kind for kind in kinds]}]
    board = boards(plan(boards={"of-a-unit": Board.model_validate({"title": "B", "rows": rows})}))["of-a-unit"]
    lines, heat, table = (one for one in board["panels"] if one["type"] != "row")
    shown = table["fieldConfig"]["overrides"]

    assert lines["fieldConfig"]["defaults"]["unit"] == unit
    assert heat["options"]["yAxis"]["unit"] == unit
    assert {"id": "unit", "value": unit} in next(o for o in shown if o["matcher"]["options"] == "P95")["properties"]


def test_legends_are_words_and_never_dumps_of_labels() -> None:
    for kind in KINDS:
        if kind in {"table", "each"}:
            continue
        assert all(target["legendFormat"] for target in drawn(kind)["targets"]), kind


def test_a_stat_beyond_its_limit_takes_the_severitys_colour() -> None:
    steps = drawn("stat")["fieldConfig"]["defaults"]["thresholds"]["steps"]

    assert steps[-1] == {"color": "dark-red", "value": 0.05}


def figure(**described: Any) -> Json:
    """A stat with these keys, drawn."""
    row = {"question": "Is it?", "panels": [panel("stat", unit="percent", **described)]}
    return named(
        boards(plan(boards={"one": Board.model_validate({"title": "One", "rows": [row]})}))["one"], "Is stat well?"
    )


def colour_at(drawn: Json, value: float) -> str:
    """As Grafana colours it: the last step that the value has reached."""
    steps = drawn["fieldConfig"]["defaults"]["thresholds"]["steps"]
    return str([step["color"] for step in steps if value >= step.get("value", float("-inf"))][-1])


@pytest.mark.parametrize(
    ("better", "good", "bad", "words"),
    [("high", 0.999, 0.5, "wanted at least 99 %"), ("low", 0.5, 0.999, "wanted at most 99 %")],
)
def test_a_stat_on_the_wrong_side_of_a_number_looks_different_and_says_what_is_wanted(
    better: str, good: float, bad: float, words: str
) -> None:
    drawn = figure(better=better, threshold="99%")

    assert colour_at(drawn, good) == look.BLUE
    assert colour_at(drawn, bad) == look.UNWANTED
    assert drawn["options"]["textMode"] == "value_and_name"
    assert drawn["targets"][0]["legendFormat"] == words


def test_a_stat_says_what_its_alert_does_and_whose_figure_it_is() -> None:
    assert figure(threshold="ManyErrors")["targets"][0]["legendFormat"] == "pages above 5 %"
    by = figure(threshold=["5%", "ManyErrors"], by=["queue"])
    assert by["targets"][0]["legendFormat"] == "{{queue}}: wanted at most 5 %, pages above 5 %"
    assert figure(by=["queue"])["options"]["textMode"] == "value_and_name"
    assert figure(threshold=None)["options"]["textMode"] == "value"


def test_a_stat_between_two_limits_takes_the_colour_of_the_one_that_it_misses() -> None:
    drawn = figure(better="high", threshold=["99%", "ManyErrors"])  # the alert's limit is 5 %

    assert [colour_at(drawn, value) for value in (0.01, 0.5, 0.995)] == [look.RED, look.UNWANTED, look.BLUE]


def test_every_colour_has_one_meaning() -> None:
    meanings = (look.RED, look.ORANGE, look.VIOLET, look.GREEN, look.GREY_BLUE, look.GREY, look.BLUE, look.PALE)

    assert look.UNWANTED not in meanings
    assert len(set(meanings)) == len(meanings)


def test_a_tables_worst_line_is_on_top() -> None:
    assert drawn("table")["options"]["sortBy"] == [{"desc": False, "displayName": "Good"}]


@pytest.mark.parametrize(
    ("widths", "lines"),
    [
        ([None, None, None], [[8, 8, 8]]),
        ([10, None], [[10, 14]]),
        ([None] * 5, [[5, 5, 5, 5, 4]]),
        ([12, 12, 12], [[12, 12], [24]]),
        ([4, 4, 8, 8], [[4, 4, 8, 8]]),
        ([None] * 7, [[4, 4, 4, 4, 4, 4], [24]]),
    ],
)
def test_panels_share_their_row(widths: list[int | None], lines: list[list[int]]) -> None:
    assert shares(widths) == lines


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (panel("heatmap", by=["queue"]), "use `each` instead"),
        (panel("value", each="queue"), "has `each`"),
        (panel("quantiles", each="queue", by=["queue"]), "has `each`"),
        (panel("share", by=[]), "without `by`"),
        (panel("rate", at=[95]), "has `at`"),
        (panel("rate", value="x"), "exactly one"),
    ],
)
def test_a_panel_that_cannot_be_drawn_is_a_mistake_of_the_spec(wrong: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        Panel.model_validate(wrong)


def test_a_threshold_is_one_or_several() -> None:
    one = Panel.model_validate(panel("rate", threshold="5%"))
    several = Panel.model_validate(panel("rate", threshold=["5%", "ManyErrors"]))

    assert [str(value) for value in one.thresholds] == ["1/20"]
    assert [str(value) for value in several.thresholds] == ["1/20", "ManyErrors"]


def test_a_limit_of_an_alert_that_does_not_exist_draws_nothing() -> None:
    row = {"question": "Is it?", "panels": [panel("ratio", threshold="Unknown")]}
    board = boards(plan(boards={"one": Board.model_validate({"title": "One", "rows": [row]})}))["one"]

    assert [target["refId"] for target in named(board, "Is ratio well?")["targets"]] == ["A"]
