"""unknown-tiers: an SLO names a set of tiers that is not in `tiers`."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.spec.references import slos
from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places
from slostack.spec.shape import suggestion

CODE = "unknown-tiers"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each SLO whose set of tiers does not exist."""
    known = ["standard", *(name for name in spec.tiers if name != "standard")]
    for path, _, _, slo in slos(spec):
        if slo.tiers is not None and slo.tiers not in known:
            remedy = suggestion(slo.tiers, known, "add it to `tiers`")
            yield places.problem(CODE, f"there is no set of tiers `{slo.tiers}`", remedy, (*path, "tiers"))
