"""When an SLO's alert begins and ends: the arithmetic of its tiers, and what counting them takes.

An incident is one alert: whichever tier of a severity fires, it goes on while any tier of that severity holds
(`plan.alerts.burn_expression`). All times assume a step from no errors to an error ratio, traffic that stays the same
and is enough for the guards, and for tickets an SLO older than their windows. A scrape, which begins it all, and
Alertmanager's group wait, which ends it, come on top.
"""

from __future__ import annotations

from fractions import Fraction

from slostack import cadence
from slostack.burnrate import Severity, Tier, detection_seconds, reset_seconds
from slostack.plan.alerts import KEEP_FIRING
from slostack.plan.model import SloPlan


def held_after(slo: SloPlan, tier: Tier, error_ratio: Fraction) -> Fraction | None:
    """Seconds at most from the step until the rules see the tier hold: w_long · B / r and the delay of its window.

    None where it never does (r ≤ B).
    """
    detected = detection_seconds(tier, slo.period, slo.budget, error_ratio)
    return None if detected is None else detected + cadence.delay(tier.long)


def fires_after(slo: SloPlan, severity: Severity, error_ratio: Fraction) -> tuple[Fraction, Tier] | None:
    """Seconds at most from the step until the alert of a severity fires, and the tier that does it.

    None where none does. The tier is the one that surely holds first.
    """
    held = [
        (seconds, tier)
        for tier in slo.tiers
        if tier.severity == severity and (seconds := held_after(slo, tier, error_ratio)) is not None
    ]
    return min(held, key=lambda each: each[0], default=None)


def ends_after(slo: SloPlan, severity: Severity, error_ratio: Fraction) -> Fraction | None:
    """Seconds at most from full recovery until the alert of a severity ends; None where it does not fire.

    The longest w_short · (1 − B / r) of the tiers with B < r, each with the delay of its short window, and then
    `keep_firing_for`. It is that long after an incident in which all those tiers came to hold, which is one that
    lasted w_long · B / r of the slowest; after a shorter one it is less.
    """
    resets = [
        seconds + cadence.delay(tier.short)
        for tier in slo.tiers
        if tier.severity == severity
        and (seconds := reset_seconds(tier, slo.period, slo.budget, error_ratio)) is not None
    ]
    return max(resets) + KEEP_FIRING[severity] if resets else None
