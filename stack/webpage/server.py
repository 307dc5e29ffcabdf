"""A small, strict HTTP server on the standard library: bounded bodies, safe headers, one sentence per error."""

from __future__ import annotations

import json
import socket
import sys
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from hosts import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hosts import AcceptedHosts

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SAFE_HEADERS = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)
_STATIC_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_MAX_QUERY_FIELDS = 100
_DRAIN_BYTES = 16 * 1024 * 1024
_DRAIN_SECONDS = 10.0  # a client on a busy machine may pause for seconds while it sends


@dataclass(frozen=True, slots=True)
class Request:
    """One request: method, decoded path segments, query (the first value of a name counts), body."""

    method: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The decoded path, for messages only: a segment may itself contain a slash."""
        return "/" + "/".join(self.segments)


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back; `headers` come after the safe ones that every response carries."""

    body: bytes
    content_type: str
    status: int = HTTPStatus.OK
    headers: tuple[tuple[str, str], ...] = field(default=())


class ResponseError(Exception):
    """A refusal with an HTTP status and one sentence for whoever asked."""

    def __init__(self, status: int, sentence: str, *, allow: str = "") -> None:
        """`allow` lists the methods that are possible, for status 405."""
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.allow = allow


class Application(Protocol):
    """What a program gives to the server."""

    name: str
    max_body: int
    """Largest accepted request body in bytes."""

    def respond(self, request: Request) -> Response:
        """Answer; raise `ResponseError` to refuse. Called from many threads at once."""

    def close(self) -> None:
        """Finish writing; called once, after the last request was accepted."""


def html(text: str, status: int = HTTPStatus.OK) -> Response:
    """An HTML page. Lone surrogates, which JSON can smuggle in, become question marks."""
    return Response(text.encode("utf-8", "replace"), "text/html; charset=utf-8", status)


def plain(text: str, status: int = HTTPStatus.OK) -> Response:
    """Plain text."""
    return Response(text.encode("utf-8", "replace"), "text/plain; charset=utf-8", status)


def json_response(value: object, status: int = HTTPStatus.OK) -> Response:
    """JSON in ASCII, so that no text can break a terminal or a pipe that shows it."""
    return Response((json.dumps(value, indent=1) + "\n").encode("ascii"), "application/json", status)


def load_static(*directories: Path) -> dict[str, Response]:
    """Read the style sheets, scripts and icons of `directories` once; later directories win."""
    return {
        path.name: Response(path.read_bytes(), _STATIC_TYPES[path.suffix])
        for directory in directories
        for path in sorted(directory.iterdir())
        if path.suffix in _STATIC_TYPES
    }


def _parse_target(target: str) -> tuple[tuple[str, ...], dict[str, str]]:
    path, _, query_text = target.partition("#")[0].partition("?")
    if not path.startswith("/"):
        raise ResponseError(HTTPStatus.BAD_REQUEST, "The request target must start with a slash.")
    segments = tuple(unquote(part, errors="replace") for part in path.split("/") if part)
    try:
        pairs = parse_qsl(query_text, keep_blank_values=True, errors="replace", max_num_fields=_MAX_QUERY_FIELDS)
    except ValueError:
        sentence = f"The query string has more than {_MAX_QUERY_FIELDS} fields."
        raise ResponseError(HTTPStatus.BAD_REQUEST, sentence) from None
    query: dict[str, str] = {}
    for name, value in pairs:
        query.setdefault(name, value)
    return segments, query


def _is_foreign(origin: str | None, host: str | None) -> bool:
    """Whether a browser sent this on behalf of another site's page, which must not write here."""
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != (host or "").lower()
    except ValueError:
        return True


