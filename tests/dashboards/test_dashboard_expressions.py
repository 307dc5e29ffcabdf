"""What the boards ask Prometheus: it parses, it is cheap, and it runs at every speed."""

from __future__ import annotations

import re
from dataclasses import replace

import promql_parser
import pytest
from dashboard_plans import plan
from reading import VARIABLES, boards, expressions, filled, named, panels

from slostack.promql import duration_ms
from slostack.render.dashboards import render

ALL = boards(plan())
SCALED = boards(plan(time_scale=60))


@pytest.mark.parametrize("board", [*ALL.values(), *SCALED.values()], ids=[*ALL, *(f"{uid} x60" for uid in SCALED)])
def test_every_expression_parses(board: dict[str, object]) -> None:
    found = list(expressions(board))
    assert found
    for where, expression in found:
        try:
            promql_parser.parse(expression)
        except ValueError as error:
            pytest.fail(f"{where}: {error}\n{expression}")


@pytest.mark.parametrize("uid", ["slo-overview", "slo-shop"])
def test_pages_about_promises_read_recorded_series_only(uid: str) -> None:
    raw = {"http_duration_seconds_bucket", "process_start_time_seconds"}  # the heat map and its tail, restarts
    for where, expression in expressions(ALL[uid]):
        without_strings = re.sub(r'"[^"]*"', '""', expression)
        metrics = set(re.findall(r"([A-Za-z_:][\w:]*)\{", without_strings))
        assert all(name.startswith(("slo:", "ALERTS")) or name in raw for name in metrics), where


def test_tables_and_single_numbers_ask_once_and_not_over_a_range() -> None:
    for board in ALL.values():
        for panel in panels(board):
            if panel["type"] not in {"table", "gauge", "bargauge"}:
                continue
            over_time = [target["refId"] for target in panel["targets"] if target.get("range")]
            assert over_time in ([], ["Trend"]), panel["title"]


def test_every_duration_runs_through_the_time_lapse() -> None:
    for uid, board in ALL.items():
        before = dict(expressions(board))
        after = dict(expressions(SCALED[uid]))
        assert before.keys() == after.keys()
        for where, expression in before.items():
            own, scaled = _durations(expression), _durations(after[where])
            assert [duration_ms(text) for text in own] == [duration_ms(text) * 60 for text in scaled], where


def _durations(expression: str) -> list[str]:
    found = re.findall(r"\[(\d+\w+)[\]:]", expression) + re.findall(r"offset (\d+\w+)", expression)
    return [text for text in found if text not in VARIABLES.values()]


def test_in_a_time_lapse_rates_keep_their_height_and_periods_their_length_on_screen() -> None:
    rate = named(SCALED["every-kind"], "Is rate well?")["targets"][0]["expr"]
    spent = named(SCALED["slo-shop"], "How was the budget spent?")

    assert rate == "sum by (code) ((rate(http_requests_total[$__rate_interval]) / 60))"
    assert spent["timeFrom"] == "12h"
    assert SCALED["slo-overview"]["time"]["from"] == "now-24m"


def test_the_state_prefers_what_is_most_urgent() -> None:
    state = named(ALL["slo-shop"], "Is the promise kept?")["targets"][0]["expr"]
    ranks = [int(rank) for rank in re.findall(r"\* 0 \+ (\d)", state)]

    assert ranks == [5, 4, 3, 2, 1, 0]


def test_a_group_that_is_chosen_reaches_every_query_of_a_recorded_series_with_groups() -> None:
    for where, expression in expressions(ALL["slo-shop"]):
        for series in re.findall(
            r"slo:(?:error_ratio|error_budget_remaining:ratio|error:events|total:events)\{[^}]*\}", expression
        ):
            assert 'tenant=~"chosen"' in series, where


def test_periods_of_different_length_are_told_apart() -> None:
    gone = named(ALL["slo-shop"], "Gone when?")["targets"][0]["expr"]

    assert 'period="28d"' in gone
    assert "* 2419200 /" in gone
    assert 'period="30d"' in gone
    assert "* 2592000 /" in gone


def test_an_alerts_factor_shows_only_for_the_promises_that_have_it() -> None:
    burn = named(ALL["slo-shop"], "How fast does it burn?")
    by_name = {target["legendFormat"]: target["expr"] for target in burn["targets"]}

    assert (
        by_name["page from 14.4 × over 1h"]
        == '14.4 + 0 * max(slo:info{slo="$slo",slo=~"shop-requests|shop-speed|shop-up"} @ end())'
    )
    assert by_name["page from 13.44 × over 1h"] == '13.44 + 0 * max(slo:info{slo="$slo",slo=~"shop-groups"} @ end())'


def test_filled_leaves_no_variable_behind() -> None:
    assert filled('a{b=~"$slo"}[$__rate_interval] $state') == 'a{b=~"chosen"}[97s] >= 0'


def test_a_service_without_groups_or_latency_has_no_rows_about_them() -> None:
    simple = plan(boards={})
    simple = replace(simple, slos=simple.slos[:1], group_labels=(), periods=(simple.slos[0].period,))
    page = boards(simple)["slo-shop"]
    headings = [panel["title"] for panel in page["panels"] if panel["type"] == "row"]

    assert headings == ["What fails, and how much traffic is there?", "What to do now?"]
    for where, expression in expressions(page):
        assert promql_parser.parse(expression), where


def test_a_thousand_promises_stay_a_board_that_grafana_can_load() -> None:
    one = plan(boards={})
    many = tuple(replace(one.slos[0], id=f"shop-p{number}", name=f"p{number}") for number in range(1000))
    files = render(replace(one, slos=many))

    assert all(len(data) < 1_000_000 for data in files.values()), {path: len(data) for path, data in files.items()}


def test_what_was_achieved_is_cut_off_and_never_rounded_up() -> None:
    achieved = named(ALL["slo-shop"], "Achieved?")

    assert achieved["fieldConfig"]["defaults"]["decimals"] == 3  # one more than 99.95 has
    assert "* 100000 + 0.000001) / 100000" in achieved["targets"][0]["expr"]


def test_people_are_called_in_real_time_even_in_a_time_lapse() -> None:
    next_steps = named(SCALED["slo-shop"], "Where next?")

    assert "after 15m: the team's lead" in next_steps["options"]["content"]
