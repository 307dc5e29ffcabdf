"""Which of many requests are traced: a few per real second, whatever the time scale, and failures first of all.

Like tail sampling in a real service: an ordinary request a second, and two in which something failed, of each kind of
failure in turn. So traces say what requests look like, and counters how many there are.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workload.events import AgentRuns, Iterations, LlmCalls, Requests, Retrievals
from workload.shapes import quantile
from workload.traffic import WORKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workload.events import Event

Part = Literal["agent", "iteration", "llm", "rag"]
ORDINARY_INTERVAL = 1.0
FAILED_INTERVAL = 0.5
"""Real seconds between two traces of the sort, at least."""
_SERVER_ERROR = "5"


@dataclass(frozen=True)
class Flaw:
    """What fails inside a request; `target` is the agent or provider, "" where there is only one."""

    part: Part
    target: str = ""


@dataclass(frozen=True)
class Journey:
    """One request to trace; `duration` in seconds."""

    method: str
    endpoint: str
    status: str
    duration: float
    flaw: Flaw | None = None


class Sampler:
    """Picks journeys out of the events of each tick."""

    def __init__(self, seed: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives real seconds."""
        self._random = random.Random(seed)  # noqa: S311 -- a choice of examples, no secret
        self._clock = clock
        self._next_ordinary = self._next_failed = clock()
        self._last: dict[type[Event], float] = {}

    def sample(self, events: Sequence[Event]) -> list[Journey]:
        """The journeys that are due, at most two."""
        now, journeys = self._clock(), []
        if now >= self._next_ordinary and (ordinary := self._ordinary(events)):
            journeys.append(ordinary)
            self._next_ordinary = now + ORDINARY_INTERVAL
        if now >= self._next_failed and (failed := self._failed(events)):
            journeys.append(failed)
            self._next_failed = now + FAILED_INTERVAL
        return journeys

    def _ordinary(self, events: Sequence[Event]) -> Journey | None:
        requests = [
            event
            for event in events
            if isinstance(event, Requests) and event.count and not event.status.startswith(_SERVER_ERROR)
        ]
        if not requests:
            return None
        [chosen] = self._random.choices(requests, [event.count for event in requests])
        return self._journey(chosen)

    def _failed(self, events: Sequence[Event]) -> Journey | None:
        failed = [event for event in events if event.count and _has_failed(event)]
        if not failed:
            return None
        kind = min({type(event): 0 for event in failed}, key=lambda kind: self._last.get(kind, 0.0))
        self._last[kind] = self._clock()
        of_kind = [event for event in failed if isinstance(event, kind)]
        [chosen] = self._random.choices(of_kind, [event.count for event in of_kind])
        if isinstance(chosen, Requests):
            return self._journey(chosen)
        # The request itself succeeds: another agent, another provider or the best answer so far stands in.
        return Journey("POST", "/chat", "200", quantile(WORKING, self._random.random()), _flaw(chosen))

    def _journey(self, event: Requests) -> Journey:
        return Journey(event.method, event.endpoint, event.status, quantile(event.duration, self._random.random()))


def _has_failed(event: Event) -> bool:
    match event:
        case Requests(status=status):
            return status.startswith(_SERVER_ERROR)
        case AgentRuns(status=status) | Retrievals(status=status):
            return status == "error"
        case Iterations(outcome=outcome):
            return outcome == "timeout"
        case LlmCalls(failed=failed):
            return failed


def _flaw(event: AgentRuns | Iterations | LlmCalls | Retrievals) -> Flaw:
    match event:
        case AgentRuns(agent_type=agent_type):
            return Flaw("agent", agent_type)
        case Iterations():
            return Flaw("iteration")
        case LlmCalls(provider=provider):
            return Flaw("llm", provider)
        case Retrievals():
            return Flaw("rag")
