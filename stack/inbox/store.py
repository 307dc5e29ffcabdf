"""Notifications on disk: one JSON line each, synced before the sender gets its answer."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inbox.notification import Notification, iso, parse_time
from inbox.receive import BadBodyError, understand

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class StoreError(Exception):
    """The directory cannot be used; one sentence with the reason."""


class Store:
    """All notifications, oldest first, in memory and in `DIR/notifications.jsonl`. Safe for many threads.

    Ids grow by one and are never given twice, not even after `clear` and a restart: clients ask for what came
    `after` an id. At most `keep` notifications stay; the file is rewritten when a quarter more have piled up.
    """

    def __init__(self, directory: Path, keep: int = 10_000) -> None:
        """Open or create; raises `StoreError` when the directory cannot be written or another inbox has it."""
        self.warnings: list[str] = []
        self._path = directory / "notifications.jsonl"
        self._keep = keep
        self._lock = threading.Lock()
        self._items: deque[Notification] = deque(maxlen=keep)
        self._next_id = 1
        self._lines = 0
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._owner = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._load()
            self._file = self._open()
        except BlockingIOError as error:
            raise StoreError(f"another inbox already uses {directory}; give this one its own --data.") from error
        except OSError as error:
            raise StoreError(f"cannot use {directory} ({error.strerror}); choose another --data.") from error

    def add(self, kind: str, receiver: str, raw: Mapping[str, object]) -> Notification:
        """Store a body that `understand` accepts; raises `BadBodyError`, or `StoreError` when the disk refuses."""
        content = understand(kind, raw)
        with self._lock:
            now = datetime.now(UTC)
            now = now.replace(microsecond=now.microsecond // 1000 * 1000)
            item = Notification(self._next_id, now, receiver, kind, content, raw)
            self._append(_record(item))
            self._next_id += 1
            self._items.append(item)
            if self._lines > self._keep + max(self._keep // 4, 10):
                self._rewrite(list(self._items))
            return item

    def after(self, last_id: int = 0, receiver: str = "") -> list[Notification]:
        """Notifications with an id above `last_id`, oldest first; of one receiver if it is named."""
        with self._lock:
            items = list(self._items)
        return [item for item in items if item.id > last_id and receiver in ("", item.receiver)]

    def get(self, number: int) -> Notification | None:
        """One notification, or None."""
        with self._lock:
            return next((item for item in self._items if item.id == number), None)

    @property
    def last_id(self) -> int:
        """The id given last; 0 before the first."""
        with self._lock:
            return self._next_id - 1

    def clear(self) -> int:
        """Remove everything and say how many there were; raises `StoreError`."""
        with self._lock:
            count = len(self._items)
            self._rewrite([])
            self._items.clear()
            return count

    def close(self) -> None:
        """Wait for a write in progress and release the directory."""
        with self._lock:
            os.close(self._file)
            os.close(self._owner)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _append(self, record: Mapping[str, object]) -> None:
        line = _line(record)
        before = os.fstat(self._file).st_size
        try:
            _write_all(self._file, line)
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, before)  # half a line would swallow the next one
            raise StoreError(f"cannot store the notification: {error.strerror}.") from error
        self._lines += 1

    def _rewrite(self, items: list[Notification]) -> None:
        """Replace the file at once; the next id stands first so that it survives an empty file."""
        beside = self._path.with_suffix(".new")
        try:
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                _write_all(handle, _line({"next_id": self._next_id}))
                for item in items:
                    _write_all(handle, _line(_record(item)))
                os.fsync(handle)
            finally:
                os.close(handle)
            beside.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
            opened = self._open()
        except OSError as error:
            raise StoreError(f"cannot rewrite {self._path.name}: {error.strerror}.") from error
        os.close(self._file)
        self._file = opened
        self._lines = len(items)

    def _load(self) -> None:
        if not self._path.exists():
            return
        data = self._path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(self._path, whole)
            self.warnings.append(f"{self._path.name}: removed half a line that a crash left at the end")
        for number, line in enumerate(data[:whole].splitlines(), start=1):
            try:
                record = json.loads(line)
                if "next_id" in record:
                    self._next_id = max(self._next_id, int(record["next_id"]))
                    continue
                item = _from_record(record)
            except (BadBodyError, KeyError, TypeError, ValueError) as error:
                self.warnings.append(f"{self._path.name}:{number}: left out an unreadable line ({error})")
                continue
            self._items.append(item)
            self._lines += 1
            self._next_id = max(self._next_id, item.id + 1)


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


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]
