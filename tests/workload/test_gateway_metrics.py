"""What the gateway tells Prometheus about itself."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests
from running_workload import ENVIRONMENT, PATIENCE, Scrape

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def url() -> Iterator[str]:
    """A gateway that sends no spans."""
    argv = [sys.executable, "-m", "workload.provider", "--port", "0"]
    with subprocess.Popen(argv, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = re.search(r"http://[\d.:]+", process.stderr.readline())
        assert found
        yield found[0]
        process.terminate()


def scrape(url: str) -> Scrape:
    answer = requests.get(url + "/metrics", timeout=PATIENCE)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return Scrape(answer.text)


def test_calls_are_counted_by_how_they_ended(url: str) -> None:
    assert {
        sample.labels["outcome"]: sample.value for sample in scrape(url).series("slostack_gateway_calls_total")
    } == (dict.fromkeys(("ok", "timeout", "overloaded", "unavailable"), 0))
    call = {"provider": "anthropic", "model": "large", "play": {}}
    for failure, status in ((None, 200), (None, 200), ("overloaded", 429), ("unavailable", 503)):
        sent = call | {"play": {"as": failure}}
        assert requests.post(url + "/v1/chat/completions", json=sent, timeout=PATIENCE).status_code == status
    assert requests.post(url + "/v1/chat/completions", json={}, timeout=PATIENCE).status_code == 400
    found = scrape(url)
    assert found.value("slostack_gateway_calls_total", outcome="ok") == 2
    assert found.value("slostack_gateway_calls_total", outcome="overloaded") == 1
    assert found.value("slostack_gateway_calls_total", outcome="unavailable") == 1
    assert found.value("slostack_gateway_calls_total") == 4


def test_the_process_tells_what_it_uses(url: str) -> None:
    found = scrape(url)
    assert found.value("process_start_time_seconds") > 0
    assert found.value("process_resident_memory_bytes") > 1e6
