"""`python -m inbox`: start the notification inbox."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

from inbox.app import NAME, Inbox
from inbox.heartbeats import Heartbeats
from inbox.memory import share_one_heap
from inbox.store import KEEP, MAX_BYTES, Store, StoreError
from webpage import UnavailableError, base_parser, run


def main(arguments: list[str] | None = None) -> int:
    """Parse flags and serve; returns the exit code."""
    parser = base_parser(
        "inbox",
        "Takes what Alertmanager sends and shows it as it is read on a phone.",
        9099,
        "python -m inbox --port 9099 --data ./inbox-data --expect-heartbeat prometheus",
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="where notifications are stored")
    parser.add_argument(
        "--heartbeat-limit",
        type=_seconds,
        default=300.0,
        metavar="SECONDS",
        help="a heartbeat is silent after this long (default 300)",
    )
    parser.add_argument(
        "--expect-heartbeat",
        type=_heartbeat,
        action="append",
        default=[],
        metavar="NAME",
        help="a heartbeat that is silent too when none comes after the start, at /heartbeat/NAME; may be repeated, and "
        "an empty NAME expects none",
    )
    parser.add_argument(
        "--keep",
        type=_count,
        default=KEEP,
        metavar="N",
        help=f"notifications to keep (default %(default)s), {MAX_BYTES // 1_000_000} MB at most; the oldest go first",
    )
    options = parser.parse_args(arguments)
    share_one_heap()

    def build() -> Inbox:
        try:
            store = Store(options.data, options.keep)
            heartbeats = Heartbeats(
                options.data, options.heartbeat_limit, filter(None, options.expect_heartbeat), store.disk
            )
        except StoreError as error:
            raise UnavailableError(str(error)) from error
        for warning in store.warnings:
            sys.stderr.write(f"inbox: {warning}\n")
        return Inbox(store, heartbeats)

    return run("inbox", options, build, Path(__file__).parent / "static")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def _heartbeat(text: str) -> str:
    if text and not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name: letters, digits and _ . @ -, at most 100 characters")
    return text


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000000")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
