"""kept-promise (warning): a burn-rate tier that alerts although the promise is kept.

A tier fires above a burn rate of B = share · T / w. At rate 1 the budget lasts exactly the period, so a tier whose
factor is below 1 tells of budgets that would have lasted. In a short period the even share of a long window is large,
and a share that is fine over 30 days is below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction

from slostack.burnrate import Tier, decimal_text
from slostack.checks.spec.references import firing_tiers, known_tiers, slos
from slostack.problems import Problem
from slostack.promql import duration
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODE = "kept-promise"
# A tier may tell a little early: 10 % of a 28-day budget in 3 days, which is customary, is a factor of 14/15.
LEAST_FACTOR = Fraction(9, 10)


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A warning for each tier and each period over which its factor is below 1; alerts that are off do not count."""
    for _, _, _, slo in slos(spec):
        period = slo.period or spec.period
        if slo.tiers is None or slo.tiers not in spec.tiers:
            continue  # the default tiers fit every period
        firing = firing_tiers(slo, spec)
        for number, tier in enumerate(known_tiers(slo, spec)):
            if tier in firing and tier.long <= period and tier.factor(period) < LEAST_FACTOR:
                path = ("tiers", slo.tiers, number, "budget")
                yield places.problem(CODE, *_words(tier, period), path, severity="warning")


def _words(tier: Tier, period: int) -> tuple[str, str]:
    sentence = (
        f"over a period of {duration(period)} the {tier.severity} tier over {duration(tier.long)} fires at "
        f"{decimal_text(tier.factor(period), 2)} times the allowed rate: it alerts although the promise is kept"
    )
    even = Fraction(tier.long, period) * 100
    least = (Decimal(even.numerator) / even.denominator).quantize(Decimal("0.01"), ROUND_CEILING)
    remedy = (
        f"write `budget: {least.normalize():f}` or more, or give the SLOs with a period of {duration(period)} "
        "`tiers` of their own"
    )
    return sentence, remedy
