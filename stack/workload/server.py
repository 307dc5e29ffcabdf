"""The HTTP face: metrics to scrape, and faults to call."""

from __future__ import annotations

import json
import socket
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from hosts import AcceptedHosts, refusal
from workload.faults import FAULTS, FaultSettingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workload.simulation import Simulation

_LARGEST_BODY = 65_536
_PATHS = ("/metrics", "/host/metrics", "/healthz", "/faults", "/faults/<name>")


class RefusedError(Exception):
    """A request that cannot be done: the status to answer, one sentence, and what else helps the caller."""

    def __init__(self, status: HTTPStatus, sentence: str, **more: object) -> None:
        super().__init__(sentence)
        self.status = status
        self.answer = {"error": sentence, **more}


class WorkloadServer(ThreadingTCPServer):
    """Serves one simulation; a thread per connection. Raises OSError if the address cannot be bound."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False  # a scraper's idle connection must not delay the end
    request_queue_size = 32

    def __init__(self, host: str, port: int, simulation: Simulation, names: Iterable[str] = ()) -> None:
        """Bind `host` (a name or an address, IPv4 or IPv6) and `port`; port 0 takes any free one.

        `names`: further host names by which it may be called.
        """
        self.simulation = simulation
        self.accepted = AcceptedHosts(host, names)
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self.address_family = family
        super().__init__((str(address[0]), port), WorkloadHandler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Report what went wrong in a connection, unless its other end merely left."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # passed on as it came

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self.socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class WorkloadHandler(BaseHTTPRequestHandler):
    """One connection."""

    server: WorkloadServer
    protocol_version = "HTTP/1.1"
    server_version = "workload"
    timeout = 120.0  # seconds until an idle connection is closed
    disable_nagle_algorithm = True  # answers are written in two parts, and scrapes are many

    def do_GET(self) -> None:
        """Metrics, health, or what faults there are."""
        self._respond()

    def do_PUT(self) -> None:
        """Call a fault."""
        self._respond()

    def do_DELETE(self) -> None:
        """End one fault or all."""
        self._respond()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class named it
        """Say nothing: several scrapes a second would bury what matters."""

    def _respond(self) -> None:
        try:
            body = self._body()  # always read, or it would be taken for the connection's next request
            if not self.server.accepted.accept(self.headers.get("Host")):
                raise RefusedError(HTTPStatus.MISDIRECTED_REQUEST, refusal(self.headers.get("Host")))
            self._dispatch([unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")], body)
        except RefusedError as refused:
            self._send_json(refused.status, refused.answer)
        except FaultSettingError as error:
            self._send_json(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def _dispatch(self, path: list[str], body: bytes) -> None:
        simulation, accept = self.server.simulation, self.headers.get("Accept", "")
        match self.command, path:
            case "GET", ["metrics"]:
                exposition = simulation.service_exposition(accept)
                if exposition is None:
                    self._send(HTTPStatus.SERVICE_UNAVAILABLE, b"The fault 'down' is active.\n", "text/plain")
                else:
                    self._send(HTTPStatus.OK, *exposition)
            case "GET", ["host", "metrics"]:
                self._send(HTTPStatus.OK, *simulation.host_exposition(accept))
            case "GET", ["healthz"]:
                self._send(HTTPStatus.OK, b"ok\n", "text/plain")
            case "GET", ["faults"]:
                self._send_faults()
            case "DELETE", ["faults"]:
                simulation.end_all()
                self._send_faults()
            case _, ["faults", name]:
                self._on_fault(name, body)
            case _:
                raise RefusedError(HTTPStatus.NOT_FOUND, f"{self.command} has nothing here.", paths=list(_PATHS))

    def _on_fault(self, name: str, body: bytes) -> None:
        simulation = self.server.simulation
        if name not in FAULTS:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"There is no fault {name!r}.", faults=list(FAULTS))
        if self.command == "PUT":
            simulation.call(name, _wishes(body))
        elif self.command == "DELETE":
            simulation.end(name)
        self._send_json(HTTPStatus.OK, {"name": name, **simulation.describe(name)})

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self.close_connection = True  # where the body ends is unknown
            raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "Send the body with its Content-Length.")
        if len(length) > 10 or int(length) > _LARGEST_BODY:
            self.close_connection = True
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body has at most {_LARGEST_BODY} bytes.")
        return self.rfile.read(int(length))

    def _send_faults(self) -> None:
        self._send_json(HTTPStatus.OK, {name: self.server.simulation.describe(name) for name in FAULTS})

    def _send_json(self, status: HTTPStatus, answer: dict[str, object]) -> None:
        self._send(status, json.dumps(answer, indent=2).encode() + b"\n", "application/json")

    def _send(self, status: HTTPStatus, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _wishes(body: bytes) -> dict[str, object]:
    """The JSON object in the body; empty if there is no body."""
    if not body.strip():
        return {}
    try:
        wishes = json.loads(body)
    except (ValueError, RecursionError):
        wishes = None
    if not isinstance(wishes, dict):
        raise RefusedError(HTTPStatus.BAD_REQUEST, 'The body must be a JSON object such as {"level": 0.5}.')
    return wishes
