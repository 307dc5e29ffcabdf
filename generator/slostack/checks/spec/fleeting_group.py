"""fleeting-group (warning): an availability SLO grouped by what every rollout replaces, and then misses."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.spec.references import slos
from slostack.plan.indicators import series_of_targets
from slostack.problems import Problem
from slostack.promql import selector
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODE = "fleeting-group"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A warning for each label of `by` whose values go with their process, where what is gone counts as down.

    `instance` is such a label of `up` alone: of a probe it is what is probed.
    """
    for path, service, name, slo in slos(spec):
        if slo.availability is None or (slo.availability.series is None and service.job is None):
            continue
        series = slo.availability.series or series_of_targets(service)
        watched = selector(series)
        for label in slo.by:
            if watched is not None and (label == "pod" or (label == "instance" and watched.name == "up")):
                sentence = f"`{name}` has a budget for each `{label}`, and one that a rollout retires counts as down"
                remedy = f"leave `{label}` out, or write `series: max by ({label}) ({series})`, which misses nobody"
                yield places.problem(CODE, sentence, remedy, (*path, "by"), key=True, severity="warning")
