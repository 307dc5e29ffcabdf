"""One command at a time that starts or stops the stack below a folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from slostack.failure import MISSING, USAGE, Failure


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of `folder`, a file beside it that goes away again. Raises Failure where another command has it.

    The kernel frees the lock of a command that was killed, and the programs that are started inside do not inherit it.
    """
    file = folder.with_suffix(".lock")
    if not file.parent.parent.is_dir():
        raise Failure(f"there is no folder {file.parent.parent} — name the spec with --spec", USAGE)
    try:
        handle = _take(file)
    except OSError as error:
        raise Failure(f"cannot lock {file}: {error.strerror} — make {file.parent} writable", MISSING) from error
    if handle is None:
        raise Failure(f"another slostack is starting or stopping the stack in {folder} — wait until it ends", MISSING)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # its folder has become read-only: a lock that nobody holds does no harm
            file.unlink()
        os.close(handle)
        with contextlib.suppress(OSError):  # another stack's folder is beside it
            file.parent.rmdir()


def _take(file: Path) -> int | None:
    """A handle that holds the lock; None where another has it."""
    while True:
        file.parent.mkdir(exist_ok=True)
        try:
            handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # a command that has just ended took the folder away
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        if _is_at(handle, file):
            return handle
        os.close(handle)  # its owner has just removed it: a later command would lock another file


def _is_at(handle: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), file.stat())
    except FileNotFoundError:
        return False
