"""Addresses of the inbox and what answers there."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from inbox.message import PAGE, TICKET, Message, clock, compose, duration
from inbox.notification import RESOLVED, Notification
from inbox.receive import PAGERDUTY, SLACK, WEBHOOK, BadBodyError, decode, storable
from inbox.store import Entry, Store, StoreError
from inbox.text import render_text
from webpage import (
    Request,
    Response,
    ResponseError,
    environment,
    exposition,
    html,
    json_response,
    methods,
    plain,
    registry,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client import Metric

    from inbox.heartbeats import Heartbeat, Heartbeats

_TEMPLATES = environment(Path(__file__).parent / "templates")
_KINDS = {"hooks": WEBHOOK, "slack": SLACK, "pagerduty": PAGERDUTY}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,99}")
_SHOWN = 50
_ANSWER_BYTES = 512 * 1024  # of stored lines in one answer; in memory each takes many times its length


@dataclass(frozen=True, slots=True)
class Card:
    """One notification on the page; `replaced_by` is the id of later news about the same group, or 0."""

    id: int
    receiver: str
    kind: str
    message: Message
    received: str
    replaced_by: int


class Inbox(Collector):
    """The application: stores what comes in, shows what is there."""

    name = "inbox"
    max_body = 2 * 1024 * 1024

    def __init__(self, store: Store, heartbeats: Heartbeats) -> None:
        """Take over an opened store and its heartbeats."""
        self._store = store
        self._heartbeats = heartbeats
        self._one = threading.Lock()  # only one request at a time holds whole notifications in memory
        self._registry = registry()
        self._registry.register(self)
        self._received = Counter(
            "slostack_inbox_notifications",
            "Notifications received since the start.",
            ["receiver", "status"],
            registry=self._registry,
        )

    def close(self) -> None:
        """Finish the write in progress."""
        self._store.close()

    def respond(self, request: Request) -> Response:
        """Route one request."""
        match request.segments:
            case ():
                methods(request, ["GET"])
                with self._one:
                    answer = self._page(request.query.get("receiver", ""))
            case (("hooks" | "slack" | "pagerduty") as door, receiver):
                methods(request, ["POST"])
                with self._one:
                    answer = self._receive(_KINDS[door], _name(receiver, "receiver"), request.body)
            case ("heartbeat", name):
                methods(request, ["POST", "DELETE"])
                name = _name(name, "heartbeat")
                answer = self._forget(name) if request.method == "DELETE" else self._beat(name, request.body)
            case ("api", "heartbeats"):
                methods(request, ["GET"])
                answer = json_response(
                    {"heartbeats": [beat.as_json() for beat in self._heartbeats.all(datetime.now(UTC))]}
                )
            case ("api", "notifications"):
                methods(request, ["GET", "DELETE"])
                with self._one:
                    answer = self._clear() if request.method == "DELETE" else self._list(request)
            case ("api", "notifications", number):
                methods(request, ["GET"])
                with self._one:
                    answer = json_response(self._find(number).as_json())
            case ("api", "notifications", number, "text"):
                methods(request, ["GET"])
                with self._one:
                    answer = plain(render_text(self._find(number)))
            case ("healthz",):
                methods(request, ["GET"])
                answer = self._health()
            case ("metrics",):
                methods(request, ["GET"])
                answer = exposition(self._registry)
            case _:
                raise ResponseError(
                    HTTPStatus.NOT_FOUND,
                    "There is nothing here; "
                    "notifications go to /hooks/<receiver>, /slack/<receiver> or /pagerduty/<receiver>.",
                )
        return answer

    def _health(self) -> Response:
        if reason := self._store.disk.problem():
            raise ResponseError(HTTPStatus.SERVICE_UNAVAILABLE, f"The inbox cannot store what it receives: {reason}.")
        return plain("ok\n")

    def _receive(self, kind: str, receiver: str, body: bytes) -> Response:
        try:
            item = self._store.add(kind, receiver, storable(kind, decode(body)))
        except BadBodyError as error:
            raise ResponseError(HTTPStatus.BAD_REQUEST, str(error)) from error
        except StoreError as error:
            raise ResponseError(HTTPStatus.SERVICE_UNAVAILABLE, f"The inbox {error}") from error
        self._received.labels(receiver, item.status).inc()
        if kind == SLACK:
            return plain("ok")  # what Slack itself answers, and what senders look for
        if kind == PAGERDUTY:
            answer = {"status": "success", "message": "Event processed", "dedup_key": item.content.group_key}
            return json_response(answer, HTTPStatus.ACCEPTED)
        return json_response({"id": item.id})

    def _beat(self, name: str, body: bytes) -> Response:
        """Alertmanager also tells when the always-firing alert ended: that is the opposite of a beat."""
        try:
            ended = bool(body.strip()) and decode(body).get("status") == RESOLVED
            if not ended:
                self._heartbeats.beat(name)
        except BadBodyError as error:
            raise ResponseError(HTTPStatus.BAD_REQUEST, str(error)) from error
        except StoreError as error:
            raise ResponseError(HTTPStatus.SERVICE_UNAVAILABLE, f"The inbox: {error}") from error
        return json_response({"beat": not ended})

    def _forget(self, name: str) -> Response:
        try:
            return json_response({"forgotten": self._heartbeats.forget(name)})
        except StoreError as error:
            raise ResponseError(HTTPStatus.SERVICE_UNAVAILABLE, f"The inbox: {error}") from error

    def _list(self, request: Request) -> Response:
        text = request.query.get("after", "0")
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise ResponseError(HTTPStatus.BAD_REQUEST, "'after' must be the id of a notification, or 0.")
        last, more, size = self._store.last_id, False, 0
        listed: list[Notification] = []
        for entry in self._store.entries():
            if entry.id <= int(text) or request.query.get("receiver", "") not in ("", entry.receiver):
                continue
            size += entry.size
            if listed and size > _ANSWER_BYTES:
                more = True
                break
            listed += filter(None, [self._store.read(entry)])
        last = listed[-1].id if more else max([last, *(item.id for item in listed)])
        return json_response({"notifications": [item.as_json() for item in listed], "last_id": last, "more": more})

    def _find(self, text: str) -> Notification:
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
        item = self._store.get(number)
        if item is None:
            raise ResponseError(HTTPStatus.NOT_FOUND, f"There is no notification {text!r}.")
        return item

    def _clear(self) -> Response:
        try:
            return json_response({"deleted": self._store.clear()})
        except StoreError as error:
            raise ResponseError(HTTPStatus.SERVICE_UNAVAILABLE, f"The inbox {error}") from error

    def collect(self) -> Iterator[Metric]:
        """What the heartbeats are when Prometheus asks."""
        last = GaugeMetricFamily(
            "slostack_inbox_heartbeat_timestamp_seconds", "When the last beat of a name arrived.", labels=["name"]
        )
        for beat in self._heartbeats.all(datetime.now(UTC)):
            if beat.last:
                last.add_metric([beat.name], beat.last.timestamp())
        yield last

    def _page(self, receiver: str) -> Response:
        now = datetime.now(UTC).astimezone()
        everything = self._store.entries()
        latest = {entry.group: entry.id for entry in everything}
        entries = [entry for entry in everything if receiver in ("", entry.receiver)]
        cards = []
        for entry in reversed(entries[-_SHOWN:]):
            newest = latest[entry.group]
            item = self._store.read(entry)
            if item:
                cards.append(_card(item, newest if newest != item.id else 0, now))
        beats = self._heartbeats.all(now)
        broken = self._store.disk.problem()
        text = _TEMPLATES.get_template("inbox.html").render(
            cards=cards,
            older=max(len(entries) - _SHOWN, 0),
            receiver=receiver,
            receivers=sorted({entry.receiver for entry in everything}),
            blind=_blind(beats, broken),
            broken=broken,
            firing=_firing(entry for entry in everything if latest[entry.group] == entry.id),
            beats=[(beat, duration(timedelta(seconds=beat.age))) for beat in beats],
            silent=_names_of_silent(beats),
            limit=duration(timedelta(seconds=self._heartbeats.limit)),
            last_id=self._store.last_id,
            now=now,
        )
        return html(text)


def _card(item: Notification, replaced_by: int, now: datetime) -> Card:
    received = f"{clock(item.received_at, now)}{item.received_at.astimezone(now.tzinfo)::%S}"
    return Card(item.id, item.receiver, item.kind, compose(item, now), received, replaced_by)


def _blind(beats: list[Heartbeat], broken: str) -> list[str]:
    """Why a page without alerts means nothing, in few words."""
    silent = sum(beat.silent for beat in beats)
    words = [f"{PAGE.mark} {'No heartbeat' if silent == 1 else f'{silent} heartbeats silent'}"] if silent else []
    return words + ([f"{PAGE.mark} Nothing can be stored"] if broken else [])


def _names_of_silent(beats: list[Heartbeat]) -> str:
    """As the page's script compares them."""
    return " ".join(sorted(beat.name for beat in beats if beat.silent))


def _firing(current: Iterable[Entry]) -> list[tuple[str, str, str]]:
    """What burns now, as (key, mark, words). Several receivers told of one thing are still one thing."""
    things: dict[str, set[tuple[str, str]]] = {}
    for entry in current:
        if entry.burns:
            level, service, what = entry.burns
            things.setdefault(level, set()).add((service, what))
    words = {"page": ("page", "pages"), "ticket": ("ticket", "tickets"), "alert": ("alert", "alerts")}
    marks = {"page": PAGE.mark, "ticket": TICKET.mark, "alert": "◆"}
    return [
        (key, marks[key], f"{len(things[key])} {words[key][len(things[key]) > 1]}") for key in words if key in things
    ]


def _name(text: str, what: str) -> str:
    if not NAME.fullmatch(text):
        sentence = f"A {what}'s name has letters, digits and _ . @ -, at most 100 characters."
        raise ResponseError(HTTPStatus.BAD_REQUEST, sentence)
    return text
