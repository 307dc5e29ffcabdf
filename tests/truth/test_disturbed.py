"""A Prometheus that is stalled for six minutes, and killed and down for four."""

from __future__ import annotations

from concurrent.futures import Future

import pytest
from stories import Told

pytestmark = pytest.mark.xdist_group("truth")  # one worker tells the stories, for all three modules

A_MINUTE = 60.0


@pytest.fixture(scope="module")
def told(stories: dict[str, Future[Told]]) -> Told:
    return stories["disturbed"].result()


@pytest.mark.parametrize("name", [f"phase{n}" for n in range(4)])
def test_short_interruptions_are_bridged_and_repeat_nothing(told: Told, name: str) -> None:
    total, _ = told.truth(name)

    # Each interruption costs the minutes at its ends, which were scraped but not evaluated. After a start, targets
    # are scraped up to five seconds late (five minutes here), which together with the four is still bridged.
    assert total - 6 * A_MINUTE <= told.counted(name) <= total


@pytest.mark.parametrize("name", [f"phase{n}" for n in range(4)])
def test_the_ratio_stays_right(told: Told, name: str) -> None:
    total, errors = told.truth(name)

    for window in ("6h", "1d", "30d"):
        found = told.prometheus.number(f'slo:error_ratio{{slo="{told.scenarios[name].id}",window="{window}"}}')
        assert found == pytest.approx(errors / total, rel=0.01)


@pytest.mark.parametrize("name", [f"phase{n}" for n in range(4)])
def test_long_windows_lose_no_more_than_the_tiles_that_were_not_evaluated(told: Told, name: str) -> None:
    counted = told.counted(name)
    of_total = told.prometheus.number(f'slo:total:events{{slo="{told.scenarios[name].id}",window="30d"}}')

    assert of_total is not None
    assert counted - 3 * 5 * A_MINUTE <= of_total <= counted  # two in the stall, one while it was down
