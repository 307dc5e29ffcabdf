"""Ports on loopback: which are free, and who is in the way."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection, Mapping

from slostack.failure import MISSING, Failure

HOST = "127.0.0.1"
# The usual ports, so that links from elsewhere keep working.
USUAL = {
    "prometheus": 9090,
    "alertmanager": 9093,
    "inbox": 9099,
    "runbooks": 9098,
    "workload": 8000,
    "grafana": 3000,
}
# What `free` chooses from: below the ports that Linux (from 32768) and others give to connections by themselves.
CHOICE = range(20_000, 32_768)


def free(names: Collection[str]) -> dict[str, int]:
    """A free port for each name, all different, by chance, so that two who choose at a time get others.

    A port is free now, and used seconds later: the kernel gives none of these to anybody who asks for any port.
    Raises Failure where there are too few.
    """
    shuffled = random.SystemRandom().sample(CHOICE, len(CHOICE))
    found = dict(zip(names, filter(_can_listen, shuffled), strict=False))
    if len(found) < len(names):
        raise Failure(
            f"fewer than {len(names)} ports from {CHOICE[0]} to {CHOICE[-1]} are free: stop what listens there",
            MISSING,
        )
    return found


def check(ports: Mapping[str, int]) -> None:
    """Raise Failure where a port cannot be had, naming every such port at once."""
    taken = [f"{port} ({name})" for name, port in ports.items() if not _can_listen(port)]
    if taken:
        what = "port is" if len(taken) == 1 else "ports are"
        raise Failure(
            f"{what} taken: {', '.join(taken)} — stop what listens there, or pass --free-ports to use others", MISSING
        )


def _can_listen(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
