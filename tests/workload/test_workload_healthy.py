"""A healthy workload: every metric is there, rates are what they should be, and it behaves as a process."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest
import requests
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from running_workload import COMMAND, ENVIRONMENT, LIFETIME, PATIENCE, RunningWorkload

from workload.clock import load_at

# Name, type, and every label with the values it must have: what the owners of mcts-framework listed.
AGENTS = {"agent_type": {"hrm", "trm", "mcts"}}
ROUTES = {"method": {"GET", "POST"}, "endpoint": {"/chat", "/search", "/agents", "/health"}}
PROVIDERS = {"provider": {"openai", "anthropic", "lmstudio"}}
STATUS = {"status": {"success", "error"}}
DISK = {"device": {"/dev/vda1"}, "fstype": {"ext4"}, "mountpoint": {"/"}}
CONTAINER = {"name": {"mcts-framework"}}
FAMILIES: list[tuple[str, str, dict[str, set[str]]]] = [
    ("mcts_agent_requests_total", "counter", AGENTS | STATUS),
    ("mcts_agent_request_latency_seconds", "histogram", AGENTS),
    ("mcts_agent_confidence_score", "histogram", AGENTS),
    ("mcts_iterations_total", "counter", {"outcome": {"success", "timeout", "error"}}),
    ("mcts_iteration_latency_seconds", "histogram", {}),
    ("mcts_simulation_depth", "histogram", {}),
    ("mcts_active_nodes", "gauge", {}),
    ("mcts_best_action_confidence", "gauge", {}),
    ("mcts_active_operations", "gauge", {"operation_type": {"agent", "mcts_search", "llm", "rag"}}),
    ("mcts_requests_total", "counter", ROUTES | {"status": {"200", "400", "429", "500", "503"}}),
    ("mcts_request_duration_seconds", "histogram", ROUTES),
    ("mcts_active_requests", "gauge", {}),
    ("mcts_errors_total", "counter", {"error_type": {"internal", "agent", "search", "llm", "rag"}}),
    ("mcts_rate_limit_exceeded_total", "counter", {}),
    ("mcts_request_queue_depth", "gauge", {}),
    ("mcts_llm_request_errors_total", "counter", PROVIDERS),
    ("mcts_llm_request_latency_seconds", "histogram", PROVIDERS),
    ("mcts_llm_tokens_total", "counter", PROVIDERS | {"token_type": {"prompt", "completion"}}),
    ("mcts_rag_queries_total", "counter", STATUS),
    ("mcts_rag_retrieval_latency_seconds", "histogram", {}),
    ("mcts_rag_documents_retrieved", "histogram", {}),
    ("mcts_rag_relevance_score", "histogram", {}),
    ("process_resident_memory_bytes", "gauge", {}),
    ("process_cpu_seconds_total", "counter", {}),
    ("process_start_time_seconds", "gauge", {}),
    ("node_filesystem_avail_bytes", "gauge", DISK),
    ("node_filesystem_size_bytes", "gauge", DISK),
    ("node_cpu_seconds_total", "counter", {"cpu": {"0"}, "mode": {"user", "system", "iowait", "idle"}}),
    ("node_memory_MemAvailable_bytes", "gauge", {}),
    ("node_memory_MemTotal_bytes", "gauge", {}),
    ("container_start_time_seconds", "gauge", CONTAINER),
    ("container_memory_usage_bytes", "gauge", CONTAINER),
    ("container_last_seen", "gauge", CONTAINER),
]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Clock:
    """The scaled clock of a workload, which its host's one CPU shows, between two moments of the real one."""

    def __init__(self, workload: RunningWorkload) -> None:
        self._workload = workload
        self._began = self._read()

    def assert_scale(self, scale: float) -> None:
        """It ran at this scale since it was first read, however long an answer took."""
        asked, scaled, answered = self._read()
        asked_first, scaled_first, answered_first = self._began
        least, most = (asked - answered_first) * scale, (answered - asked_first) * scale
        assert 0.99 * least < scaled - scaled_first < 1.01 * most

    def _read(self) -> tuple[float, float, float]:
        asked = time.monotonic()
        scaled = self._workload.scrape().value("node_cpu_seconds_total")
        return asked, scaled, time.monotonic()


