"""Which `Host` a program answers to, against DNS rebinding.

A page from elsewhere may give its own host name this machine's address, and then counts as the same site as our
program. Its requests still carry that name: whoever answers only to names of its own is out of reach.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

_HOST = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<name>[^:]*))(?::\d*)?")


class AcceptedHosts:
    """The names of loopback, the address that is listened on, and `names`; letters' case does not count.

    Of a name that is a whole address (`https://inbox.example.org/`) the host counts: a proxy in front passes it on.
    """

    def __init__(self, listening: str, names: Iterable[str] = ()) -> None:
        """`listening` on every address (0.0.0.0, ::) accepts every address, but still no name."""
        self._names = {"localhost", listening.lower(), *(_name(name).lower() for name in names)} - {""}
        address = _address(listening)
        self._any_address = address is not None and address.is_unspecified

    def accept(self, host: str | None) -> bool:
        """Whether a request with this `Host` header is meant for us. Without one it comes from no browser."""
        if host is None:
            return True
        match = _HOST.fullmatch(host.strip())
        if match is None:
            return False
        name = (match["six"] or match["name"]).lower()
        address = _address(name)
        return name in self._names or (address is not None and (address.is_loopback or self._any_address))


def refusal(host: str | None) -> str:
    """The sentence for who asked with a `Host` that is not accepted."""
    return f"This program does not answer to the name {host!r}; start it with --allow-host to add one."


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add `--allow-host NAME`."""
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a host name by which it may be called, or a URL with it, besides localhost and addresses (repeatable)",
    )


def _name(text: str) -> str:
    return (urlsplit(text).hostname or "") if "://" in text else text


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
