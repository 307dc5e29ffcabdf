"""A notification as plain text: for the terminal, and for whoever reads without a browser."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inbox.message import Entry, Link, Message, compose

if TYPE_CHECKING:
    from inbox.notification import Notification


def render_text(notification: Notification, now: datetime | None = None) -> str:
    """The whole notification, ending in a newline. `now` (aware; default: this moment, local) sets zone and ages."""
    return render_message(compose(notification, now or datetime.now(UTC).astimezone()))


def render_message(message: Message) -> str:
    """Line 1: mark, word, summary. Line 2: service, environment, time. Then descriptions, command, links."""
    lines = [f"{message.level.mark} {message.level.word} {message.summary}"]
    place = [part for part in (message.service, message.environment, message.when) if part]
    if place:
        lines.append(" · ".join(place))
    if message.affected == 1:
        lines += _single(message.entries[0])
    else:
        lines += ["", f"{message.affected} affected, the worst first:"]
        for entry in message.entries:
            lines += _listed(entry)
        if message.more:
            lines.append(f"and {message.more} more")
    if message.recovered:
        lines.append(f"{message.recovered} already recovered")
    if message.command:
        lines += ["", "Run first:", *_indent(message.command)]
    if message.links:
        lines += ["", *_links(message.links)]
    return "\n".join(lines) + "\n"


def _single(entry: Entry) -> list[str]:
    body = [text for text in (entry.title, entry.description) if text]
    return ["", *body] if body else []


def _listed(entry: Entry) -> list[str]:
    head = " — ".join(part for part in (entry.title, entry.summary, entry.when) if part)
    lines = [f"{entry.level.mark} {head or entry.level.word}"]
    lines += _indent(entry.description) if entry.description else []
    lines += _indent(entry.command) if entry.command else []
    return lines + [f"  {line}" for line in _links(entry.links)]


def _links(links: tuple[Link, ...]) -> list[str]:
    return [f"{link.label + ':':<10} {link.url}{'' if link.safe else ' (not a web address)'}" for link in links]


def _indent(text: str) -> list[str]:
    return [f"  {line}" for line in text.split("\n")]