def test_every_metric_is_there_from_the_start_with_its_type_and_labels() -> None:
    """At the first scrape, and all errors at 0: an error must not be born with its series."""
    workload = RunningWorkload(time_scale=1)
    try:
        first = workload.scrape()
    finally:
        workload.stop()
    for name, kind, labels in FAMILIES:
        series = first.series(f"{name}_bucket" if kind == "histogram" else name)
        assert series, name
        assert first.types[series[0].name] == kind, name
        values: dict[str, set[str]] = {}
        for sample in series:
            for label, value in sample.labels.items():
                values.setdefault(label, set()).add(value)
        values.pop("le", None)
        assert values == labels, name
    named = {name for name, _, _ in FAMILIES}
    assert {
        family.removesuffix("_bucket") for family in first.types if not family.endswith(("_count", "_sum"))
    } == named
    assert first.value("mcts_errors_total") == 0
    assert first.value("mcts_requests_total", status="4..|5..") == 0
    assert first.value("mcts_iterations_total", outcome="timeout|error") == 0


def test_rates_ratios_and_latencies_are_those_of_a_healthy_service_at_little_cost() -> None:
    """Three scaled minutes at sixty times the usual speed, scraped about as often as a demo's Prometheus does."""
    workload = RunningWorkload(time_scale=60)
    try:
        used, started = _cpu_seconds(workload.process.pid), time.monotonic()
        clock = _Clock(workload)
        window = workload.watch(180)
        cores = (_cpu_seconds(workload.process.pid) - used) / (time.monotonic() - started)
        clock.assert_scale(60)
        load = load_at(time.time() * 60)
    finally:
        workload.stop()
    assert cores < 0.1
    for metric, labels, rate in [
        ("mcts_requests_total", {"status": "200|400|5.."}, 10),
        ("mcts_agent_requests_total", {"agent_type": "hrm"}, 2),
        ("mcts_agent_requests_total", {"agent_type": "mcts"}, 2),
        ("mcts_iterations_total", {}, 20),
        ("mcts_llm_request_latency_seconds_count", {}, 5),
        ("mcts_rag_queries_total", {}, 3),
    ]:
        assert window.rate(metric, **labels) == pytest.approx(rate * load, rel=0.15), metric
    assert window.rate("process_cpu_seconds_total") == pytest.approx(0.35, rel=0.1)
    assert 6 < window.quantile(0.95, "mcts_request_duration_seconds") < 10
    assert 15 < window.quantile(0.99, "mcts_request_duration_seconds") < 25
    assert 2.5e9 < window.after.value("process_resident_memory_bytes") < 3.5e9


def test_every_request_is_in_the_histogram_too(fast: RunningWorkload) -> None:
    """A latency SLO and an error SLO of the same requests must agree about their number."""
    now = fast.watch(300).after
    for endpoint in ROUTES["endpoint"]:
        requests_seen = now.value("mcts_requests_total", endpoint=endpoint)
        assert requests_seen > 0
        assert now.value("mcts_request_duration_seconds_count", endpoint=endpoint) == requests_seen
    bounds = {s.labels["le"] for s in now.series("mcts_request_duration_seconds_bucket")}
    assert {"0.1", "1.0", "2.5", "5.0", "10.0", "30.0", "60.0", "120.0", "+Inf"} <= bounds


def test_openmetrics_is_served_to_whom_asks_for_it(fast: RunningWorkload) -> None:
    """Prometheus does; the strict parser is the judge."""
    accept = {"Accept": "application/openmetrics-text;version=1.0.0"}
    for path in ("/metrics", "/host/metrics"):
        answer = fast.http.get(fast.url + path, headers=accept, timeout=PATIENCE)
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        assert list(parse_openmetrics(answer.text))  # type: ignore[no-untyped-call]


def test_sigterm_ends_it_cleanly_while_a_scraper_is_connected() -> None:
    """Exit code 0, and not only when the connection has been idle for its two minutes."""
    workload = RunningWorkload(time_scale=1)
    with requests.Session() as scraper:
        assert scraper.get(workload.url + "/healthz", timeout=PATIENCE).status_code == 200
        started = time.monotonic()
        assert workload.stop() == 0
        assert time.monotonic() - started < 30


def _ended(*flags: str) -> subprocess.CompletedProcess[str]:
    """A workload that ends by itself."""
    return subprocess.run(
        [*COMMAND, *flags], env=ENVIRONMENT, capture_output=True, text=True, timeout=LIFETIME, check=False
    )


def test_a_taken_port_is_one_sentence_and_exit_code_3() -> None:
    """The sentence names the address and the remedy."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = _ended("--port", str(port))
    assert run.returncode == 3
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1
    assert f"127.0.0.1:{port}" in run.stderr
    assert "choose another" in run.stderr


@pytest.mark.parametrize(
    "flags", [["--port", "70000"], ["--time-scale", "0"], ["--time-scale", "nan"], ["--prot", "1"]]
)
def test_wrong_flags_exit_with_2(flags: list[str]) -> None:
    """And say which."""
    run = _ended(*flags)
    assert run.returncode == 2
    assert flags[0] in run.stderr
    assert "Traceback" not in run.stderr
