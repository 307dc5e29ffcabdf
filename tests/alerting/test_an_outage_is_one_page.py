"""ServiceDown beside a page for the same outage, minute by minute in promtool, however late the rules know of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_one_incident_is_one_alert import MINUTES, firing, series

SPEC = """
version: 1
teams: {{shop: {{page: {{webhook: "http://x/p"}}, ticket: {{webhook: "http://x/t"}}}}}}
services:
  shop:
    team: shop
    job: shop
    down: {down}
    slos:
      up: {{promise: The shop is up, objective: 99.9, availability: {availability}}}
"""
BEGIN, END = 20, 40
DOWN, FAST = "ServiceDown/threshold", "ShopUpBurnsFast/1h"


def outage(late: int, after: float = 0) -> list[dict[str, str]]:
    """No target answers for twenty minutes, and then all but a share of them; windows may know of it minutes late."""
    bad = [1.0 if BEGIN <= at < END else after if at >= END else 0.0 for at in range(MINUTES)]
    up = {"series": 'up{job="shop",instance="a"}', "values": " ".join("0" if one == 1 else "1" for one in bad)}
    return [up, *series("shop-up", bad=bad, late=late)]


@pytest.mark.parametrize(
    ("down", "availability"),
    [
        ("{}", "{}"),
        ("{slo: up}", "{}"),
        ("{for: 2m}", "{}"),
        ("{}", "{series: 'up{job=\"shop\"}'}"),
        ("{slo: up}", "{series: probe_success}"),
    ],
)
@pytest.mark.parametrize("late", [0, 1, 2, 3])
def test_an_outage_is_one_page_from_its_beginning_to_its_end(
    tmp_path: Path, down: str, availability: str, late: int
) -> None:
    spec = SPEC.format(down=down, availability=availability)
    during = [(at, [DOWN]) for at in range(BEGIN + 3, END + 6)]
    after = [(at, []) for at in range(END + 6, END + 60)]
    firing(tmp_path, outage(late), [(BEGIN - 1, []), (BEGIN + 1, [DOWN] if down != "{for: 2m}" else [])], spec, "page")
    firing(tmp_path, outage(late), during + after, spec, "page")


def test_what_stays_broken_after_an_outage_is_told(tmp_path: Path) -> None:
    spec = SPEC.format(down="{}", availability="{}")
    firing(tmp_path, outage(0, after=0.5), [(END, [DOWN]), (END + 12, [FAST]), (END + 60, [FAST])], spec, "page")


def test_an_alert_that_waits_longer_than_the_windows_keeps_no_page_waiting(tmp_path: Path) -> None:
    spec = SPEC.format(down="{for: 10m}", availability="{}")
    firing(tmp_path, outage(0), [(BEGIN + 3, [FAST]), (BEGIN + 12, [FAST, DOWN])], spec, "page")


def test_another_kind_of_outage_is_a_page_of_its_own(tmp_path: Path) -> None:
    spec = SPEC.format(down="{}", availability="{series: probe_success}")
    firing(tmp_path, outage(0), [(BEGIN + 3, [FAST, DOWN])], spec, "page")


def test_a_service_that_is_down_as_a_ticket_keeps_no_page_waiting(tmp_path: Path) -> None:
    spec = SPEC.format(down="{severity: ticket}", availability="{}")
    firing(tmp_path, outage(0), [(BEGIN + 3, [FAST]), (END + 3, [FAST])], spec, "page")
