"""Whether what the inbox stores reaches the disk: what failed last, and whether it would work now."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PIECE = 64 * 1024


class Disk:
    """Remembers the last write that failed, until one that is as large works. Safe for many threads."""

    def __init__(self, directory: Path) -> None:
        """`directory`: where the files are, and where a trial write goes; it must be there."""
        self._directory = directory
        self._lock = threading.Lock()
        self._failed = 0
        self._reason = ""

    def failed(self, size: int, error: OSError) -> str:
        """Remember that `size` bytes could not be written; returns the reason in words."""
        with self._lock:
            self._failed = size
            self._reason = error.strerror or str(error)
            return self._reason

    def worked(self, size: int) -> None:
        """`size` bytes were written and synced. A small write does not prove that there is room for a large one."""
        with self._lock:
            if size >= self._failed:
                self._reason = ""

    def problem(self) -> str:
        """Why nothing can be stored; empty if it can. After a failure, as much is tried again in a file of its own."""
        with self._lock:
            if self._reason:
                trial = self._directory / "trial"
                try:
                    _try(trial, self._failed)
                    self._reason = ""
                except OSError as error:
                    self._reason = error.strerror or str(error)
            return self._reason


def write_all(handle: int, data: bytes) -> None:
    """Write every byte; raises OSError."""
    while data:
        data = data[os.write(handle, data) :]


def _try(path: Path, size: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            for begin in range(0, size, _PIECE):
                write_all(handle, bytes(min(_PIECE, size - begin)))
            os.fsync(handle)
        finally:
            os.close(handle)
    finally:
        path.unlink(missing_ok=True)