class Server(ThreadingHTTPServer):
    """Serves one application; threads die with the process, writes are finished by `Application.close`."""

    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        app: Application,
        static: Mapping[str, Response],
        accepted: AcceptedHosts,
        verbose: bool,
    ) -> None:
        """Bind and listen; raises OSError when the address is taken or not ours."""
        self.app = app
        self.static = static
        self.accepted = accepted
        self.verbose = verbose
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - the library's signature
        """A client that hung up or timed out is not news; anything else is one line."""
        error = sys.exc_info()[1]
        if self.verbose or not isinstance(error, (ConnectionError, TimeoutError)):
            self.say(f"connection from {client_address}: {type(error).__name__}: {error}")

    def say(self, sentence: str) -> None:
        """One line on stderr."""
        sys.stderr.write(f"{self.app.name}: {sentence}\n")
        sys.stderr.flush()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 15  # seconds; a client that dawdles must not hold a thread for ever
    server: Server

    def _handle(self) -> None:
        try:
            response = self._respond()
        except ResponseError as refusal:
            response = json_response({"error": refusal.sentence}, refusal.status)
            if refusal.allow:
                response = Response(
                    response.body, response.content_type, response.status, headers=(("Allow", refusal.allow),)
                )
        except (ConnectionError, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001, RUF100 - the last line of defence: one broken request, not a dead server
            self.server.say(f"{self.command} {self.path!r} failed: {type(error).__name__}: {error}")
            response = json_response(
                {"error": "This request failed inside the server; its log has one line about it."}, 500
            )
        self._send(response)

    do_GET = do_HEAD = do_POST = do_DELETE = do_PUT = do_PATCH = do_OPTIONS = _handle  # noqa: N815 - names that http.server calls

    def _respond(self) -> Response:
        body = self._read_body()
        segments, query = _parse_target(self.path)
        method = "GET" if self.command == "HEAD" else self.command
        host = self.headers.get("Host")
        if not self.server.accepted.accept(host):
            raise ResponseError(HTTPStatus.MISDIRECTED_REQUEST, refusal(host))
        if method != "GET" and _is_foreign(self.headers.get("Origin"), host):
            raise ResponseError(HTTPStatus.FORBIDDEN, "A page of another site may not write here.")
        if segments[:1] == ("static",) and method == "GET":
            found = self.server.static.get("/".join(segments[1:]))
            if found is None:
                raise ResponseError(HTTPStatus.NOT_FOUND, f"There is no file at {self.path!r}.")
            return found
        return self.server.app.respond(Request(method, segments, query, body))

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            raise ResponseError(HTTPStatus.LENGTH_REQUIRED, "Send the body with a Content-Length, not in chunks.")
        text = self.headers.get("Content-Length")
        if text is None:
            if self.command in {"POST", "PUT", "PATCH"}:
                self.close_connection = True
                raise ResponseError(HTTPStatus.LENGTH_REQUIRED, "The request needs a Content-Length.")
            return b""
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            self.close_connection = True
            raise ResponseError(HTTPStatus.BAD_REQUEST, "Content-Length must be a number of bytes.")
        length, limit = int(text), self.server.app.max_body
        if length > limit:
            self.close_connection = True
            self._drain(length)
            sentence = f"The body has {length} bytes; at most {limit} are accepted."
            raise ResponseError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            raise ResponseError(HTTPStatus.BAD_REQUEST, "The body ended before its Content-Length.")
        return body

    def _drain(self, length: int) -> None:
        """Throw away what is still coming, within limits: a client that still writes would not read our answer."""
        remaining, until = min(length, _DRAIN_BYTES), time.monotonic() + _DRAIN_SECONDS
        self.connection.settimeout(_DRAIN_SECONDS)
        while remaining > 0 and time.monotonic() < until:
            try:
                piece = self.rfile.read1(min(remaining, 65536))
            except TimeoutError:
                return
            if not piece:
                return
            remaining -= len(piece)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in (*_SAFE_HEADERS, *response.headers):
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Malformed requests get the same headers and one sentence, not the library's page."""
        self.close_connection = True
        sentence = message or explain or HTTPStatus(code).phrase
        self._send(json_response({"error": sentence}, code))

    def version_string(self) -> str:
        """No version for strangers."""
        return self.server.app.name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own parameter name
        """Access log, only when asked for; control characters of the client never reach the terminal."""
        if self.server.verbose:
            line = format % args
            self.server.say("".join(char if char.isprintable() else "?" for char in line))


def methods(request: Request, allowed: Iterable[str]) -> None:
    """Refuse with 405 what is not in `allowed`."""
    names = tuple(allowed)
    if request.method not in names:
        sentence = f"{request.path} answers only {' and '.join(names)}."
        raise ResponseError(HTTPStatus.METHOD_NOT_ALLOWED, sentence, allow=", ".join(names))
