"""Where Prometheus asks the reloader how it is."""

from __future__ import annotations

import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from prometheus_client import Gauge

from hosts import AcceptedHosts
from webpage import Request, Response, ResponseError, exposition, methods, registry
from webpage.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterable


class Door:
    """Metrics for as long as the rounds go on: a reloader that hangs answers with an error, and is a target down."""

    name = "reloader"
    max_body = 0

    def __init__(self, patience: float) -> None:
        """`patience`: seconds that a round may take."""
        self._patience = patience
        self._last = time.monotonic()
        self._registry = registry()
        self._taken = Gauge(
            "slostack_reloader_taken",
            "1 while everybody who must has taken the configuration that is there, else 0.",
            registry=self._registry,
        )

    def open(self, host: str, port: int, names: Iterable[str]) -> None:
        """Answer from now on, in a thread that ends with the process. Raises OSError if the address cannot be had."""
        server = Server((host, port), self, {}, AcceptedHosts(host, names), verbose=False)
        threading.Thread(target=server.serve_forever, name="door", daemon=True).start()
        server.say(f"metrics on http://{host}:{server.server_address[1]}/metrics")

    def note(self, *, taken: bool) -> None:
        """A round is over."""
        self._last = time.monotonic()
        self._taken.set(taken)

    def silent(self) -> float:
        """Seconds since the last round ended."""
        return time.monotonic() - self._last

    def respond(self, request: Request) -> Response:
        """`/metrics`, and nothing else."""
        methods(request, ["GET"])
        if request.segments != ("metrics",):
            raise ResponseError(HTTPStatus.NOT_FOUND, "There is nothing here; metrics are at /metrics.")
        if self.silent() > self._patience:
            sentence = f"The last round ended {self.silent():.0f} s ago; restart the reloader."
            raise ResponseError(HTTPStatus.SERVICE_UNAVAILABLE, sentence)
        return exposition(self._registry)

    def close(self) -> None:
        """Nothing is kept open."""
