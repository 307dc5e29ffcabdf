"""no-slos (warning): a service that promises nothing."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODE = "no-slos"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A warning for each service without SLOs."""
    for name, service in spec.services.items():
        if not service.slos:
            sentence = f"`{name}` has no SLOs, so nothing says when its users suffer"
            remedy = "add `slos` with what its users were promised"
            yield places.problem(CODE, sentence, remedy, ("services", name), key=True, severity="warning")
