"""Beats of an always-firing alert: when they stop, or never begin, it is the alerting itself that is broken."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inbox.disk import write_all
from inbox.notification import iso, parse_time
from inbox.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from inbox.disk import Disk

MAX_NAMES = 100


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One name. `age`: seconds since the last beat; before the first one since the start, and `last` is None.

    `silent` when `age` is above the limit.
    """

    name: str
    last: datetime | None
    age: float
    silent: bool

    def as_json(self) -> dict[str, object]:
        """As the API gives it."""
        return {"name": self.name, "last": iso(self.last), "age_seconds": round(self.age, 3), "silent": self.silent}


class Heartbeats:
    """The time of each name's last beat, kept in `DIR/heartbeats.json` so that a restart does not hide a silence."""

    def __init__(self, directory: Path, limit: float, expected: Iterable[str], disk: Disk) -> None:
        """`limit`: seconds without a beat after which a name is silent; those `expected` have had none from now on."""
        self.limit = limit
        self._start = datetime.now(UTC)
        self._expected = frozenset(expected)
        self._path = directory / "heartbeats.json"
        self._disk = disk
        self._lock = threading.Lock()
        self._last: dict[str, datetime] = {}
        try:
            said = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise StoreError(f"cannot read {self._path} ({error}); remove it to start afresh.") from error
        for name, text in said.items():
            moment = parse_time(text)
            if moment is not None:
                self._last[name] = moment

    def beat(self, name: str) -> None:
        """Record a beat now; raises `StoreError` when the disk refuses or there are too many names."""
        with self._lock:
            if name not in self._last.keys() | self._expected and len(self._last) >= MAX_NAMES:
                raise StoreError(f"there are already {MAX_NAMES} heartbeats; {name!r} is not added.")
            self._write({**self._last, name: datetime.now(UTC)})

    def forget(self, name: str) -> bool:
        """Wait no longer for a name that is not expected; says whether it was known. Raises `StoreError`."""
        with self._lock:
            known = name in self._last
            if known:
                self._write({key: last for key, last in self._last.items() if key != name})
            return known

    def _write(self, last: dict[str, datetime]) -> None:
        data = json.dumps({name: iso(moment) for name, moment in last.items()}).encode("ascii")
        beside = self._path.with_suffix(".new")
        try:
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                write_all(handle, data)
                os.fsync(handle)
            finally:
                os.close(handle)
            beside.replace(self._path)
        except OSError as error:
            raise StoreError(f"cannot store the heartbeat: {self._disk.failed(len(data), error)}.") from error
        self._disk.worked(len(data))
        self._last = last

    def all(self, now: datetime) -> list[Heartbeat]:
        """Every name that beat once or is expected, the longest silent first."""
        with self._lock:
            last = dict(self._last)
        seen = {name: last.get(name, self._start) for name in last.keys() | self._expected}
        ages = {name: max((now - moment).total_seconds(), 0.0) for name, moment in seen.items()}
        names = sorted(ages, key=lambda name: (-ages[name], name))
        return [Heartbeat(name, last.get(name), ages[name], ages[name] > self.limit) for name in names]
