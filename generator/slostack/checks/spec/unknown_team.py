"""unknown-team: a service or the monitoring names a team that is not in `teams`."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places
from slostack.spec.shape import Path, suggestion

CODE = "unknown-team"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each name of a team that does not exist."""
    named: list[tuple[Path, str | None]] = [(("monitoring_team",), spec.monitoring_team)]
    named += [(("services", name, "team"), service.team) for name, service in spec.services.items()]
    for path, team in named:
        if team is not None and team not in spec.teams:
            yield places.problem(
                CODE,
                f"there is no team `{team}`",
                suggestion(team, list(spec.teams), "add it to `teams`"),
                path,
            )
