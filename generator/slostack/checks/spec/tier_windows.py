"""tier-windows: the windows of a set of tiers must be ones that the recorded counts can add up to."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.burnrate import HOUR, MINUTE
from slostack.checks.spec.references import known_tiers, slos
from slostack.problems import Problem
from slostack.promql import duration
from slostack.spec.model import Spec
from slostack.spec.places import Places
from slostack.spec.shape import Path

CODE = "tier-windows"
TILED_BEYOND = 6 * HOUR  # longer windows are read from counts of five minutes


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each window that does not fit the counts, the other tiers, or an SLO's period."""
    for name, tiers in spec.tiers.items():
        seen: set[tuple[str, int]] = set()
        for number, tier in enumerate(tiers):
            path: Path = ("tiers", name, number)
            for key, seconds in (("long", tier.long), ("short", tier.short)):
                yield from _grain((*path, key), seconds, places)
            if (tier.severity, tier.long) in seen:
                sentence = f"`{name}` has two {tier.severity} tiers over {duration(tier.long)}"
                yield places.problem(CODE, sentence, "give one of them another `long`", (*path, "long"))
            seen.add((tier.severity, tier.long))
    for path, _, _, slo in slos(spec):
        period = slo.period or spec.period
        longest = max((tier.long for tier in known_tiers(slo, spec)), default=0)
        if longest > period:
            sentence = f"the period of {duration(period)} is shorter than the tiers' window of {duration(longest)}"
            remedy = "choose a longer period, or name a set of `tiers` with shorter windows"
            # The default tiers fit every period, so where no period is written a set of tiers is.
            yield places.problem(CODE, sentence, remedy, (*path, "period" if slo.period else "tiers"))


def _grain(path: Path, seconds: int, places: Places) -> Iterator[Problem]:
    if seconds <= TILED_BEYOND and seconds % MINUTE:
        sentence = f"the window {duration(seconds)} is not of whole minutes"
        yield places.problem(CODE, sentence, "events are counted by the minute; round it", path)
    elif seconds > TILED_BEYOND and seconds % (5 * MINUTE):
        sentence = f"the window {duration(seconds)} is longer than 6h and not of whole five minutes"
        yield places.problem(CODE, sentence, "long windows are added up from five minutes; round it", path)
