"""The played world without a process: its clock is the test's, so that its pace is exact on every machine."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from running_workload import Scrape

from workload.clock import load_at
from workload.simulation import TICK, Simulation
from workload.traffic import RAG_RATE

SCALE = 300.0
STARTED = 1_763_600_000.0  # Unix seconds


class Hand:
    """What moves the simulation's clock."""

    def __init__(self) -> None:
        self.real_seconds = 0.0

    def move(self, scaled_seconds: float) -> None:
        """Let this much scaled time pass."""
        self.real_seconds += scaled_seconds / SCALE


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    """The clock of every simulation stands still until it is moved."""
    made = Hand()
    moved = SimpleNamespace(time=lambda: STARTED, monotonic=lambda: made.real_seconds)
    monkeypatch.setattr("workload.clock.time", moved)  # its own name only: threads wait by the real one
    return made


def scrape(simulation: Simulation) -> Scrape:
    service = simulation.service_exposition("")
    assert service is not None
    return Scrape(service[0].decode(), simulation.host_exposition("")[0].decode())


def restarts(simulation: Simulation, hand: Hand, scaled_seconds: int) -> list[int]:
    """When the container had a new start, in scaled seconds from now; looked at every 30."""
    found, known = [], scrape(simulation).value("container_start_time_seconds")
    for at in range(30, scaled_seconds + 1, 30):
        hand.move(30)
        now = scrape(simulation).value("container_start_time_seconds")
        if now != known:
            found.append(at)
        known = now
    return found


def test_restarts_come_every_four_scaled_minutes_while_the_fault_is_active(hand: Hand) -> None:
    """More than three in a scaled hour, already after a quarter of one, and none before or afterwards."""
    simulation = Simulation(SCALE, seed=1)
    assert restarts(simulation, hand, 300) == []
    before = scrape(simulation).value("container_start_time_seconds")
    simulation.call("restarts", {})
    assert scrape(simulation).value("container_start_time_seconds") > before
    later = restarts(simulation, hand, 900)
    assert 1 + len(later) >= 4
    # Each is due 240 s after the one before, and the next look may be 30 s later.
    assert all(240 <= gap <= 270 for gap in (second - first for first, second in zip([0, *later], later, strict=False)))
    simulation.end("restarts")
    assert restarts(simulation, hand, 600) == []


@pytest.mark.parametrize("seed", range(8))
def test_after_a_pause_the_counters_are_where_they_would_have_been(hand: Hand, seed: int) -> None:
    """One long tick with one tick's noise would be up to a fifth away."""
    simulation = Simulation(SCALE, seed)
    pause = 100 * TICK * SCALE
    before, expected = scrape(simulation), RAG_RATE * pause * load_at(STARTED * SCALE + pause / 2)
    hand.move(pause)
    after = scrape(simulation)

    def counted(name: str) -> float:
        return float(after.value(name) - before.value(name))

    assert counted("node_cpu_seconds_total") == pytest.approx(pause)
    assert counted("mcts_rag_queries_total") == pytest.approx(expected, rel=0.05)


def test_even_after_a_night_the_next_scrape_is_answered_soon(hand: Hand) -> None:
    """In real time that passes a hundred thousand ticks, of which each would take about a millisecond."""
    simulation = Simulation(SCALE, seed=1)
    ticks: list[int] = []
    simulation.on_events = lambda events: ticks.append(len(events))
    hand.move(100_000 * TICK * SCALE)
    scrape(simulation)
    assert 100 <= len(ticks) <= 1000
