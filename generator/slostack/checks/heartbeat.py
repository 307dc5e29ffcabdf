"""no-heartbeat (warning): nobody expects the Watchdog, so a monitoring that has died stays silent."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.context import Context
from slostack.problems import Problem
from slostack.render.alertmanager import CONFIG

CODE = "no-heartbeat"
READS = (CONFIG,)


def check(context: Context) -> Iterator[Problem]:
    """A warning where the spec names no heartbeat."""
    if context.plan.heartbeat is None and context.plan.heartbeat_file is None:
        sentence = "nobody expects the Watchdog, so nobody notices when Prometheus or Alertmanager die"
        remedy = "add `heartbeat: {url_file: …}`, the address of a service that raises the alarm when no beat comes"
        yield context.places.problem(CODE, sentence, remedy, ("heartbeat",), severity="warning")
