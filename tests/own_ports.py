"""Ports for the tests of one process, apart from those of every other that tests on this machine.

A test may choose ports a minute before a container listens there.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FIRST = 10_000  # below those that slostack itself chooses from
EACH = 200  # a share; the last ends below 20,000
SHARES = 50


@contextmanager
def share() -> Iterator[range | None]:
    """A share that is this process's own inside; None where more processes than there are shares test here."""
    for number in range(SHARES):
        with (Path(tempfile.gettempdir()) / f"slostack-test-ports-{os.getuid()}-{number}").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield range(FIRST + number * EACH, FIRST + (number + 1) * EACH)
            return
    yield None
