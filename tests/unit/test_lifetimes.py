"""When an alert begins and ends: the longest of its tiers, and every step of counting in between."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from slostack import cadence
from slostack.burnrate import DAY, HOUR, MINUTE, Severity
from slostack.plan.alerts import KEEP_FIRING
from slostack.plan.build import build
from slostack.plan.lifetimes import ends_after, fires_after, held_after
from slostack.plan.model import SloPlan
from slostack.spec.load import parse

SPEC = """
version: 1
teams: {shop: {page: {webhook: "http://x/p"}, ticket: {webhook: "http://x/t"}}}
services:
  shop:
    team: shop
    slos:
      requests: {promise: Orders succeed, objective: 99.9, events: {bad: bad_total, total: all_total}}
"""
EVERYTHING = Fraction(1)


@pytest.fixture
def requests() -> SloPlan:
    spec = parse(SPEC, "slo.yaml").spec
    assert spec is not None
    return build(spec).slos[0]


def test_every_step_between_a_scrape_and_an_alert_is_waited_for() -> None:
    counted = cadence.COUNTED_AGO + cadence.COUNTED_EVERY

    assert cadence.delay(5 * MINUTE) == cadence.delay(HOUR) == counted + MINUTE + 30
    assert cadence.delay(2 * HOUR) == cadence.delay(6 * HOUR) == counted + 2 * MINUTE + 30
    assert cadence.delay(DAY) == counted + MINUTE + 5 * MINUTE + 2 * MINUTE + 30
    assert cadence.delay(3 * DAY) == cadence.delay(DAY) + 10 * MINUTE


def test_the_first_tier_to_hold_is_the_alert(requests: SloPlan) -> None:
    hour, six, day, days = requests.tiers

    assert fires_after(requests, "page", EVERYTHING) == (Fraction("51.84") + cadence.delay(HOUR), hour)
    # Of one in a hundred the hour's tier knows nothing, and the tickets' tiers need the same share of the budget.
    assert fires_after(requests, "page", Fraction(1, 100)) == (held_after(requests, six, Fraction(1, 100)), six)
    assert fires_after(requests, "ticket", EVERYTHING) == (held_after(requests, day, EVERYTHING), day)
    assert held_after(requests, days, EVERYTHING) == Fraction("259.2") + cadence.delay(3 * DAY)


def test_an_alert_lasts_as_long_as_the_longest_of_its_tiers(requests: SloPlan) -> None:
    # 30 min · (1 − 6 / 1000) of the six hours' tier, not 5 min · (1 − 14.4 / 1000) of the hour's.
    longest = 30 * MINUTE * (1 - Fraction(6, 1000))
    assert ends_after(requests, "page", EVERYTHING) == longest + cadence.delay(30 * MINUTE) + KEEP_FIRING["page"]
    tickets = 6 * HOUR * (1 - Fraction(1, 1000))
    assert ends_after(requests, "ticket", EVERYTHING) == tickets + cadence.delay(6 * HOUR) + KEEP_FIRING["ticket"]


def test_a_tier_that_does_not_hold_keeps_nothing_going(requests: SloPlan) -> None:
    fast_only = replace(requests, tiers=requests.tiers[:1])
    alone = 5 * MINUTE * (1 - Fraction("14.4") / 100)

    assert ends_after(fast_only, "page", Fraction(1, 10)) == alone + cadence.delay(5 * MINUTE) + KEEP_FIRING["page"]


@pytest.mark.parametrize("severity", ["page", "ticket"])
def test_what_never_fires_never_ends(requests: SloPlan, severity: Severity) -> None:
    kept = Fraction(1, 1000)

    assert fires_after(requests, severity, kept) is None
    assert ends_after(requests, severity, kept) is None
