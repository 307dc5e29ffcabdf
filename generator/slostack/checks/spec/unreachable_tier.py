"""unreachable-tier: a burn-rate tier that stays silent even in a total outage.

A tier fires above an error ratio of B · b. At 1 or above nothing can exceed it, because all events failing is 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction

from slostack.burnrate import Tier, budget, decimal_text
from slostack.checks.spec.references import firing_tiers, slos
from slostack.problems import Problem
from slostack.promql import duration
from slostack.spec.model import Slo, Spec
from slostack.spec.places import Places

CODE = "unreachable-tier"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each tier that can never fire and whose alert is not off."""
    for path, _, _, slo in slos(spec):
        period = slo.period or spec.period
        for tier in firing_tiers(slo, spec):
            if tier.threshold(period, budget(slo.objective)) >= 1:
                yield places.problem(CODE, *_words(tier, slo, period), (*path, "objective"))


def _words(tier: Tier, slo: Slo, period: int) -> tuple[str, str]:
    factor = tier.factor(period)
    needed = decimal_text(tier.threshold(period, budget(slo.objective)) * 100, 1)
    sentence = (
        f"at {decimal_text(Fraction(slo.objective))} % the {tier.severity} tier {decimal_text(factor, 2)}× over "
        f"{duration(tier.long)} never fires: {needed} % of all events would have to fail"
    )
    bound = (1 - 1 / factor) * 100 if factor > 0 else Fraction(0)
    above = (Decimal(bound.numerator) / bound.denominator).quantize(Decimal("0.01"), ROUND_CEILING)
    remedy = (
        f"promise more than {above.normalize():f} %, name a set of `tiers` that fits, or switch the alert off with "
        f"`alerts: {{{tier.severity}: off}}`"
    )
    return sentence, remedy
