"""Ports on loopback: which are free, and who is in the way."""

from __future__ import annotations

import socket
from collections.abc import Mapping

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


def free(names: Mapping[str, int] | list[str]) -> dict[str, int]:
    """A free port for each name, all different."""
    sockets = {name: socket.socket() for name in names}
    try:
        for one in sockets.values():
            one.bind((HOST, 0))
        return {name: one.getsockname()[1] for name, one in sockets.items()}
    finally:
        for one in sockets.values():
            one.close()


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
