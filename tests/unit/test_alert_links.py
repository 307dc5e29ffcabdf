"""The links and commands of an alert, in real time and in a time-lapse."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from slostack.plan.texts import Addresses
from slostack.spec.model import Links

ASKED = 'sum(increase(x_total{window="5m"}[5m]))'


@pytest.mark.parametrize(
    ("time_scale", "asked", "past"),
    [(1, ASKED, "6h"), (60, 'sum(increase(x_total{window="5m"}[5s]))', "6m")],
)
def test_a_time_lapse_asks_for_what_its_rules_ask(time_scale: int, asked: str, past: str) -> None:
    to = Addresses(Links(), time_scale=time_scale)
    query = parse_qs(urlsplit(to.graph(ASKED)).query)

    assert (query["g0.expr"], query["g0.range_input"]) == ([asked], [past])
    assert asked in to.query_command(ASKED)
    assert parse_qs(urlsplit(to.board("uid", {}, ())).query)["from"] == [f"now-{past}"]
