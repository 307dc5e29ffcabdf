"""What a notification says, composed once: the page, the plain text and the terminal all show this."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from sys import intern
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from inbox.notification import RESOLVED, Alert, Notification

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_ENTRIES = 3
_MAX_LINE, _MAX_TEXT = 300, 2000
_NOT_GROUPS = frozenset(
    {"alertname", "severity", "tier", "team", "service", "slo", "environment", "window", "period", "shard"}
)
_LINKS = (
    ("Runbook", "runbook_url"),
    ("Dashboard", "dashboard_url"),
    ("Traces", "traces_url"),
    ("Graph", "query_url"),
    ("Silence", "silence_url"),
)
_ONLY_WHILE_FIRING = frozenset({"query_url", "silence_url"})


@dataclass(frozen=True, slots=True)
class Level:
    """How much it matters: a shape and a word, so that colour never carries it alone. Rank 0 is the worst."""

    key: str
    mark: str
    word: str
    rank: int


PAGE = Level("page", "■", "PAGE", 0)
TICKET = Level("ticket", "▲", "TICKET", 1)
OTHER = Level("alert", "◆", "ALERT", 2)
DONE = Level("resolved", "●", "RESOLVED", 3)
_BY_SEVERITY = {"page": PAGE, "ticket": TICKET}


@dataclass(frozen=True, slots=True)
class Link:
    """A labelled address; `safe` says that it is http or https and may be followed."""

    label: str
    url: str
    safe: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One group of a notification (a tenant, an instance); texts are empty where they repeat the first line."""

    level: Level
    title: str
    summary: str
    description: str
    when: str
    command: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A notification in reading order.

    `affected` counts its groups, `more` those that are not among `entries`. While it fires, groups that have recovered
    are only counted, in `recovered`.
    """

    level: Level
    summary: str
    service: str
    environment: str
    since: datetime | None
    when: str
    affected: int
    entries: tuple[Entry, ...]
    more: int
    recovered: int
    command: str
    links: tuple[Link, ...]


def compose(notification: Notification, now: datetime) -> Message:
    """Pure: the same notification at the same `now` (aware) gives the same message. Times are in `now`'s zone."""
    content = notification.content
    resolved = content.status == RESOLVED
    counted = [alert for alert in content.alerts if alert.status == content.status] or list(content.alerts)
    groups = _worst_of_each_group(counted)
    recovered = 0 if resolved else len({_group_key(alert) for alert in content.alerts}) - len(groups)
    first = groups[0]
    level = DONE if resolved else level_of(first)
    starts = [alert.starts_at for alert in counted if alert.starts_at]
    ends = [alert.ends_at for alert in counted if alert.ends_at]
    since = min(starts, default=None)
    when = say_when(since, max(ends, default=None), resolved, now)
    command = "" if resolved else _command(first)
    links = _links(first, resolved)
    summary = _summary(first)
    entries = tuple(
        Entry(
            level=level_of(alert),
            title=_group_title(alert),
            summary=_unless(_summary(alert), summary),
            description=_description(alert),
            when=_unless(say_when(alert.starts_at, alert.ends_at, alert.status == RESOLVED, now), when),
            command="" if alert.status == RESOLVED else _unless(_command(alert), command),
            links=tuple(link for link in _links(alert, alert.status == RESOLVED) if link not in links),
        )
        for alert in groups[:MAX_ENTRIES]
    )

    def common(name: str) -> str:
        return clean(first.labels.get(name) or content.group_labels.get(name, ""), _MAX_LINE)

    affected = len(groups) + content.truncated
    return Message(
        level=level,
        summary=summary,
        service=common("service") or common("job"),
        environment=common("environment"),
        since=since,
        when=when,
        affected=affected,
        entries=entries,
        more=affected - len(entries),
        recovered=recovered,
        command=command,
        links=links,
    )


def level_of(alert: Alert) -> Level:
    """Resolved, or what its severity says."""
    return DONE if alert.status == RESOLVED else _BY_SEVERITY.get(alert.labels.get("severity", ""), OTHER)


def identity(notification: Notification) -> bytes:
    """What a later notification must share to replace an earlier one, receiver and group, as a digest of 16 bytes."""
    content = notification.content
    key = content.group_key or repr(sorted(content.group_labels.items()))
    return blake2b(ascii((notification.receiver, key)).encode("ascii"), digest_size=16).digest()


def burning(notification: Notification) -> tuple[str, str, str] | None:
    """A level's key, the service and what burns there, the same for every receiver; None once it is resolved."""
    message = compose(notification, notification.received_at)
    if message.level is DONE:
        return None
    content = notification.content
    first = next((alert for alert in content.alerts if alert.status == content.status), content.alerts[0])
    what = clean(first.labels.get("slo") or first.labels.get("alertname", ""), _MAX_LINE) or message.summary
    return message.level.key, intern(message.service), intern(what)


