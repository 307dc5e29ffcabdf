"""`python -m reloader --watch DIR --reload URL`: POST to each URL whenever something in the folder has changed.

Prometheus notices changed files by itself; Alertmanager has to be told. It is told again until it has accepted, so
that a file that was broken and is mended takes effect, and it is told after its own restart for nothing, which costs
nothing. Two Alertmanagers have two URLs; one that is not there (`--optional`) is no fault. With `--port` Prometheus can
ask it how it is.
"""

from __future__ import annotations

import argparse
import hashlib
import signal
import socket
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import hosts
from reloader.door import Door
from webpage import port_number

_CANNOT_LISTEN = 3
_PATIENCE = 45.0  # seconds; a round with two addresses that do not answer takes 25
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_TIMEOUT = 10.0


def fingerprint(folder: Path) -> str:
    """A digest of every file's path and content below `folder`; changes when any of them does."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        try:
            content = path.read_bytes() if path.is_file() else None
        except OSError:  # replaced or removed at this moment: the next look sees what became of it
            content = b""
        if content is not None:
            digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


@dataclass
class Reload:
    """One address to tell. `accepted` is the fingerprint that it has taken; None when it must be told."""

    url: str
    optional: bool = False
    accepted: str | None = None
    complaint: str = field(default="", compare=False)

    def tell(self, current: str) -> None:
        """POST if what is accepted is not `current`; each complaint is printed once."""
        if self.accepted == current:
            return
        said = self._post()
        if not said:
            self.accepted = current
            _say(f"{self.url} has taken the configuration")
        elif said != self.complaint:
            _say(said)
        self.complaint = said

    def _post(self) -> str:
        """What is wrong, or nothing."""
        if self.optional and not _known(urlsplit(self.url).hostname or ""):
            return f"{self.url} is not part of this stack"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(urllib.request.Request(self.url, method="POST"), timeout=_TIMEOUT):  # noqa: S310
                return ""
        except urllib.error.HTTPError as error:
            reason = error.read(500).decode("utf-8", "replace").strip()
            return f"{self.url} refused the configuration and goes on with the one before: {reason}"
        except OSError as error:
            return f"{self.url} does not answer: {getattr(error, 'reason', error)}"


def _known(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True


def _say(sentence: str) -> None:
    sys.stderr.write(f"reloader: {sentence}\n")
    sys.stderr.flush()


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.05 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is not from 0.05 to 3600 seconds")
    return seconds


def main(arguments: list[str] | None = None) -> int:
    """Watch until SIGTERM. Returns 0, 2 where the folder is not there, 3 where `--port` cannot be had."""
    parser = argparse.ArgumentParser(
        prog="reloader",
        description="Tells Alertmanager to read its configuration again when the files have changed.",
        epilog="example:\n  python -m reloader --watch /etc/slostack/alerts --reload http://alertmanager:9093/-/reload",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--watch", type=Path, required=True, metavar="DIR", help="the folder to look at")
    parser.add_argument("--reload", action="append", required=True, metavar="URL", help="whom to tell; may be repeated")
    parser.add_argument("--optional", action="append", default=[], metavar="URL", help="whom to tell if it is there")
    parser.add_argument("--every", type=_seconds, default=5.0, metavar="SECONDS", help="default %(default)s")
    parser.add_argument("--state", type=Path, metavar="FILE", help="there while every address has taken what is there")
    parser.add_argument("--host", default="127.0.0.1", help="address for --port (default %(default)s)")
    parser.add_argument("--port", type=port_number, help="answer /metrics here; 0 takes any free one")
    hosts.add_option(parser)
    options = parser.parse_args(arguments)
    if not options.watch.is_dir():
        parser.error(f"{options.watch} is not a folder")
    told = [Reload(url) for url in options.reload] + [Reload(url, optional=True) for url in options.optional]
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    door = Door(_PATIENCE + options.every)
    if options.port is not None:
        try:
            door.open(options.host, options.port, options.allow_host)
        except OSError as error:
            _say(f"cannot listen on {options.host} port {options.port} ({error.strerror}); choose another --port.")
            return _CANNOT_LISTEN
    while True:
        current = fingerprint(options.watch)
        for one in told:
            one.tell(current)
        taken = all(one.optional or one.accepted == current for one in told)
        door.note(taken=taken)
        if options.state:
            _note(options.state, taken)
        if _stopped_within(options.every):
            return 0


def _stopped_within(seconds: float) -> bool:
    """Wait that long for a signal to stop. A process that was paused meanwhile gets an answer without a signal."""
    received = signal.sigtimedwait(_STOP_SIGNALS, seconds)
    return received is not None and received.si_signo in _STOP_SIGNALS


def _note(state: Path, fine: bool) -> None:
    if fine:
        state.touch()
    else:
        state.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
