"""The three timelines: one Prometheus undisturbed, one that is stalled and killed, one fast enough to reconcile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from exporter import serving
from instance import Prometheus
from planned import plan
from scenarios import (
    END,
    FIRST,
    LAST,
    STEPS,
    TENANT,
    Scenario,
    added_later,
    at,
    back,
    born,
    gap,
    side_by_side,
    tenants,
    traffic,
)
from tests.priority import hurried


@dataclass
class Told:
    """A story at its end, with its server still running to be asked."""

    prometheus: Prometheus
    scenarios: dict[str, Scenario]
    scale: int
    marks: dict[str, float] = field(default_factory=dict)  # the truth at some moment
    late: float = 0  # seconds by which the worst step of the story itself came late
    open: ExitStack = field(default_factory=ExitStack)

    def truth(self, name: str, **labels: str) -> tuple[float, float]:
        """Events and errors that really happened in a scenario of the usual traffic."""
        service = self.scenarios[name].service
        errors = sum(service.truth("http_requests_total", code=code, **labels) for code in ("500", "503"))
        return service.truth("http_requests_total", **labels), errors

    def counted(self, name: str, what: str = "total:events1m", **labels: str) -> float:
        """The sum of all that was recorded under a name for an SLO."""
        matchers = "".join(f',{label}="{value}"' for label, value in labels.items())
        series = f'slo:{what}{{slo="{self.scenarios[name].id}"{matchers}}}'
        return self.prometheus.number(f"sum(sum_over_time({series}[1h]))") or 0


TOO_LATE = 0.75  # seconds, real ones: a machine that lets one wait so long lets Prometheus wait, too
Events = Callable[[Told], Mapping[int, Callable[[], None]]]


def _tell(
    home: Path, scenarios: list[Scenario], scale: int, *, later: Events, without: str = "", end: int, last: int
) -> Told:
    """Play the scenarios, time divided by `scale`; `later` gives what else happens as a minute begins.

    The SLO of the scenario `without` is not in the first rules.
    """
    with hurried(), ExitStack() as stack:
        port = stack.enter_context(serving([each.service for each in scenarios]))
        prometheus = Prometheus(home, port, [each.name for each in scenarios], scale)
        prometheus.rules(plan(*(each.slo for each in scenarios if each.name != without), time_scale=scale))
        prometheus.start()
        stack.callback(prometheus.kill)
        told = Told(prometheus, {each.name: each for each in scenarios}, scale)
        events = later(told)
        while any(each.service.scrapes < 3 for each in scenarios):  # new targets are scraped after up to 5 s
            time.sleep(0.05)
        begin = time.monotonic()
        for tick in range(end * STEPS):
            minute, step = divmod(tick, STEPS)
            ahead = begin + tick * 60 / scale / STEPS - time.monotonic()
            time.sleep(max(0.0, ahead))
            told.late = max(told.late, -ahead)
            if step == 0 and minute in events:
                threading.Thread(target=events[minute]).start()  # the services go on all the while
            if FIRST <= minute < last:
                for each in scenarios:
                    each.act(each.service, minute, step)
        prometheus.freeze()
        told.open = stack.pop_all()
    return told


Story = Callable[[Path], Told]


def patiently(story: Story, home: Path) -> Told:
    """Tell a story again if this machine was too busy for it to be on time; the third time it is taken as it is."""
    told = story(home / "1")
    for again in ("2", "3"):
        if told.late < TOO_LATE:
            break
        told.open.close()
        told = story(home / again)
    return told


def undisturbed(home: Path) -> Told:
    """Every scenario side by side; before half-time the rules are reloaded with one SLO more."""

    def later(told: Told) -> Mapping[int, Callable[[], None]]:
        def add() -> None:
            told.marks["before"], _ = told.truth("added")
            told.prometheus.rules(plan(*(each.slo for each in told.scenarios.values()), time_scale=told.scale))
            told.prometheus.reload("slo-events-0")
            told.marks["added"], _ = told.truth("added")

        return {30: add}

    return _tell(home, [*side_by_side(), added_later()], 60, later=later, without="added", end=END, last=LAST)


STALL, DOWN = 6, 4  # minutes


def disturbed(home: Path) -> Told:
    """A stall, and a kill with a start some minutes later."""

    def later(told: Told) -> Mapping[int, Callable[[], None]]:
        def kill() -> None:
            begin = time.monotonic()
            # What it missed beyond the stall that was meant, of which the one that follows begins to count anew.
            groups = [f"slo-events-{scenario.shard}" for scenario in told.scenarios.values()]
            told.marks["missed"] = max(0, *(told.prometheus.missed(group) - STALL for group in groups))
            told.prometheus.kill()
            time.sleep(DOWN * 60 / told.scale)
            told.prometheus.start()
            told.marks["down"] = (time.monotonic() - begin) * told.scale / 60

        return {35: lambda: told.prometheus.stall(STALL * 60 / told.scale), 55: kill}

    return _tell(home, [Scenario(f"phase{n}", traffic, shard=n) for n in range(4)], 60, later=later, end=END, last=LAST)


GAP = (200, 290)  # minutes: more than the ten that the base bridges, within the twelve hours that are reconciled
RECONCILED_LAST, RECONCILED_END = 330, 750  # the second tick of six hours comes within twelve, then the windows


def reconciled(home: Path) -> Told:
    """Twelve hours in 144 seconds, with a gap of an hour and a half."""
    scenarios = [
        Scenario("hole", gap(*GAP)),
        Scenario("tenants", gap(*GAP, tenants), shown=(*TENANT["a"], *TENANT["c"]), by=("tenant",)),
        Scenario("stepback", at(150, back), before=10_000_000),
        Scenario("born", gap(*GAP, at(150, born(50)))),
    ]
    return _tell(home, scenarios, 300, later=lambda _told: {}, end=RECONCILED_END, last=RECONCILED_LAST)
