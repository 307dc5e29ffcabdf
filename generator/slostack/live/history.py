"""A past for a time-lapse: recorded counts dated back over the whole period, so that long windows are full.

The past is the present's traffic with a day's rhythm, a little noise that is the same at every run, and one incident a
third of the period ago. Only what the base rules record is written; every window and budget is derived by the rules.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator

from slostack import recorded
from slostack.failure import MISSING, Failure
from slostack.live.clients import Prometheus, wait_until
from slostack.live.remote_write import Series, push
from slostack.plan.model import Plan

_MINUTE = 60
_TILE = 300
_NEAR = 21_600 + 3600  # seconds of the time-lapse that windows of up to 6 h read minute by minute
_EVEN_BEFORE = 3600  # seconds before the period: a window is whole where there is something at its far end
_INCIDENT = (0.34, 1800, 0.2)  # how far back (of the period), how long (seconds), the share of events that failed


def write(plan: Plan, server: Prometheus) -> int:
    """Give every SLO of a running time-lapse its past. Returns the number of samples. Raises Failure."""
    window = plan.duration(600)
    # The first minute of a counter is a part of one.
    whole_minutes = f"count by (slo) (count_over_time({recorded.TOTAL_1M}[{window}]) > 2)"
    if not wait_until(lambda: len(server.query(whole_minutes)) == len(plan.slos), 30):
        missing = sorted({slo.id for slo in plan.slos} - {one["metric"]["slo"] for one in server.query(whole_minutes)})
        raise Failure(f"no events of {', '.join(missing)} were counted within 30 s; is its job scraped?", MISSING)
    now = time.time()
    totals = _groups(server, f"max_over_time({recorded.TOTAL_1M}[{window}])")
    errors = f"sum_over_time({recorded.ERRORS_1M}[{window}]) / (sum_over_time({recorded.TOTAL_1M}[{window}]) > 0)"
    return push(server, _series(plan, now, totals, _groups(server, errors)))


def wait_until_recorded(plan: Plan, server: Prometheus) -> None:
    """Wait for the rules to have read what `write` gave: they record whole periods every ten minutes of theirs."""
    wanted = {(slo.id, slo.period_name) for slo in plan.slos}

    def done() -> bool:
        found = (one["metric"] for one in server.query(recorded.COMPLETE))
        return wanted <= {(one["slo"], one[recorded.WINDOW]) for one in found}

    wait_until(done, 20)


def _groups(server: Prometheus, query: str) -> dict[tuple[tuple[str, str], ...], float]:
    return {tuple(sorted(one["metric"].items())): float(one["value"][1]) for one in server.query(query)}


def _series(
    plan: Plan,
    now: float,
    totals: dict[tuple[tuple[str, str], ...], float],
    shares: dict[tuple[tuple[str, str], ...], float],
) -> Iterator[Series]:
    slos = {slo.id: slo for slo in plan.slos}
    for number, (key, total) in enumerate(sorted(totals.items())):
        labels = dict(key)
        slo = slos.get(labels["slo"])
        if slo is None:
            continue
        # Healthy: at most a third of the budget, whatever the few seconds that were measured say.
        share = min(shares.get(key, 0.0), float(slo.budget) / 3)
        hit = slo.name == "requests"
        for step, span, names in (
            (_TILE, slo.period + _EVEN_BEFORE, (recorded.TOTAL_5M, recorded.ERRORS_5M)),
            (_MINUTE, _NEAR, (recorded.TOTAL_1M, recorded.ERRORS_1M)),
        ):
            traffic = _traffic(number, total * step / _MINUTE, slo.measures == "time")
            moments = [(back, now - back / plan.time_scale) for back in range(span, step, -step)]
            counts = [(at, back, traffic(at * plan.time_scale)) for back, at in moments]
            yield Series(names[0], labels, [(at, count) for at, _, count in counts])
            failed = [
                (at, count * (_INCIDENT[2] if hit and _in_incident(back, slo.period) else share))
                for at, back, count in counts
            ]
            yield Series(names[1], labels, failed)


def _in_incident(back: int, period: int) -> bool:
    begin = period * _INCIDENT[0]
    return begin - _INCIDENT[1] < back <= begin


def _traffic(seed: int, mean: float, even: bool) -> Callable[[float], float]:
    noise = random.Random(seed)  # noqa: S311 - not a secret: the same past at every run

    def at(moment: float) -> float:
        if even:
            return mean
        day = math.sin(2 * math.pi * (moment % 86_400) / 86_400)
        return max(0.0, mean * (1 + 0.35 * day) * noise.uniform(0.95, 1.05))

    return at
