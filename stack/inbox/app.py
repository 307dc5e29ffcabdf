"""Addresses of the inbox and what answers there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from inbox.message import DONE, PAGE, TICKET, Message, clock, compose, duration, identity
from inbox.notification import RESOLVED, Notification
from inbox.receive import PAGERDUTY, SLACK, WEBHOOK, BadBodyError, decode, storable
from inbox.store import Store, StoreError
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
    from collections.abc import Iterator

    from prometheus_client import Metric

    from inbox.heartbeats import Heartbeats

_TEMPLATES = environment(Path(__file__).parent / "templates")
_KINDS = {"hooks": WEBHOOK, "slack": SLACK, "pagerduty": PAGERDUTY}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,99}")
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Card:
    """One notification on the page; `replaced_by` is the id of later news about the same group, or 0."""

    item: Notification
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
                answer = self._page(request.query.get("receiver", ""))
            case (("hooks" | "slack" | "pagerduty") as door, receiver):
                methods(request, ["POST"])
                answer = self._receive(_KINDS[door], _name(receiver, "receiver"), request.body)
            case ("heartbeat", name):
                methods(request, ["POST"])
                answer = self._beat(_name(name, "heartbeat"), request.body)
            case ("api", "heartbeats"):
                methods(request, ["GET"])
                answer = json_response(
                    {"heartbeats": [beat.as_json() for beat in self._heartbeats.all(datetime.now(UTC))]}
                )
            case ("api", "notifications"):
                methods(request, ["GET", "DELETE"])
                answer = self._clear() if request.method == "DELETE" else self._list(request)
            case ("api", "notifications", number):
                methods(request, ["GET"])
                answer = json_response(self._find(number).as_json())
            case ("api", "notifications", number, "text"):
                methods(request, ["GET"])
                answer = plain(render_text(self._find(number)))
            case ("healthz",):
                methods(request, ["GET"])
                answer = plain("ok\n")
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

    def _list(self, request: Request) -> Response:
        text = request.query.get("after", "0")
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise ResponseError(HTTPStatus.BAD_REQUEST, "'after' must be the id of a notification, or 0.")
        last = self._store.last_id
        items = self._store.after(int(text), request.query.get("receiver", ""))
        last = max([last, *(item.id for item in items)])
        return json_response({"notifications": [item.as_json() for item in items], "last_id": last})

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
            last.add_metric([beat.name], beat.last.timestamp())
        yield last

    def _page(self, receiver: str) -> Response:
        now = datetime.now(UTC).astimezone()
        everything = self._store.after()
        latest = {identity(item): item.id for item in everything}
        items = [item for item in everything if receiver in ("", item.receiver)]
        cards = []
        for item in reversed(items[-_SHOWN:]):
            newest = latest[identity(item)]
            cards.append(_card(item, newest if newest != item.id else 0, now))
        beats = self._heartbeats.all(now)
        text = _TEMPLATES.get_template("inbox.html").render(
            cards=cards,
            older=max(len(items) - _SHOWN, 0),
            receiver=receiver,
            receivers=sorted({item.receiver for item in everything}),
            firing=_firing([item for item in everything if latest[identity(item)] == item.id], now),
            beats=[(beat, duration(now - beat.last)) for beat in beats],
            limit=duration(timedelta(seconds=self._heartbeats.limit)),
            last_id=self._store.last_id,
            now=now,
        )
        return html(text)


def _card(item: Notification, replaced_by: int, now: datetime) -> Card:
    received = f"{clock(item.received_at, now)}{item.received_at.astimezone(now.tzinfo)::%S}"
    return Card(item, compose(item, now), received, replaced_by)


def _firing(current: list[Notification], now: datetime) -> list[tuple[str, str, str]]:
    """What burns now, as (key, mark, words). Several receivers told of one thing are still one thing."""
    things: dict[str, set[tuple[str, str]]] = {}
    for item in current:
        message = compose(item, now)
        if message.level is not DONE:
            labels = item.content.alerts[0].labels
            what = labels.get("slo") or labels.get("alertname") or message.summary
            things.setdefault(message.level.key, set()).add((message.service, what))
    words = {"page": ("page", "pages"), "ticket": ("ticket", "tickets"), "alert": ("alert", "alerts")}
    marks = {"page": PAGE.mark, "ticket": TICKET.mark, "alert": "◆"}
    return [
        (key, marks[key], f"{len(things[key])} {words[key][len(things[key]) > 1]}") for key in words if key in things
    ]


def _name(text: str, what: str) -> str:
    if not _NAME.fullmatch(text):
        sentence = f"A {what}'s name has letters, digits and _ . @ -, at most 100 characters."
        raise ResponseError(HTTPStatus.BAD_REQUEST, sentence)
    return text
