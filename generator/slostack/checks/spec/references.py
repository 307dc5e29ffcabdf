"""Steps through a spec that several checks take, with the path of everything on the way."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.burnrate import Tier
from slostack.plan.build import alert_names, tiers_of
from slostack.spec.boards import Panel
from slostack.spec.model import Alert, Service, Slo, Spec
from slostack.spec.shape import Path


def slos(spec: Spec) -> Iterator[tuple[Path, Service, str, Slo]]:
    """Every SLO: its path, its service, its name."""
    for service_name, service in spec.services.items():
        for name, slo in service.slos.items():
            yield ("services", service_name, "slos", name), service, name, slo


def alerts(spec: Spec) -> Iterator[tuple[Path, Service, str, Alert]]:
    """Every alert that an owner wrote: its path, its service, its name."""
    for service_name, service in spec.services.items():
        for name, alert in service.alerts.items():
            yield ("services", service_name, "alerts", name), service, name, alert


def panels(spec: Spec) -> Iterator[tuple[Path, Service, Panel]]:
    """Every panel of every board: its path and its service."""
    for service_name, service in spec.services.items():
        for name, board in service.boards.items():
            for row_number, row in enumerate(board.rows):
                for number, panel in enumerate(row.panels):
                    place = ("services", service_name, "boards", name, "rows", row_number, "panels", number)
                    yield place, service, panel


def known_tiers(slo: Slo, spec: Spec) -> tuple[Tier, ...]:
    """The tiers of an SLO; none where it names a set that does not exist."""
    return tiers_of(slo, spec) if slo.tiers in {None, "standard", *spec.tiers} else ()


def firing_tiers(slo: Slo, spec: Spec) -> tuple[Tier, ...]:
    """The tiers of an SLO whose alert is not off."""
    tiers = known_tiers(slo, spec)
    named = alert_names("x", "x", slo, tiers)
    return tuple(tier for tier in tiers if tier.severity in named)
