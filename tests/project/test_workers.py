"""How the tests are spread over workers."""

from __future__ import annotations

import pytest


def test_one_worker_runs_all_tests_of_a_file(request: pytest.FixtureRequest) -> None:
    """Else every worker starts every stack beside the others', and nobody notices but the clock."""
    if not hasattr(request.config, "workerinput"):
        pytest.skip("one process runs all tests")
    assert request.node.nodeid.endswith("@tests/project/test_workers.py")
