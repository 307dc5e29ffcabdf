"""period: an error budget's period is 1 to 400 whole days."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.burnrate import DAY
from slostack.checks.spec.references import slos
from slostack.problems import Problem
from slostack.promql import duration
from slostack.spec.model import Spec
from slostack.spec.places import Places
from slostack.spec.shape import Path

CODE = "period"
LONGEST = 400


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each period that is not of whole days, or too long."""
    given: list[tuple[Path, int]] = [(("period",), spec.period)]
    given += [((*path, "period"), slo.period) for path, _, _, slo in slos(spec) if slo.period is not None]
    for path, seconds in given:
        if seconds % DAY or seconds > LONGEST * DAY:
            sentence = f"the period {duration(seconds)} is not 1 to {LONGEST} whole days"
            yield places.problem(CODE, sentence, "write days, such as 28d or 30d", path)
