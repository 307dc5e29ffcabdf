"""no-series: an availability SLO without a series, on a service without a job whose `up` could serve."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.spec.references import slos
from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODE = "no-series"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each availability SLO that has nothing to measure."""
    for path, service, name, slo in slos(spec):
        if slo.availability is not None and slo.availability.series is None and service.job is None:
            sentence = f"`{name}` has no series, and `{path[1]}` has no job whose `up` could serve"
            remedy = "add `series: probe_success{…}`, or `job` to the service"
            yield places.problem(CODE, sentence, remedy, (*path, "availability"), key=True)
