"""no-buckets (warning): a latency SLO whose threshold cannot be checked against the histogram's buckets."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.spec.references import slos
from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODE = "no-buckets"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A warning for each latency SLO of a classic histogram that does not list its buckets."""
    for path, _, name, slo in slos(spec):
        if slo.latency is not None and slo.latency.buckets is None and not slo.latency.native:
            sentence = f"`{name}` lists no `buckets`, so nobody can check that its threshold is one of them"
            remedy = "add `buckets: [100ms, 300ms, 1s]` as the service has them, or `native: true`"
            yield places.problem(CODE, sentence, remedy, (*path, "latency"), key=True, severity="warning")
