"""unknown-alert: a panel draws the limit of an alert that its service does not have, or that has no limit."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.spec.references import panels
from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places
from slostack.spec.shape import suggestion

CODE = "unknown-alert"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each threshold that names no alert with a limit."""
    for path, service, panel in panels(spec):
        for number, name in enumerate(panel.thresholds):
            if not isinstance(name, str):
                continue
            place = (*path, "threshold", number) if isinstance(panel.threshold, list) else (*path, "threshold")
            limited = [known for known, alert in service.alerts.items() if alert.when is not None]
            if name not in service.alerts:
                remedy = suggestion(name, limited, "write a number, or add the alert")
                yield places.problem(CODE, f"`{path[1]}` has no alert `{name}`", remedy, place)
            elif name not in limited:
                sentence = f"the alert `{name}` fires on an absence and has no limit to draw"
                yield places.problem(CODE, sentence, "write a number, or another alert", place)
