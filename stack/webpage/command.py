"""Command line and life cycle of a small web program: start, say where, stop cleanly."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import hosts
from webpage.server import Application, Response, Server, load_static

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EXIT_WRONG_USAGE = 2
EXIT_UNAVAILABLE = 3
_SHARED_STATIC = Path(__file__).parent / "static"
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class WrongUsageError(Exception):
    """Something that was asked for on the command line cannot be used; one sentence with a remedy."""


class UnavailableError(Exception):
    """Something needed is taken or broken; one sentence with a remedy."""


def port_number(text: str) -> int:
    """A TCP port, 0 (any free one) to 65535; raises ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def base_parser(name: str, description: str, port: int, example: str) -> argparse.ArgumentParser:
    """The flags every program has: `--host`, `--port`, `--allow-host`, `--verbose`."""
    parser = argparse.ArgumentParser(
        prog=name,
        description=description,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=port_number, default=port, help="port, 0 for any free one (default %(default)s)")
    hosts.add_option(parser)
    parser.add_argument("--verbose", action="store_true", help="write an access log to stderr")
    return parser


def run(name: str, options: argparse.Namespace, build: Callable[[], Application], static: Path) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code: 0, 2 for wrong usage, 3 when the port is taken."""
    # Blocked before any thread starts, then awaited: a handler could run in another thread, or a moment before this one
    # begins to wait, and would wake nobody.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    try:
        app = build()
    except WrongUsageError as error:
        return _complain(name, str(error), EXIT_WRONG_USAGE)
    except UnavailableError as error:
        return _complain(name, str(error), EXIT_UNAVAILABLE)
    try:
        server = _listen(app, options, load_static(_SHARED_STATIC, static))
    except UnavailableError as error:
        app.close()
        return _complain(name, str(error), EXIT_UNAVAILABLE)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="accept", daemon=True)
    thread.start()
    host = f"[{options.host}]" if ":" in options.host else options.host
    server.say(f"listening on http://{host}:{server.server_address[1]}")
    signal.sigwait(_STOP_SIGNALS)
    server.shutdown()
    server.server_close()
    app.close()
    return 0


def _listen(app: Application, options: argparse.Namespace, static: Mapping[str, Response]) -> Server:
    try:
        accepted = hosts.AcceptedHosts(options.host, options.allow_host)
        return Server((options.host, options.port), app, static, accepted, options.verbose)
    except OSError as error:
        place = f"{options.host} port {options.port}"
        if error.errno == errno.EADDRINUSE:
            raise UnavailableError(f"{place} is already in use; choose another with --port.") from error
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise UnavailableError(f"cannot listen on {place} ({reason}); check --host and --port.") from error


def _complain(name: str, sentence: str, code: int) -> int:
    sys.stderr.write(f"{name}: {sentence}\n")
    return code
