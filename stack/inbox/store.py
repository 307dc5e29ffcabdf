"""Notifications on disk: one JSON line each, synced before the sender gets its answer."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from sys import intern
from typing import TYPE_CHECKING

from inbox.disk import Disk, write_all
from inbox.message import burning, identity
from inbox.notification import Notification, iso, parse_time
from inbox.receive import BadBodyError, understand

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KEEP = 2_000
MAX_BYTES = 8_000_000
_PIECE = 256 * 1024
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
_UNREADABLE = (BadBodyError, KeyError, TypeError, ValueError, RecursionError)


class StoreError(Exception):
    """The directory cannot be used; one sentence with the reason."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What stays in memory of a stored notification: some hundred bytes, however long the notification is.

    `group` is the same for later news about the same thing; `burns` is level, service and what, None once it is over.
    `start` counts the bytes of all lines ever stored since the program's start; `size` is the line's, in bytes.
    """

    id: int
    receiver: str
    group: bytes
    burns: tuple[str, str, str] | None
    start: int
    size: int


class Store:
    """Notifications in `DIR/notifications.jsonl`, oldest first, and what they are about in memory. Safe for threads.

    Ids grow by one and are never given twice, not even after `clear` and a restart: clients ask for what came
    `after` an id. At most `keep` notifications of together `max_bytes` stay, the newest always; the oldest go first.
    The file is rewritten when a quarter more has piled up.
    """

    def __init__(self, directory: Path, keep: int = KEEP, max_bytes: int = MAX_BYTES) -> None:
        """Open or create; raises `StoreError` when the directory cannot be written or another inbox has it."""
        self.warnings: list[str] = []
        self._path = directory / "notifications.jsonl"
        self._keep = keep
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque()
        self._next_id = 1
        self._left = 0  # lines of the file that are of no more use
        self._shift = 0  # an entry's `start` less its place in the file
        self._end = 0  # `start` of the next entry
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self.disk = Disk(directory)
            self._owner = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._file = self._open()
            self._load()
        except BlockingIOError as error:
            raise StoreError(f"another inbox already uses {directory}; give this one its own --data.") from error
        except OSError as error:
            raise StoreError(f"cannot use {directory} ({error.strerror}); choose another --data.") from error
        self._tidy()

    def add(self, kind: str, receiver: str, raw: Mapping[str, object]) -> Notification:
        """Store a body that `understand` accepts; raises `BadBodyError`, or `StoreError` when the disk refuses."""
        content = understand(kind, raw)
        with self._lock:
            now = datetime.now(UTC)
            now = now.replace(microsecond=now.microsecond // 1000 * 1000)
            item = Notification(self._next_id, now, receiver, kind, content, raw)
            line = _line(_record(item))
            self._append(line)
            self._next_id += 1
            self._entries.append(_entry(item, self._end, len(line)))
            self._end += len(line)
            self._forget()
            self._tidy()
            return item

    def entries(self) -> list[Entry]:
        """What is there, oldest first."""
        with self._lock:
            return list(self._entries)

    def read(self, entry: Entry) -> Notification | None:
        """The whole notification of an entry, or None where it has gone since."""
        with self._lock:
            place = entry.start - self._shift
            if entry.start < self._first() or place < 0:
                return None
            line = os.pread(self._file, entry.size, place)
        try:
            item = _from_record(json.loads(line))
        except _UNREADABLE:  # somebody else wrote to the file
            return None
        return item if item.id == entry.id else None

    def get(self, number: int) -> Notification | None:
        """One notification, or None."""
        found = next((entry for entry in self.entries() if entry.id == number), None)
        return self.read(found) if found else None

    @property
    def last_id(self) -> int:
        """The id given last; 0 before the first."""
        with self._lock:
            return self._next_id - 1

    def clear(self) -> int:
        """Remove everything and say how many there were; raises `StoreError`."""
        with self._lock:
            count = len(self._entries)
            self._rewrite(self._end)
            return count

    def close(self) -> None:
        """Wait for a write in progress and release the directory."""
        with self._lock:
            os.close(self._file)
            os.close(self._owner)

    def _open(self) -> int:
        return os.open(self._path, _FLAGS, 0o600)

    def _append(self, line: bytes) -> None:
        place = self._end - self._shift
        try:
            size = os.fstat(self._file).st_size
            if size > place:
                os.ftruncate(self._file, place)  # half a line would swallow the next one
            self._shift += place - min(size, place)  # somebody else cut the file short
            write_all(self._file, line)
            os.fsync(self._file)
        except OSError as error:
            reason = self.disk.failed(len(line), error)
            with suppress(OSError):  # the next one tries again
                os.ftruncate(self._file, place)
            raise StoreError(f"cannot store the notification: {reason}.") from error
        self.disk.worked(len(line))

    def _forget(self) -> None:
        """Let go of the oldest that are too many or too long, but for the newest."""
        while len(self._entries) > self._keep or self._end - self._first() > self._max_bytes:
            if len(self._entries) == 1:
                break
            self._entries.popleft()
            self._left += 1

    def _first(self) -> int:
        return self._entries[0].start if self._entries else self._end

    def _tidy(self) -> None:
        """Rewrite the file once enough has piled up."""
        unused = self._first() - self._shift
        if self._left > max(self._keep // 4, 10) or unused > self._max_bytes // 4:
            with suppress(StoreError):  # nothing is lost: `disk` remembers, and the next notification tries again
                self._rewrite(self._first())

    def _rewrite(self, first: int) -> None:
        """Replace the file at once by its lines from `first` on; the next id goes before them, to survive a `clear`."""
        beside = self._path.with_suffix(".new")
        head = _line({"next_id": self._next_id})
        size = len(head) + self._end - first
        try:
            handle = os.open(beside, _FLAGS | os.O_TRUNC, 0o600)
            try:
                write_all(handle, head)
                self._copy(handle, first - self._shift, self._end - self._shift)
                os.fsync(handle)
                beside.replace(self._path)
            except OSError:
                os.close(handle)
                raise
        except OSError as error:
            reason = self.disk.failed(size, error)
            with suppress(OSError):  # what is left of it goes with the next try
                beside.unlink(missing_ok=True)
            raise StoreError(f"cannot rewrite {self._path.name}: {reason}.") from error
        os.close(self._file)
        self._file = handle
        self._shift = first - len(head)
        self._left = 0
        while self._entries and self._entries[0].start < first:
            self._entries.popleft()
        self._sync_folder(size)

    def _sync_folder(self, size: int) -> None:
        try:
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise StoreError(f"cannot rewrite {self._path.name}: {self.disk.failed(size, error)}.") from error
        self.disk.worked(size)

    def _copy(self, handle: int, begin: int, end: int) -> None:
        while begin < end and (piece := os.pread(self._file, min(_PIECE, end - begin), begin)):
            write_all(handle, piece)
            begin += len(piece)

    def _load(self) -> None:
        """Find the lines that may stay, and only then read them: an older inbox may have left any number."""
        lines: deque[tuple[int, int, int]] = deque()  # number, place, size
        number = kept = 0
        with self._path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    os.ftruncate(self._file, self._end)
                    self.warnings.append(f"{self._path.name}: removed half a line that a crash left at the end")
                    break
                if number == 1:
                    self._read_next_id(line)
                lines.append((number, self._end, len(line)))
                self._end += len(line)
                kept += len(line)
                while len(lines) > 1 and (len(lines) > self._keep or kept > self._max_bytes):
                    kept -= lines.popleft()[2]
        for line_number, place, size in lines:
            try:
                record = json.loads(os.pread(self._file, size, place))
                if "next_id" not in record:
                    item = _from_record(record)
                    self._entries.append(_entry(item, place, size))
                    self._next_id = max(self._next_id, item.id + 1)
            except _UNREADABLE as error:
                self.warnings.append(f"{self._path.name}:{line_number}: left out an unreadable line ({error})")
        self._left = max(number - len(self._entries) - 1, 0)

    def _read_next_id(self, line: bytes) -> None:
        """The first line says it after the file was rewritten; otherwise the last notification's id does."""
        with suppress(*_UNREADABLE):
            self._next_id = int(json.loads(line)["next_id"])


def _entry(item: Notification, start: int, size: int) -> Entry:
    return Entry(item.id, intern(item.receiver), identity(item), burning(item), start, size)


def _record(item: Notification) -> dict[str, object]:
    return {
        "id": item.id,
        "received_at": iso(item.received_at),
        "receiver": item.receiver,
        "kind": item.kind,
        "raw": item.raw,
    }


def _from_record(record: Mapping[str, object]) -> Notification:
    number, receiver, kind, raw = record["id"], record["receiver"], record["kind"], record["raw"]
    received = parse_time(record["received_at"])
    if not (isinstance(number, int) and isinstance(receiver, str) and isinstance(kind, str) and isinstance(raw, dict)):
        raise ValueError("a field has the wrong type")
    if received is None:
        raise ValueError("received_at is not a time")
    return Notification(number, received, receiver, kind, understand(kind, raw), raw)


def _line(record: Mapping[str, object]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"
