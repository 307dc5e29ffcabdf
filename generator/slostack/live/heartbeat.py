"""Whether the stack's own inbox takes the heartbeat, and under which name."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from slostack.plan.model import Plan


def expected(plan: Plan, inbox: str) -> str:
    """The name that the plan's heartbeat has at the inbox, whose address is `inbox` (`host:port`).

    Empty where the heartbeat leads elsewhere, nowhere, or to an address that only a secret file knows.
    """
    address = urlsplit(plan.heartbeat or "")
    parts = [part for part in address.path.split("/") if part]
    if address.netloc != inbox or len(parts) != 2 or parts[0] != "heartbeat":
        return ""
    return unquote(parts[1])
