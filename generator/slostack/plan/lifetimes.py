"""When an SLO's alert begins and ends: the arithmetic of its tiers and guards, and what counting them takes.

An incident is one alert: whichever tier of a severity fires, it goes on while any tier of that severity holds
(`plan.alerts.burn_expression`). All times assume a step from no errors to an error ratio, traffic that stays the same,
and for tickets an SLO older than their windows. Where the traffic is known the guards' times are in them, else it is
taken to be enough for the guards. Known is what is measured in time: a group's single series gives an event a minute.
A scrape, which begins it all, Alertmanager's group wait, which ends it, and what an SLO's own expression averages come
on top.
"""

from __future__ import annotations

from fractions import Fraction

from slostack import cadence
from slostack.burnrate import HOUR, Severity, Tier, detection_seconds, reset_seconds
from slostack.plan.alerts import KEEP_FIRING
from slostack.plan.model import SloPlan


def hourly_events(slo: SloPlan, given: int | None = None) -> int | None:
    """Events an hour as `given`, or those of one series where time is measured; None where nobody knows."""
    return HOUR // cadence.COUNTED_EVERY if given is None and slo.measures == "time" else given


def held_after(slo: SloPlan, tier: Tier, error_ratio: Fraction, hourly: int | None = None) -> Fraction | None:
    """Seconds at most from the step until the rules see the tier hold, with as many events an hour, if that is known.

    The later of w_long · B / r and the time in which the least number of failures happens, and the delay of the tier's
    window. None where it never does: r ≤ B, or a window that cannot hold what the guards need.
    """
    detected = detection_seconds(tier, slo.period, slo.budget, error_ratio)
    guarded = _guarded(slo, tier, error_ratio, hourly_events(slo, hourly))
    if detected is None or guarded is None:
        return None
    return max(detected, guarded) + _trail(slo) + cadence.delay(tier.long)


def _guarded(slo: SloPlan, tier: Tier, error_ratio: Fraction, hourly: int | None) -> Fraction | None:
    """Seconds until the SLO's guards let the tier hold; None where its window cannot hold as much as they need."""
    if hourly is None:
        return Fraction(0)
    events = Fraction(hourly * tier.long, HOUR)
    if events * error_ratio < slo.minimum_failures or events < slo.minimum_events:
        return None
    return HOUR * slo.minimum_failures / (error_ratio * hourly)


def _trail(slo: SloPlan) -> int:
    """Seconds by which a minute that is a mean of more trails: by half of that it takes more minutes to add up."""
    return cadence.SLICE // 2 if slo.kind == "availability" else 0


def fires_after(
    slo: SloPlan, severity: Severity, error_ratio: Fraction, hourly: int | None = None
) -> tuple[Fraction, Tier] | None:
    """Seconds at most from the step until the alert of a severity fires, and the tier that does it.

    None where none does. The tier is the one that surely holds first.
    """
    held = [
        (seconds, tier)
        for tier in slo.tiers
        if tier.severity == severity and (seconds := held_after(slo, tier, error_ratio, hourly)) is not None
    ]
    return min(held, key=lambda each: each[0], default=None)


def ends_after(slo: SloPlan, severity: Severity, error_ratio: Fraction, hourly: int | None = None) -> Fraction | None:
    """Seconds at most from full recovery until the alert of a severity ends; None where it does not fire.

    The longest w_short · (1 − B / r) of the tiers that came to hold, each with the delay of its short window, and then
    `keep_firing_for`. It is that long after an incident in which all those tiers came to hold, which is one that
    lasted as long as the slowest takes; after a shorter one it is less.
    """
    resets = [
        seconds + _trail(slo) + cadence.delay(tier.short)
        for tier in slo.tiers
        if tier.severity == severity
        and held_after(slo, tier, error_ratio, hourly) is not None
        and (seconds := reset_seconds(tier, slo.period, slo.budget, error_ratio)) is not None
    ]
    return max(resets) + KEEP_FIRING[severity] if resets else None
