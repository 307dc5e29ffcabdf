"""Error-budget arithmetic: exact, pure, no I/O.

Symbols, after the Google SRE Workbook, chapter 5, "Alerting on SLOs": objective o (0 < o < 1), error budget
b = 1 − o, period T, error ratio e, burn rate r = e / b, factor B of a tier, its long and short windows.
All ratios are `Fraction`s, all durations whole seconds, so that 14.4 × 0.001 is 0.0144 and nothing beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Severity = Literal["page", "ticket"]

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True)
class Tier:
    """One burn-rate condition: this share of the period's budget is spent within the long window.

    `share` is in (0, 1]; `long` and `short` are seconds. The short window only ends the alert soon after recovery.
    """

    severity: Severity
    share: Fraction
    long: int
    short: int

    def factor(self, period: int) -> Fraction:
        """Burn rate at which the tier fires, for a period in seconds: share · T / w_long."""
        return self.share * period / self.long

    def threshold(self, period: int, budget: Fraction) -> Fraction:
        """Error ratio above which the tier fires: B · b. At 1 or above it can never fire."""
        return self.factor(period) * budget


# The Workbook's recommended parameters (table 5-8): 2 %, 5 % and 10 % of a 30 d budget, as pages and a ticket;
# the 1 d tier is the customary fourth. 30 d gives the familiar factors 14.4, 6, 3 and 1; 28 d gives 13.44, 5.6, 2.8 and
# 14/15. A longer period makes them larger, a shorter one needs other shares: see `standard_tiers`.
STANDARD_TIERS: tuple[Tier, ...] = (
    Tier("page", Fraction(2, 100), HOUR, 5 * MINUTE),
    Tier("page", Fraction(5, 100), 6 * HOUR, 30 * MINUTE),
    Tier("ticket", Fraction(10, 100), DAY, 2 * HOUR),
    Tier("ticket", Fraction(10, 100), 3 * DAY, 6 * HOUR),
)

_WORKBOOK_PERIOD = 30 * DAY
_SHORTEST_SHARED = 28 * DAY


def standard_tiers(period: int) -> tuple[Tier, ...]:
    """The default tiers of a period in seconds.

    From 28 days on they are `STANDARD_TIERS`. In a shorter period the same shares would be spent by burn rates that
    keep the promise, and would wake people for seconds of an outage. People are as fast as ever, so windows and burn
    rates stay those of 30 days, and the shares grow. A tier that would tell only when more than half of the budget is
    gone gets a lower burn rate, but never one below 1. A window that is longer than the period is left out.
    """
    if period >= _SHORTEST_SHARED:
        return STANDARD_TIERS
    return tuple(
        replace(tier, share=_short_factor(tier, period) * tier.long / period)
        for tier in STANDARD_TIERS
        if tier.long <= period
    )


def _short_factor(tier: Tier, period: int) -> Fraction:
    half_spent = Fraction(period, 2 * tier.long)
    return max(Fraction(1), min(tier.factor(_WORKBOOK_PERIOD), half_spent))


def budget(objective_percent: Decimal) -> Fraction:
    """Error budget b = 1 − o as a ratio, for an objective in percent (0 < objective < 100)."""
    return 1 - Fraction(objective_percent) / 100


def decimal_text(value: Fraction, digits: int = 12) -> str:
    """`value` in plain decimal notation, exact where that takes at most `digits` decimals, else rounded to them."""
    sign = "-" if value < 0 else ""
    scaled = abs(value) * 10**digits
    whole, fraction = divmod(round(scaled), 10**digits)
    return f"{sign}{whole}.{fraction:0{digits}d}".rstrip("0").rstrip(".")


def detection_seconds(tier: Tier, period: int, budget_ratio: Fraction, error_ratio: Fraction) -> Fraction | None:
    """Seconds from a step to `error_ratio` until the long window crosses the threshold: w_long · B / r.

    None where it never does (r ≤ B). What counting takes comes on top: see `slostack.plan.lifetimes`.
    """
    rate = error_ratio / budget_ratio
    factor = tier.factor(period)
    return None if rate <= factor else tier.long * factor / rate


def reset_seconds(tier: Tier, period: int, budget_ratio: Fraction, error_ratio: Fraction) -> Fraction | None:
    """Seconds from full recovery until the short window falls below the threshold: w_short · (1 − B / r).

    None where the tier never held (r ≤ B). It is the same after an incident of any length that made the tier hold.
    The alert goes on while another tier of its severity holds: see `slostack.plan.lifetimes`.
    """
    rate = error_ratio / budget_ratio
    factor = tier.factor(period)
    return None if rate <= factor else tier.short * (1 - factor / rate)


def failures_to_fire(tier: Tier, period: int, budget_ratio: Fraction, events: int) -> int:
    """Failed events out of `events` in the long window that make the tier fire: ⌊B · b · N⌋ + 1."""
    return int(tier.threshold(period, budget_ratio) * events) + 1


def events_below_which_one_failure_fires(tier: Tier, period: int, budget_ratio: Fraction) -> Fraction:
    """With fewer events than this in the long window, a single failure fires the tier: 1 / (B · b)."""
    return 1 / tier.threshold(period, budget_ratio)
