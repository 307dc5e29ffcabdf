"""no-mail: a team is told by e-mail, and the spec names no mail server."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODE = "no-mail"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each receiver whose e-mail has no server to leave through."""
    if spec.mail is not None:
        return
    for name, team in spec.teams.items():
        for severity, receiver in (("page", team.page), ("ticket", team.ticket)):
            if receiver.email is not None:
                sentence = f"`{name}` is told by e-mail, and there is no mail server"
                remedy = "add `mail: {smarthost: mail.example.org:587, from: alerts@example.org}` at the top"
                yield places.problem(CODE, sentence, remedy, ("teams", name, severity, "email"), key=True)