def clean(text: str, limit: int, *, lines: bool = False) -> str:
    """Text that cannot steer a terminal or turn reading order: no control, format or surrogate characters.

    Without `lines` everything is one line; longer than `limit` characters is cut, visibly.
    """
    kept = "".join(
        char if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf", "Cs"} else " " for char in text
    )
    kept = "\n".join(line.rstrip() for line in kept.split("\n")).strip() if lines else " ".join(kept.split())
    return kept if len(kept) <= limit else kept[: limit - 1].rstrip() + "…"


def duration(span: timedelta) -> str:
    """`45 s`, `14 min`, `3 h 5 min`, `4 d 2 h`; never negative."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 90:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def clock(moment: datetime, now: datetime) -> str:
    """`03:12`, with the date in front when it is another day than `now`, in `now`'s time zone."""
    local = moment.astimezone(now.tzinfo)
    if local.date() == now.date():
        return f"{local:%H:%M}"
    return f"{local.day} {local:%b %H:%M}" if local.year == now.year else f"{local:%Y-%m-%d %H:%M}"


def say_when(since: datetime | None, until: datetime | None, resolved: bool, now: datetime) -> str:
    """`since 03:12 UTC (14 min ago)` or `lasted 41 min (03:12–03:53 UTC)`; empty where no time is known."""
    zone = now.tzname() or ""
    if not resolved:
        return f"since {clock(since, now)} {zone} ({duration(now - since)} ago)" if since else ""
    if since and until:
        return f"lasted {duration(until - since)} ({clock(since, now)}–{clock(until, now)} {zone})"
    return f"ended {clock(until, now)} {zone}" if until else ""


def _worst_of_each_group(alerts: Iterable[Alert]) -> list[Alert]:
    """One alert per name and group, worst first: two tiers of one burn are one thing to the reader."""

    def order(alert: Alert) -> tuple[int, float, str]:
        start = alert.starts_at.timestamp() if alert.starts_at else float("inf")
        return level_of(alert).rank, start, repr(_group_key(alert))

    groups: dict[object, Alert] = {}
    for alert in sorted(alerts, key=order):
        groups.setdefault(_group_key(alert), alert)
    return list(groups.values())


def _group_key(alert: Alert) -> tuple[object, ...]:
    """Without a name (Slack's text has none) what it says tells alerts apart."""
    name = alert.labels.get("alertname") or (alert.annotations.get("summary"), alert.annotations.get("description"))
    return name, *_group_labels(alert)


def _group_labels(alert: Alert) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in alert.labels.items() if name not in _NOT_GROUPS)


def _group_title(alert: Alert) -> str:
    pairs = (f"{clean(name, 60)}={clean(value, 80)}" for name, value in _group_labels(alert))
    return clean(" · ".join(pairs), _MAX_LINE)


def _summary(alert: Alert) -> str:
    """The promise in words, else the alert's name, else an honest sentence."""
    said = alert.annotations.get("summary") or alert.labels.get("alertname", "")
    return clean(said, _MAX_LINE) or "An alert without a name or summary"


def _description(alert: Alert) -> str:
    """What was measured; of a resolved alert it is the last measurement before its end, and must not read as now."""
    said = clean(alert.annotations.get("description", ""), _MAX_TEXT, lines=True)
    return f"While it fired: {said}" if said and alert.status == RESOLVED else said


def _command(alert: Alert) -> str:
    return clean(alert.annotations.get("command", ""), _MAX_TEXT, lines=True)


def _links(alert: Alert, resolved: bool) -> tuple[Link, ...]:
    found = []
    for label, name in _LINKS:
        url = alert.annotations.get(name, "") or (alert.generator_url if name == "query_url" else "")
        url = clean(url, _MAX_TEXT)
        if name == "runbook_url":
            url = _with_since(url, alert.starts_at)
        elif alert.starts_at is not None:
            url = _at_that_time(url, alert.starts_at)
        if url and not (resolved and name in _ONLY_WHILE_FIRING):
            found.append(Link(label, url, is_web_address(url)))
    return tuple(found)


def _with_since(url: str, since: datetime | None) -> str:
    """The runbook's address with the beginning in seconds since 1970, which annotations cannot know."""
    address, hash_sign, fragment = url.partition("#")
    if since is None or not is_web_address(url) or "since=" in address:
        return url
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}since={int(since.timestamp())}{hash_sign}{fragment}"


def _at_that_time(url: str, since: datetime) -> str:
    """A dashboard's or a trace search's address, moved from the last hours to the hours around the beginning."""
    hour = timedelta(hours=1)
    begin, end = (int(when.timestamp()) for when in (since - hour / 4, since + hour * 3 / 4))
    dashboard = f"from={int((since - hour).timestamp())}000&to=now"
    traces = f"lookback=custom&start={begin}000000&end={end}000000"
    return url.replace("from=now-6h&to=now", dashboard).replace("lookback=1h", traces)


def is_web_address(url: str) -> bool:
    """Whether a browser may follow it: http or https with a host, and nothing that hides in white space."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(char.isspace() for char in url)


def _unless(text: str, said: str) -> str:
    return "" if text == said else text
