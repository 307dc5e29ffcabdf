"""hours: working hours that cannot be read, or a time zone that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.problems import Problem
from slostack.spec.hours import parse_hours
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODE = "hours"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each team whose working hours mean nothing."""
    for name, team in spec.teams.items():
        if team.ticket.hours is None:
            continue
        try:
            parse_hours(team.ticket.hours)
        except ValueError as error:
            sentence, _, remedy = str(error).partition("|")
            yield places.problem(CODE, f"`hours` {sentence}", remedy, ("teams", name, "ticket", "hours"))
