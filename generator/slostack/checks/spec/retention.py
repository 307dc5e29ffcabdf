"""retention: Prometheus must keep samples for the longest period and five days more."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.burnrate import DAY
from slostack.checks.spec.references import slos
from slostack.problems import Problem
from slostack.promql import duration
from slostack.spec.model import Spec
from slostack.spec.places import Places
from slostack.spec.shape import Path

CODE = "retention"
SPARE = 5 * DAY  # what an outage of the monitoring or a late look may take


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem where a budget's beginning would be forgotten before its period ends."""
    longest = max([spec.period, *(slo.period or 0 for _, _, _, slo in slos(spec))])
    if spec.retention >= longest + SPARE:
        return
    sentence = f"samples are kept for {duration(spec.retention)}, and the longest period is {duration(longest)}"
    path: Path = ("retention",)
    if places.node(path) is None:  # the default is too short for a period that somebody wrote
        path = next(((*place, "period") for place, _, _, slo in slos(spec) if slo.period == longest), ("period",))
    yield places.problem(CODE, sentence, f"set `retention: {duration(longest + SPARE)}` or more", path)
