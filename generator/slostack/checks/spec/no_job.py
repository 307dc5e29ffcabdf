"""no-job: `down` on a service that has no scrape job to be down."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.problems import Problem
from slostack.spec.model import Down, Spec
from slostack.spec.places import Places

CODE = "no-job"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each service whose `down` could never fire."""
    for name, service in spec.services.items():
        if service.job is None and "down" in service.model_fields_set and isinstance(service.down, Down):
            sentence = f"`{name}` has `down`, and no job whose targets could be down"
            yield places.problem(CODE, sentence, "add `job`, or remove `down`", ("services", name, "down"), key=True)
