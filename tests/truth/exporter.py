"""Services that know the truth: each counts its own events and is scraped, well or badly, over real HTTP."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from slostack.promql import matchers

Series = tuple[str, tuple[tuple[str, str], ...]]


def series(metric: str, **labels: str) -> Series:
    """A series as this module names it."""
    return metric, tuple(sorted(labels.items()))


class Service:
    """One scrape target: what it shows, and what really happened."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._shown: dict[Series, float] = {}
        self._hidden: set[Series] = set()
        self._truth: dict[Series, float] = defaultdict(float)
        self._after_scrape: list[Callable[[], None]] = []
        self.fails: Callable[[int], bool] = lambda _scrape: False
        self.scrapes = 0

    def show(self, *which: Series, value: float = 0) -> None:
        """Show series with a value that they had before anybody counted: nothing happened."""
        with self._lock:
            for each in which:
                self._shown[each] = value
                self._hidden.discard(each)

    def happen(self, which: Series, events: float = 1) -> None:
        """Events happen now; a series that was not there is born with them."""
        with self._lock:
            self._shown[which] = self._shown.get(which, 0) + events
            self._truth[which] += events

    def set(self, which: Series, value: float) -> None:
        """Set a gauge, or make a counter step: nothing happened."""
        with self._lock:
            self._shown[which] = value

    def hide(self, which: Series) -> None:
        """Leave a series out of the scrapes; it may go on counting."""
        with self._lock:
            self._hidden.add(which)

    def unhide(self, which: Series) -> None:
        """Show it again."""
        with self._lock:
            self._hidden.discard(which)

    def restart(self) -> None:
        """Begin again at zero right after the next scrape, so that no event falls between the two."""
        with self._lock:
            self._after_scrape.append(lambda: self._shown.update(dict.fromkeys(self._shown, 0.0)))

    def truth(self, metric: str, **labels: str) -> float:
        """Events that happened in all series of the metric with these labels."""
        with self._lock:
            wanted = set(labels.items())
            return sum(n for (name, of), n in self._truth.items() if name == metric and wanted <= set(of))

    def scrape(self) -> str | None:
        """The exposition, or None for a scrape that fails."""
        with self._lock:
            self.scrapes += 1
            if self.fails(self.scrapes):
                return None
            shown = {each: value for each, value in self._shown.items() if each not in self._hidden}
            while self._after_scrape:
                self._after_scrape.pop()()
        return "".join(
            f"{name}{matchers(dict(labels))} {value}\n"  # Prometheus quotes in its exposition as in its queries
            for (name, labels), value in shown.items()
        )


@contextmanager
def serving(services: list[Service]) -> Iterator[int]:
    """Serve each under `/<name>` on a port of its own choosing, which is given."""
    by_path = {f"/{service.name}": service for service in services}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            text = by_path[self.path].scrape()
            body = (text or "").encode()
            self.send_response(500 if text is None else 200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class names it)
            """Say nothing: failed scrapes are meant."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
