"""A Prometheus that is stalled for six minutes, and killed and down for four."""

from __future__ import annotations

from concurrent.futures import Future
from itertools import pairwise

import pytest
from stories import STALL, Told

pytestmark = [
    pytest.mark.xdist_group("truth"),  # one worker tells the stories, for all three modules
    pytest.mark.timeout(900),  # twice and three times on a busy machine
]

A_MINUTE = 60.0


@pytest.fixture(scope="module")
def told(stories: dict[str, Future[Told]]) -> Told:
    return stories["disturbed"].result()


@pytest.mark.parametrize("name", [f"phase{n}" for n in range(4)])
def test_short_interruptions_are_bridged_and_repeat_nothing(told: Told, name: str) -> None:
    total, _ = told.truth(name)

    # Each interruption costs the minutes at its ends, which were scraped but not evaluated. After a start, targets
    # are scraped up to five seconds late (five minutes here), which together with the four is still bridged.
    missed = told.prometheus.missed(f"slo-events-{told.scenarios[name].shard}") + told.prometheus.late_scrapes(name)
    assert total - (6 + told.marks["missed"] + missed) * A_MINUTE <= told.counted(name) <= total


@pytest.mark.parametrize("name", [f"phase{n}" for n in range(4)])
def test_the_ratio_stays_right(told: Told, name: str) -> None:
    total, errors = told.truth(name)

    for window in ("6h", "1d", "30d"):
        found = told.prometheus.number(f'slo:error_ratio{{slo="{told.scenarios[name].id}",window="{window}"}}')
        assert found == pytest.approx(errors / total, rel=0.01)


@pytest.mark.parametrize("name", [f"phase{n}" for n in range(4)])
def test_long_windows_hold_every_minute_that_one_of_their_tiles_covers(told: Told, name: str) -> None:
    slo, minute = told.scenarios[name].id, 60 / told.scale
    minutes = told.prometheus.samples(f'slo:total:events1m{{slo="{slo}"}}[1h]')
    tiles = [at for at, _ in told.prometheus.samples(f'slo:total:events5m{{slo="{slo}"}}[1h]')]
    # A tile looks at five minutes, one minute back.
    covered = sum(value for at, value in minutes if any(minute <= tile - at < 6 * minute for tile in tiles))
    # A tick of six hours may fall into the story, and put right what was lost before it.
    put_right = told.counted(name, "total:reconcile6h")
    found = told.prometheus.number(f'slo:total:events{{slo="{slo}",window="30d"}}')

    assert found in (pytest.approx(covered), pytest.approx(covered + put_right))  # the tick may be the newest of all


def test_no_tile_is_missing_but_those_of_the_interruptions(told: Told) -> None:
    of, minute = '{slo="phase0-requests"}', 60 / told.scale
    minutes = [at for at, _ in told.prometheus.samples(f"slo:total:events1m{of}[1h]")]
    tiles = [at for at, _ in told.prometheus.samples(f"slo:total:events5m{of}[1h]")]
    due = [
        before + 5 * minute * n
        for before, after in pairwise(tiles)
        for n in range(1, round((after - before) / minute / 5))
    ]
    # One that has no minute to look at, as after a stall or before the first scrape, is not missed.
    missing = [tile for tile in due if any(minute <= tile - at < 6 * minute for at in minutes)]

    # So many multiples of five minutes can lie in each; the rules begin some moments after the server is ready.
    assert len(missing) <= (STALL // 5 + 1) + ((told.marks["down"] + 1) // 5 + 1)
