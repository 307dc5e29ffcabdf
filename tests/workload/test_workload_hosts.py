"""The workload and its gateway answer only to names of their own: no page from elsewhere calls a fault."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests
from running_workload import ENVIRONMENT, PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["workload", "workload.provider"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    argv = [sys.executable, "-m", request.param, "--port", "0", "--allow-host", "inside"]
    with subprocess.Popen(argv, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = re.search(r"http://[\d.:]+", process.stderr.readline())
        assert found
        yield found[0]
        process.terminate()


@pytest.mark.parametrize(
    ("host", "status"), [("evil.example", 421), ("localhost:1", 200), ("inside:1", 200), ("127.0.0.1", 200)]
)
def test_a_foreign_name_is_refused(url: str, host: str, status: int) -> None:
    assert requests.get(f"{url}/healthz", headers={"Host": host}, timeout=PATIENCE).status_code == status


@pytest.mark.parametrize(
    ("url", "method", "path"),
    [("workload", "PUT", "/faults/errors"), ("workload.provider", "POST", "/v1/chat/completions")],
    indirect=["url"],
)
def test_a_foreign_name_writes_nothing(url: str, method: str, path: str) -> None:
    answer = requests.request(method, url + path, json={}, headers={"Host": "evil.example"}, timeout=PATIENCE)
    assert answer.status_code == 421
    assert "--allow-host" in answer.json()["error"]
