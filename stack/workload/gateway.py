"""The LLM gateway as an HTTP server: answers calls, joins the caller's trace, and fails as the call says.

How long an answer takes, and how it fails, stands in the call, because the workload decides what goes wrong in its
world.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter

from hosts import AcceptedHosts, refusal
from instrumentation import tracing
from webpage import Response, exposition, registry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workload.played_time import PlayedClock

CHAT = "/v1/chat/completions"
HOLD = 1.5
"""Real seconds until an answer that comes too late: more than the workload waits."""
_LARGEST_BODY = 65_536
_JSON = "application/json"
_STATUSES = {"overloaded": HTTPStatus.TOO_MANY_REQUESTS, "unavailable": HTTPStatus.SERVICE_UNAVAILABLE}


class ProviderError(Exception):
    """A provider did not answer the gateway."""


@dataclass(frozen=True)
class Call:
    """A call as it came. `at` is its start in Unix nanoseconds, `seconds` its length, `failure` how it fails."""

    provider: str
    model: str
    usage: dict[str, int]
    at: int
    seconds: float
    failure: str | None


class GatewayHandler(BaseHTTPRequestHandler):
    """One connection."""

    server: Gateway
    protocol_version = "HTTP/1.1"
    server_version = "llm-gateway"
    timeout = 120.0
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """`/healthz`: 200 as long as this program runs. `/metrics`: its own, for Prometheus."""
        if self._refused():
            return
        if self.path == "/metrics":
            self._respond(exposition(self.server.metrics))
        elif self.path == "/healthz":
            self._send(HTTPStatus.OK, {"status": "ok"})
        else:
            self._send(HTTPStatus.NOT_FOUND, _nothing_here())

    def do_POST(self) -> None:
        """A chat completion."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _LARGEST_BODY:
            self.close_connection = True
            self._send(HTTPStatus.LENGTH_REQUIRED, {"error": f"Send a body of at most {_LARGEST_BODY} bytes."})
            return
        body = self.rfile.read(int(length))
        if self._refused():
            return
        call = _call(body)
        if self.path != CHAT:
            self._send(HTTPStatus.NOT_FOUND, _nothing_here())
        elif call is None:
            self._send(HTTPStatus.BAD_REQUEST, {"error": 'Send JSON with "provider" and "model", both strings.'})
        else:
            self._answer(call)

    def _refused(self) -> bool:
        host = self.headers.get("Host")
        accepted = self.server.accepted.accept(host)
        if not accepted:
            self._send(HTTPStatus.MISDIRECTED_REQUEST, {"error": refusal(host)})
        return not accepted

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class named it
        """Say nothing: traces tell it all."""

    def _answer(self, call: Call) -> None:
        status = HTTPStatus.OK
        with self.server.played(call) as clock, tracing.trace_request("POST", CHAT, dict(self.headers)) as span:
            span.set_attribute("provider", call.provider)
            try:
                _generate(call, clock)
            except ProviderError:
                status = _STATUSES[call.failure or ""]
            tracing.set_http_status(span, status)
        self.server.answered.labels(call.failure or "ok").inc()
        answer = {"model": call.model, "usage": call.usage} if status == HTTPStatus.OK else _refusal(call)
        with contextlib.suppress(ConnectionError):  # who gave up waiting is gone
            self._send(status, answer)

    def _send(self, status: HTTPStatus, answer: dict[str, Any]) -> None:
        self._respond(Response(json.dumps(answer).encode(), _JSON, status))

    def _respond(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)


class Gateway(ThreadingHTTPServer):
    """Listens for calls. Raises OSError if the address cannot be bound."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int, traced: bool, names: Iterable[str] = ()) -> None:
        """`traced`: spans are exported, so they show the time that the workload plays.

        `names`: further host names by which it may be called.
        """
        self.accepted = AcceptedHosts(host, names)
        super().__init__((host, port), GatewayHandler)
        self._traced = traced
        self.metrics = registry()
        self.answered = Counter(
            "slostack_gateway_calls",
            "Calls since the start, by how they ended.",
            ["outcome"],
            registry=self.metrics,
        )
        for outcome in ("ok", "timeout", *_STATUSES):
            self.answered.labels(outcome)

    def played(self, call: Call) -> AbstractContextManager[PlayedClock | None]:
        """The call's own time, where something shows it."""
        if not self._traced:
            return nullcontext()
        from workload.played_time import played_from  # noqa: PLC0415 - needs OpenTelemetry, which may be missing

        return played_from(call.at)

    def handle_error(self, request: object, client_address: object) -> None:
        """Report what went wrong in a connection, unless its other end merely left."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # passed on as it came


def _generate(call: Call, clock: PlayedClock | None) -> None:
    attributes = {"provider": call.provider, "gen_ai.request.model": call.model}
    with tracing.trace_operation("llm.generate", attributes, kind="client"):
        if clock:
            clock.advance(call.seconds)
        if call.failure == "timeout":
            time.sleep(HOLD)  # the caller's patience is real
        elif call.failure:
            raise ProviderError(_refusal(call)["error"])


def _call(body: bytes) -> Call | None:
    """The call in a request's body; None where it is none."""
    try:
        sent = json.loads(body)
        play = sent.get("play") or {}
        failure = play.get("as")
        if failure not in (None, "timeout", *_STATUSES) or not isinstance(sent["model"], str):
            return None
        seconds = float(play.get("seconds", 0))
        return Call(
            str(sent["provider"]), sent["model"], sent.get("usage") or {}, int(play.get("at", 0)), seconds, failure
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def _nothing_here() -> dict[str, Any]:
    return {"error": f"There is nothing here; POST to {CHAT}, or GET /healthz or /metrics."}


def _refusal(call: Call) -> dict[str, Any]:
    reason = "has no capacity left for this account" if call.failure == "overloaded" else "does not answer"
    return {"error": f"{call.provider} {reason}"}
