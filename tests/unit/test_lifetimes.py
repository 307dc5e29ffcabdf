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
      ratio: {promise: Orders are right, objective: 99.9, ratio: r}
      up: {promise: The shop is up, objective: 99.9, availability: {series: probe_success}}
"""
EVERYTHING = Fraction(1)
ONE_IN_TEN, ONE_IN_A_HUNDRED = Fraction(1, 10), Fraction(1, 100)


def planned() -> dict[str, SloPlan]:
    spec = parse(SPEC, "slo.yaml").spec
    assert spec is not None
    return {slo.name: slo for slo in build(spec).slos}


@pytest.fixture
def requests() -> SloPlan:
    return planned()["requests"]


@pytest.fixture
def ratio() -> SloPlan:
    """Measured in minutes: 60 an hour."""
    return planned()["ratio"]


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


def test_what_is_measured_in_time_waits_for_its_three_minutes(ratio: SloPlan) -> None:
    """99.9 %: the burn rates of the windows need 51.84 s, 8 min 38 s and 3.6 h."""
    hour, six, *_ = ratio.tiers

    assert fires_after(ratio, "page", EVERYTHING) == (3 * MINUTE + cadence.delay(HOUR), hour)
    assert fires_after(ratio, "page", ONE_IN_TEN) == (30 * MINUTE + cadence.delay(HOUR), hour)
    assert fires_after(ratio, "page", ONE_IN_A_HUNDRED) == (300 * MINUTE + cadence.delay(6 * HOUR), six)
    # Where the burn rate takes longer than the guard, it decides.
    assert held_after(ratio, ratio.tiers[2], ONE_IN_TEN) == DAY * Fraction(3, 100) + cadence.delay(DAY)


def test_a_window_too_short_for_the_guard_never_holds(ratio: SloPlan) -> None:
    """60 minutes of 5 % are the three bad ones that it takes; of 2.88 %, twice the threshold, they are 1.7."""
    hour = ratio.tiers[0]
    only = replace(ratio, tiers=(hour,))

    assert held_after(ratio, hour, Fraction(5, 100)) == HOUR + cadence.delay(HOUR)
    assert held_after(ratio, hour, Fraction("0.0288")) is None
    assert ends_after(only, "page", Fraction("0.0288")) is None
    assert ends_after(only, "page", Fraction(5, 100)) is not None
    assert held_after(replace(ratio, minimum_events=61), hour, EVERYTHING) is None


def test_more_series_bring_the_guards_minutes_sooner(ratio: SloPlan) -> None:
    assert held_after(ratio, ratio.tiers[0], ONE_IN_TEN, 600) == Fraction("518.4") + cadence.delay(HOUR)


def test_known_traffic_brings_the_guards_failures_when_it_can(requests: SloPlan) -> None:
    hour = requests.tiers[0]

    assert held_after(requests, hour, ONE_IN_TEN, 60) == 30 * MINUTE + cadence.delay(HOUR)
    assert held_after(requests, hour, ONE_IN_TEN, 1200) == held_after(requests, hour, ONE_IN_TEN)
    assert held_after(requests, hour, ONE_IN_TEN, 20) is None


def test_an_availabilitys_minute_trails_because_it_is_a_mean_of_two(ratio: SloPlan) -> None:
    """The first minute of an outage counts as a part of one, however the two fall together."""
    up = planned()["up"]
    bad, minutes, latest = Fraction(0), 0, Fraction(0)
    for phase in (Fraction(second) for second in range(1, MINUTE + 1)):  # from the step to the first count
        bad, minutes = Fraction(0), 0
        while bad < up.minimum_failures:
            bad += min(1, (phase + MINUTE * minutes) / (2 * MINUTE))
            minutes += 1
        latest = max(latest, phase + MINUTE * (minutes - 1))
    waits = cadence.SHORT_EVERY + cadence.ALERTS_EVERY
    stated, exact = held_after(up, up.tiers[0], EVERYTHING), held_after(ratio, ratio.tiers[0], EVERYTHING)
    assert stated is not None
    assert exact is not None

    assert exact < latest + waits <= stated
