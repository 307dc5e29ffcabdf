"""shared-job (warning): two services watch the same scrape job, so that one outage is told twice."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODE = "shared-job"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A warning for each service whose ServiceDown is about a job of which another service's tells already."""
    watching: dict[str, str] = {}
    for name, service in spec.services.items():
        if service.job is None or service.down == "off":
            continue
        first = watching.setdefault(service.job, name)
        if first != name:
            sentence = f"the job `{service.job}` of `{name}` is also that of `{first}`: ServiceDown tells of both"
            remedy = f"write `down: off` in one of the two services, or give `{name}` a job of its own"
            yield places.problem(CODE, sentence, remedy, ("services", name, "job"), severity="warning")
