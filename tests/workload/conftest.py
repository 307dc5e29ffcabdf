"""A workload whose time passes fast enough to see minutes in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from running_workload import PATIENCE, RunningWorkload

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def fast() -> Iterator[RunningWorkload]:
    """A workload whose minute takes 50 ms."""
    workload = RunningWorkload(time_scale=1200)
    yield workload
    workload.stop()


@pytest.fixture
def healthy(fast: RunningWorkload) -> Iterator[RunningWorkload]:
    """The fast workload without any fault, before and after the test."""
    yield fast
    fast.http.delete(fast.url + "/faults", timeout=PATIENCE)
