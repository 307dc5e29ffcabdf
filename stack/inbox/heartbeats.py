"""Beats of an always-firing alert: when they stop, it is the alerting itself that is broken."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inbox.notification import iso, parse_time
from inbox.store import StoreError

if TYPE_CHECKING:
    from pathlib import Path

MAX_NAMES = 100


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One name; `age` in seconds; `silent` when it is older than the limit."""

    name: str
    last: datetime
    age: float
    silent: bool

    def as_json(self) -> dict[str, object]:
        """As the API gives it."""
        return {"name": self.name, "last": iso(self.last), "age_seconds": round(self.age, 3), "silent": self.silent}


class Heartbeats:
    """The time of each name's last beat, kept in `DIR/heartbeats.json` so that a restart does not hide a silence."""

    def __init__(self, directory: Path, limit: float) -> None:
        """`limit`: seconds without a beat after which a name counts as silent."""
        self.limit = limit
        self._path = directory / "heartbeats.json"
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
            if name not in self._last and len(self._last) >= MAX_NAMES:
                raise StoreError(f"there are already {MAX_NAMES} heartbeats; {name!r} is not added.")
            last = {**self._last, name: datetime.now(UTC)}
            beside = self._path.with_suffix(".new")
            try:
                with beside.open("w", encoding="ascii") as file:
                    json.dump({key: iso(value) for key, value in last.items()}, file)
                    file.flush()
                    os.fsync(file.fileno())
                beside.replace(self._path)
            except OSError as error:
                raise StoreError(f"cannot store the heartbeat: {error.strerror}.") from error
            self._last = last

    def all(self, now: datetime) -> list[Heartbeat]:
        """Every name, the longest silent first."""
        with self._lock:
            items = sorted(self._last.items(), key=lambda item: item[1])
        ages = [(name, last, max((now - last).total_seconds(), 0.0)) for name, last in items]
        return [Heartbeat(name, last, age, age > self.limit) for name, last, age in ages]
