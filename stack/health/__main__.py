"""`python -m health URL`: exit with 0 when the address answers with success, with 1 when it does not.

`python -m health --stay` does nothing until it is stopped. Some images have neither a shell nor a client in them (the
OpenTelemetry Collector's is a bare binary): a container of our own stays beside such a program, and *its* health check
asks over the network. It is unhealthy whenever its neighbour is.

`python -m health --fresh FILE` is for a program that nobody can ask. It touches the file in every round of its work,
and is well while the file is young.
"""

from __future__ import annotations

import argparse
import http.client
import signal
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_WELL, _UNWELL = 0, 1


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 60:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and up to 60 seconds")
    return seconds


def _age(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and up to 3600 seconds")
    return seconds


def main(arguments: list[str] | None = None) -> int:
    """Ask each address once and look at the file, or stay. Returns 0, or 1 where one of them is not well."""
    parser = argparse.ArgumentParser(
        prog="health",
        description="Asks addresses whether what is there is well.",
        epilog="example:\n  python -m health http://otel-collector:13133/",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("urls", nargs="*", metavar="URL", help="an address that answers with success when all is well")
    parser.add_argument("--timeout", type=_seconds, default=3.0, help="seconds for each answer (default %(default)s)")
    parser.add_argument("--stay", action="store_true", help="do nothing until SIGTERM, for a container to be asked in")
    parser.add_argument("--fresh", type=Path, metavar="FILE", help="a file that a program at work touches")
    parser.add_argument(
        "--within", type=_age, default=45.0, metavar="SECONDS", help="how old it may be (default %(default)s)"
    )
    options = parser.parse_args(arguments)
    if options.stay == bool(options.urls or options.fresh):
        parser.error("give addresses or --fresh, or else --stay")
    if options.stay:
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
        sys.stderr.write("health: stays until it is stopped\n")  # from here on, a signal ends it with 0
        sys.stderr.flush()
        signal.sigwait(_STOP_SIGNALS)
        return _WELL
    unwell = [said for said in (_ask(url, options.timeout) for url in options.urls) if said]
    if options.fresh and (said := _stale(options.fresh, options.within)):
        unwell.append(said)
    for said in unwell:
        sys.stdout.write(f"{said}\n")  # Docker keeps what a health check prints: `docker inspect` shows it
    return _UNWELL if unwell else _WELL


def _stale(file: Path, within: float) -> str:
    """What is wrong with a file that must have been touched in the last `within` seconds; empty when nothing is."""
    try:
        age = time.time() - file.stat().st_mtime
    except OSError as error:
        return f"{file} is not there: {error.strerror}"
    return f"{file} was touched {age:.0f} s ago, more than {within:g} s" if age > within else ""


def _ask(url: str, timeout: float) -> str:
    """What is wrong at an address, in a sentence; empty when nothing is. Never through a proxy, and no redirects."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    try:
        connection.request("GET", parts.path or "/")
        status = connection.getresponse().status
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"{url} does not answer: {error}"
    finally:
        connection.close()
    return "" if 200 <= status < 300 else f"{url} answers {status}"


if __name__ == "__main__":
    sys.exit(main())
