"""board-uid: a board's name is its address in Grafana, so it must be its own and at most 40 characters long."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places
from slostack.spec.shape import Path

CODE = "board-uid"
LONGEST = 40  # characters that Grafana takes as a dashboard's uid
OVERVIEW = "slo-overview"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each board whose name is taken or too long."""
    taken = {OVERVIEW: "the overview of all SLOs"}
    for name in spec.services:
        uid = f"slo-{name}"[:LONGEST]
        if uid in taken:
            sentence = f"the SLO board of `{name}` has the address `{uid}`, which is already that of {taken[uid]}"
            remedy = f"rename the service, in its first {LONGEST - 4} characters"
            yield places.problem(CODE, sentence, remedy, ("services", name), key=True)
        taken.setdefault(uid, f"the SLO board of `{name}`")
    for name, service in spec.services.items():
        for board in service.boards:
            path: Path = ("services", name, "boards", board)
            if len(board) > LONGEST:
                sentence = f"the board name `{board}` has {len(board)} characters, and Grafana takes {LONGEST}"
                yield places.problem(CODE, sentence, "shorten it", path, key=True)
            if board in taken:
                sentence = f"the board name `{board}` is already that of {taken[board]}"
                yield places.problem(CODE, sentence, "choose another name", path, key=True)
            taken.setdefault(board, f"a board of `{name}`")
