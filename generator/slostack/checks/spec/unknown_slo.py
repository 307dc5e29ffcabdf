"""unknown-slo: an alert, `down` or a panel names an SLO that its service does not have."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.spec.references import alerts, panels
from slostack.problems import Problem
from slostack.spec.model import Down, Service, Spec
from slostack.spec.places import Places
from slostack.spec.shape import Path, suggestion

CODE = "unknown-slo"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each name of an SLO that does not exist."""
    for path, service, slo in _named(spec):
        if slo not in service.slos:
            remedy = suggestion(slo, list(service.slos), f"add it to the `slos` of `{path[1]}`, or remove the key")
            yield places.problem(CODE, f"`{path[1]}` has no SLO `{slo}`", remedy, path)


def _named(spec: Spec) -> Iterator[tuple[Path, Service, str]]:
    for name, service in spec.services.items():
        if isinstance(service.down, Down) and service.down.slo is not None:
            yield ("services", name, "down", "slo"), service, service.down.slo
    for path, service, _, alert in alerts(spec):
        if alert.slo is not None:
            yield (*path, "slo"), service, alert.slo
    for path, service, panel in panels(spec):
        if panel.slo is not None:
            yield (*path, "slo"), service, panel.slo
