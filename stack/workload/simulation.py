"""The played world: time passes, traffic happens, faults come and go, and the metrics show it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prometheus_client.exposition import choose_encoder

from workload.clock import TimeLapse
from workload.conditions import Conditions
from workload.events import Requests
from workload.faults import FAULTS, Setting
from workload.host import HostMetrics
from workload.metrics import ServiceMetrics
from workload.traffic import QUICK, Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prometheus_client import CollectorRegistry

    from workload.events import Event, Example

TICK = 0.1
"""Real seconds between two steps of the world; a scrape is a step of its own."""
_MOST_PIECES = 600
"""Of one step: a process that was paused for hours answers soon all the same."""
_UNSEEN_STATUS = "502"


@dataclass(frozen=True)
class _Call:
    """A fault that was called, and when."""

    setting: Setting
    at: datetime


class Simulation:
    """One played service on its host. Every method is safe to call from any thread.

    The world moves in `advance`, which every scrape calls too: what a scrape reads is exact for its moment.
    """

    def __init__(self, time_scale: float, seed: int) -> None:
        """`time_scale` is how many scaled seconds pass in a real one; `seed` makes the noise repeatable."""
        self._lock = threading.RLock()
        self._clock = TimeLapse(time_scale)
        self._traffic = Traffic(seed)
        self._active: dict[str, _Call] = {}
        self._struck: dict[str, _Call] = {}
        self._host = HostMetrics()
        self._next_restart = 0.0
        self.on_events: Callable[[Sequence[Event]], None] | None = None
        """Gets what happened in each tick, for whoever records it, too; it must return at once."""
        self._start()
        self.advance()

    def advance(self) -> None:
        """Let everything happen that is due since the last call.

        After a pause that is in pieces of about a tick, as if there had been none: the noise of one long tick would be
        a swing.
        """
        with self._lock:
            scaled_time, seconds = self._clock.advance()
            pieces = min(max(round(seconds / (TICK * self._clock.scale)), 1), _MOST_PIECES)
            for left in reversed(range(pieces)):
                self._step(scaled_time - left * seconds / pieces, seconds / pieces)

    def _step(self, scaled_time: float, seconds: float) -> None:
        """The `seconds` (scaled) that end at `scaled_time`."""
        conditions = self.conditions()
        if conditions.restart_every is None:
            self._next_restart = 0.0
        elif scaled_time >= self._next_restart:
            self._start()
            self._next_restart = scaled_time + conditions.restart_every
        events = [event for event in self._traffic.tick(scaled_time, seconds, conditions) if event.count]
        for event in events:
            self._service.record(event)
        if self.on_events:
            self.on_events(events)
        levels = self._traffic.levels(scaled_time, conditions)
        self._service.set_levels(levels, seconds)
        self._host.set_levels(conditions, levels, seconds, time.time())

    def conditions(self) -> Conditions:
        """The healthy world with every active fault applied, in the order of the table of faults."""
        world = Conditions()
        with self._lock:
            for name, fault in FAULTS.items():
                if fault.turns and name in self._active:
                    world = fault.turns(world, self._active[name].setting)
        return world

    def service_exposition(self, accept: str) -> tuple[bytes, str] | None:
        """The service's metrics and their content type for an Accept header; None while the service is down."""
        with self._lock:
            self.advance()
            return self._exposition(self._service.registry, accept) if self.conditions().reachable else None

    def host_exposition(self, accept: str) -> tuple[bytes, str]:
        """The host's and container's metrics and their content type for an Accept header."""
        with self._lock:
            self.advance()
            return self._exposition(self._host.registry, accept)

    def exemplify(self, examples: Sequence[Example]) -> None:
        """Show these as exemplars of the service's metrics."""
        with self._lock:
            for example in examples:
                self._service.exemplify(example)

    def call(self, name: str, wishes: Mapping[str, object]) -> None:
        """Let a fault of the table begin, or begin anew; raises FaultSettingError for wishes it does not know."""
        fault = FAULTS[name]
        called = _Call(fault.setting(wishes), datetime.now(UTC))
        with self._lock:
            self.advance()  # what happened until now happened without it
            if fault.strikes:
                fault.strikes(self, called.setting)
                self._struck[name] = called
            else:
                self._active[name] = called
            self.advance()

    def end(self, name: str) -> None:
        """End a fault; nothing happens if it is not active."""
        with self._lock:
            self.advance()
            self._active.pop(name, None)
            self.advance()

    def end_all(self) -> None:
        """End every active fault."""
        with self._lock:
            self.advance()
            self._active.clear()
            self.advance()

    def describe(self, name: str) -> dict[str, object]:
        """A fault as JSON: what it does, what can be set, and since when it is active, or when it last struck."""
        fault = FAULTS[name]
        with self._lock:
            active, struck = self._active.get(name), self._struck.get(name)
        answer: dict[str, object] = {
            "description": fault.description,
            "once": fault.strikes is not None,
            "active": active is not None,
            "since": active.at.isoformat() if active else None,
        }
        if fault.strikes:
            answer["last"] = struck.at.isoformat() if struck else None
        called = active or struck
        if fault.level:
            answer["level"] = called.setting.level if called else fault.level.default
            answer["level_unit"] = fault.level.unit
        if fault.target:
            answer[fault.target.label] = called.setting.target if called else fault.target.default
        return answer

    def restart(self) -> None:
        """End the service's process and start a new one in a new container."""
        with self._lock:
            self._start()

    def fail_unseen(self, count: int) -> None:
        """Answer `count` requests with a status that the service never used before."""
        with self._lock:
            self._service.record(Requests("POST", "/chat", _UNSEEN_STATUS, count, QUICK))

    def _start(self) -> None:
        now = time.time()
        self._service = ServiceMetrics(now)
        self._host.container_started(now)

    @staticmethod
    def _exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
        encode, content_type = choose_encoder(accept)
        return encode(registry), content_type
