"""What the spec reads is held against a real Prometheus that scrapes a real service."""

from __future__ import annotations

import http.server
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from slostack.checks.live import check_live
from slostack.failure import MISSING, Failure
from slostack.spec.load import parse
from slostack.tools.errors import ToolError
from slostack.tools.find import find

METRICS = b"""\
# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{code="200",path="/a"} 5
# HELP failures_total Failures; none yet.
# TYPE failures_total counter
# HELP took_seconds How long requests took.
# TYPE took_seconds histogram
took_seconds_bucket{le="0.1"} 3
took_seconds_bucket{le="0.5"} 4
took_seconds_bucket{le="+Inf"} 5
took_seconds_sum 1
took_seconds_count 5
"""

SPEC = """\
version: 1
heartbeat: https://heartbeat.example/beat
teams:
  shop: {page: {webhook: "https://h.example/p"}, ticket: {webhook: "https://h.example/t"}}
services:
  shop:
    team: shop
    slos:
      requests:
        promise: Requests succeed
        objective: 99
        events: {bad: 'http_requests_total{code=~"5.."}', total: http_requests_total}
      failures: {promise: Nothing fails, objective: 99, events: {bad: failures_total, total: http_requests_total}}
      speed:
        promise: Requests are fast
        objective: 99
        latency: {histogram: took_seconds, under: 500ms, buckets: [100ms, 500ms]}
"""


class _Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(METRICS)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Stay quiet."""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that has scraped the service."""
    try:
        argv = find("prometheus").argv
    except ToolError as error:
        pytest.skip(f"no Prometheus: {error}")
    home: Path = tmp_path_factory.mktemp("prometheus")
    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (home / "prometheus.yml").write_text(
        "global: {scrape_interval: 500ms, scrape_timeout: 400ms}\n"
        f"scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['127.0.0.1:{service.server_port}']}}]}}]\n",
        encoding="utf-8",
    )
    url = f"http://127.0.0.1:{port}"
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [
                *argv,
                f"--config.file={home}/prometheus.yml",
                f"--storage.tsdb.path={home}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 120
        while not _scraped(url):
            assert server.poll() is None, (home / "log").read_text()
            assert time.monotonic() < deadline, "nothing was scraped within 120 s"
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(60)
        service.shutdown()
        service.server_close()


def _scraped(url: str) -> bool:
    try:
        answer = requests.get(f"{url}/api/v1/query", {"query": "http_requests_total"}, timeout=30)
    except requests.RequestException:
        return False
    return answer.ok and bool(answer.json()["data"]["result"])


def told(text: str, url: str) -> list[str]:
    loaded = parse(text, "slo.yaml")
    assert loaded.spec is not None, loaded.problems
    problems = check_live(loaded.spec, loaded.places, url)
    return [f"{p.line}:{p.column}: {p.severity}: {p.code}: {p.message}" for p in problems]


def test_what_never_happened_is_no_error(prometheus: str) -> None:
    assert told(SPEC, prometheus) == [
        (
            "12:24: warning: live-no-series: `http_requests_total` is there, and no series of it matches"
            " — fine if it never happened yet; else compare the labels' values"
        )
    ]


def test_a_metric_that_is_not_there_is_told_where_it_stands(prometheus: str) -> None:
    (found, _) = sorted(told(SPEC.replace("total: http_requests_total}", "total: http_request_total}", 1), prometheus))[
        ::-1
    ]
    assert found == (
        "12:66: error: live-no-series: no series of `http_request_total` was there within an hour"
        " — did you mean `http_requests_total`?"
    )


def test_a_label_that_no_series_has_is_told(prometheus: str) -> None:
    assert told(SPEC.replace('code=~"5.."', 'status=~"5.."'), prometheus) == [
        (
            "12:44: error: live-no-label: no series of `http_requests_total` has the label `status`"
            " — it has code, instance, job, path"
        )
    ]


def test_a_group_label_that_no_series_has_is_told(prometheus: str) -> None:
    text = SPEC.replace("under: 500ms, buckets: [100ms, 500ms]}", "under: 500ms, buckets: [500ms]}\n        by: [path]")
    assert told(text, prometheus)[1:] == [
        (
            "17:30: error: live-no-label: `by` names the label `path`, and no series of `histogram` has it"
            " — it has instance, job"
        )
    ]


def test_a_threshold_that_is_no_bucket_of_the_service_is_told(prometheus: str) -> None:
    text = SPEC.replace("under: 500ms, buckets: [100ms, 500ms]", "under: 300ms, buckets: [300ms]")
    assert told(text, prometheus)[1:] == [
        (
            "17:51: error: live-no-bucket: `speed` has the threshold 0.3 s, which is no bucket there"
            " — buckets are 0.1, 0.5"
        )
    ]


def test_a_server_that_does_not_answer_is_a_failure() -> None:
    with pytest.raises(Failure, match="is the stack up") as failure:
        told(SPEC, "http://127.0.0.1:9")
    assert failure.value.exit_code == MISSING
