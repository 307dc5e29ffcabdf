"""slo-id: two SLOs with one id, because both `a-b` + `c` and `a` + `b-c` are `a-b-c`; or a reserved service name."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.spec.references import slos
from slostack.plan.monitoring import SERVICE
from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODE = "slo-id"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each SLO whose id is taken, and for a service that is called like the monitoring."""
    if SERVICE in spec.services:
        sentence = f"the service name `{SERVICE}` is that of the monitoring itself"
        yield places.problem(CODE, sentence, "choose another name", ("services", SERVICE), key=True)
    first: dict[str, str] = {}
    for path, _, name, _ in slos(spec):
        identity = f"{path[1]}-{name}"
        if identity in first:
            sentence = f"the SLO id `{identity}` of `{path[1]}` is already that of an SLO of `{first[identity]}`"
            yield places.problem(CODE, sentence, "rename one of the two SLOs", path, key=True)
        first.setdefault(identity, str(path[1]))
