"""inline-address (warning): the address of a receiver on another machine stands in the spec, and may be a secret."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places
from slostack.spec.shape import Path

CODE = "inline-address"

_THIS_MACHINE = {"host.docker.internal", "host.containers.internal"}


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A warning for each `webhook` and for a `heartbeat` that leads to another machine: who knows it may write there.

    Names without a dot are those of programs in the same network, such as `inbox`.
    """
    for path, address, remedy in _addresses(spec):
        if not near(address):
            sentence = f"`{path[-1]}` has the address of another machine, which everybody who reads the spec can use"
            yield places.problem(CODE, sentence, remedy, path, severity="warning")


def near(address: str) -> bool:
    """Whether an address leads to this machine, or to a name without a dot."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return "." not in host or host.endswith(".localhost") or host in _THIS_MACHINE


def _addresses(spec: Spec) -> Iterator[tuple[Path, str, str]]:
    """Where an address stands, the address, and where it should stand instead."""
    if isinstance(spec.heartbeat, str):
        remedy = "put it into a file, and write `heartbeat: {url_file: secrets/heartbeat}`"
        yield ("heartbeat",), spec.heartbeat, remedy
    for name, team in spec.teams.items():
        for severity, receiver in (("page", team.page), ("ticket", team.ticket)):
            if receiver.webhook:
                remedy = f"put it into a file, and write `webhook_file: secrets/{name}-{severity}`"
                yield ("teams", name, severity, "webhook"), receiver.webhook, remedy
