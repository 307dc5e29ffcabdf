"""Scrape gaps of an hour and a half, found again from the raw counters, live and beside everything else.

The rules run three hundred times faster here, so that their six hours are 72 s. What is put right has the precision of
`increase`: it extrapolates by up to half a scrape interval at each end, which is a minute of traffic; and losses of
less than one percent are left.
"""

from __future__ import annotations

from concurrent.futures import Future

import pytest
from stories import Told

pytestmark = [
    pytest.mark.xdist_group("truth"),  # one worker tells the stories, for all three modules
    pytest.mark.timeout(900),  # twice and three times on a busy machine
]

A_MINUTE = 60.0
LEFT = 0.01


@pytest.fixture(scope="module")
def told(stories: dict[str, Future[Told]]) -> Told:
    return stories["reconciled"].result()


def both(told: Told, name: str, kind: str, **labels: str) -> float:
    return told.counted(name, f"{kind}:events1m", **labels) + told.counted(name, f"{kind}:reconcile6h", **labels)


def assert_put_right(found: float, truth: float, hidden: float = 0) -> None:
    assert truth * (1 - LEFT) - A_MINUTE - hidden <= found <= truth + A_MINUTE


def test_a_gap_is_put_right(told: Told) -> None:
    total, errors = told.truth("hole")

    assert told.counted("hole") < 0.8 * total  # so much was lost
    assert_put_right(both(told, "hole", "total"), total)
    assert_put_right(both(told, "hole", "error"), errors)


@pytest.mark.parametrize("tenant", ["a", "b", "c"])
def test_a_gap_is_put_right_in_each_group(told: Told, tenant: str) -> None:
    total, errors = told.truth("tenants", tenant=tenant)

    assert_put_right(both(told, "tenants", "total", tenant=tenant), total)
    assert_put_right(both(told, "tenants", "error", tenant=tenant), errors)


def test_a_counter_that_stepped_back_lost_nothing(told: Told) -> None:
    total, _ = told.truth("stepback")

    assert told.counted("stepback", "total:reconcile6h") == 0
    assert both(told, "stepback", "total") == pytest.approx(total, rel=LEFT)


def test_a_birth_beside_a_gap_hides_no_more_of_it_than_it_brought(told: Told) -> None:
    total, errors = told.truth("born")

    assert_put_right(both(told, "born", "total"), total, hidden=50)
    assert_put_right(both(told, "born", "error"), errors, hidden=50)


@pytest.mark.parametrize("name", ["hole", "born", "stepback"])
def test_long_windows_hold_what_was_put_right(told: Told, name: str) -> None:
    tiles_missed = told.prometheus.missed("slo-windows-5m")
    found = told.prometheus.number(f'slo:total:events{{slo="{told.scenarios[name].id}",window="30d"}}')

    assert found == pytest.approx(both(told, name, "total"), abs=0.01 + 5 * tiles_missed * A_MINUTE)
