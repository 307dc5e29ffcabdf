"""The arithmetic against the formulas and figures of the SRE Workbook, chapter 5."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from slostack import burnrate
from slostack.burnrate import DAY, HOUR, MINUTE, STANDARD_TIERS, budget, decimal_text, standard_tiers

MONTH = 30 * DAY
FAST, SLOW, TICKET, CREEPING = STANDARD_TIERS


def test_the_standard_tiers_have_the_workbooks_factors_over_30_days() -> None:
    assert [decimal_text(tier.factor(MONTH)) for tier in STANDARD_TIERS] == ["14.4", "6", "3", "1"]


def test_over_28_days_the_same_shares_give_other_factors() -> None:
    assert [tier.factor(28 * DAY) for tier in STANDARD_TIERS] == [
        Fraction("13.44"),
        Fraction("5.6"),
        Fraction("2.8"),
        Fraction(14, 15),
    ]


@pytest.mark.parametrize("days", [28, 30, 90, 365])
def test_from_four_weeks_on_the_shares_are_the_workbooks(days: int) -> None:
    assert standard_tiers(days * DAY) == STANDARD_TIERS


@pytest.mark.parametrize(
    ("days", "factors"),
    [
        (27, ["14.4", "6", "3", "1"]),
        (14, ["14.4", "6", "3", "1"]),
        (7, ["14.4", "6", "3", "1"]),
        (4, ["14.4", "6", "2", "1"]),
        (2, ["14.4", "4", "1"]),
        (1, ["12", "2", "1"]),
    ],
)
def test_below_four_weeks_the_burn_rates_are_kept_while_half_of_the_budget_is_left(
    days: int, factors: list[str]
) -> None:
    assert [decimal_text(tier.factor(days * DAY)) for tier in standard_tiers(days * DAY)] == factors


@pytest.mark.parametrize("days", range(1, 28))
def test_no_default_tier_of_a_short_period_alerts_while_the_promise_is_kept(days: int) -> None:
    tiers = standard_tiers(days * DAY)

    assert {tier.severity for tier in tiers} == {"page", "ticket"}
    assert min(tier.factor(days * DAY) for tier in tiers) == 1
    assert all(tier.long <= days * DAY and 0 < tier.share <= 1 for tier in tiers)
    assert [(tier.long, tier.short) for tier in tiers] == [(t.long, t.short) for t in STANDARD_TIERS[: len(tiers)]]


@pytest.mark.parametrize(
    ("objective", "expected"), [("99.9", "0.0144"), ("99.95", "0.0072"), ("99", "0.144"), ("99.999", "0.000144")]
)
def test_thresholds_are_exact(objective: str, expected: str) -> None:
    assert decimal_text(FAST.threshold(MONTH, budget(Decimal(objective)))) == expected


@pytest.mark.parametrize(("tier", "objective"), [(FAST, "93.06"), (SLOW, "83.34"), (TICKET, "66.67")])
def test_a_tier_is_unreachable_below_its_objective(tier: burnrate.Tier, objective: str) -> None:
    just_enough = Decimal(objective)

    assert tier.threshold(MONTH, budget(just_enough)) < 1
    assert tier.threshold(MONTH, budget(just_enough - Decimal("0.02"))) >= 1


def test_a_total_outage_at_999_is_detected_within_the_hours_share() -> None:
    # w_long · B / r = 60 min · 14.4 / 1000
    assert burnrate.detection_seconds(FAST, MONTH, Fraction(1, 1000), Fraction(1)) == Fraction("51.84")


def test_at_or_below_the_factor_a_tier_never_fires() -> None:
    at_threshold = FAST.threshold(MONTH, Fraction(1, 1000))

    assert burnrate.detection_seconds(FAST, MONTH, Fraction(1, 1000), at_threshold) is None
    assert burnrate.reset_seconds(FAST, MONTH, Fraction(1, 1000), at_threshold) is None


def test_reset_after_recovery_depends_on_the_short_window() -> None:
    # w_short · (1 − B / r), r = 100
    expected = 5 * MINUTE * (1 - Fraction("14.4") / 100)

    assert burnrate.reset_seconds(FAST, MONTH, Fraction(1, 1000), Fraction(1, 10)) == expected


def test_one_failure_in_few_events_is_enough() -> None:
    limit = burnrate.events_below_which_one_failure_fires(FAST, MONTH, Fraction(1, 1000))

    assert int(limit) == 69
    assert burnrate.failures_to_fire(FAST, MONTH, Fraction(1, 1000), 69) == 1
    assert burnrate.failures_to_fire(FAST, MONTH, Fraction(1, 1000), 70) == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(144, 10_000), "0.0144"),
        (Fraction(5), "5"),
        (Fraction(-1, 2), "-0.5"),
        (Fraction(1, 3), "0.333333333333"),
    ],
)
def test_numbers_carry_no_dust(value: Fraction, text: str) -> None:
    assert decimal_text(value) == text


def test_windows_of_the_standard_tiers() -> None:
    assert [(tier.long, tier.short) for tier in STANDARD_TIERS] == [
        (HOUR, 5 * MINUTE),
        (6 * HOUR, 30 * MINUTE),
        (DAY, 2 * HOUR),
        (3 * DAY, 6 * HOUR),
    ]
