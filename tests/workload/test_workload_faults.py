"""Every fault shows in its metric, and nothing of it stays."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from running_workload import PATIENCE, ROOT, RunningWorkload, Scrape, Window

from workload.faults import FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable

REQUESTS = "mcts_requests_total"
DURATION = "mcts_request_duration_seconds"


def _ratio(window: Window, metric: str, bad: dict[str, str], **labels: str) -> float:
    return window.rate(metric, **labels, **bad) / window.rate(metric, **labels)


SYMPTOMS: dict[str, Callable[[Window], bool]] = {
    "errors": lambda w: 0.25 < _ratio(w, REQUESTS, {"status": "5.."}) < 0.35,
    "slow": lambda w: 30 < w.quantile(0.95, DURATION) < 60 and w.quantile(0.99, DURATION) < 60,
    "very-slow": lambda w: w.quantile(0.99, DURATION) > 60 and w.quantile(0.95, DURATION) < 30,
    "idle": lambda w: w.rate(REQUESTS) == 0 and w.after.value(REQUESTS) > 0,
    "memory": lambda w: w.after.value("process_resident_memory_bytes") > 7 * 1024**3,
    "cpu": lambda w: w.rate("process_cpu_seconds_total") > 0.8,
    "iteration-timeouts": lambda w: w.rate("mcts_iterations_total", outcome="timeout") > 0.5,
    "agent-errors": lambda w: _ratio(w, "mcts_agent_requests_total", {"status": "error"}, agent_type="mcts") > 0.4,
    "llm-errors": lambda w: w.rate("mcts_llm_request_errors_total", provider="anthropic") > 0.5,
    "rag-errors": lambda w: _ratio(w, "mcts_rag_queries_total", {"status": "error"}) > 0.4,
    "rate-limited": lambda w: w.rate("mcts_rate_limit_exceeded_total") > 10,
    "queue": lambda w: w.after.value("mcts_request_queue_depth") > 100,
    "disk": lambda w: w.after.value("node_filesystem_avail_bytes") < 0.2 * w.after.value("node_filesystem_size_bytes"),
}
TESTED_BELOW = {"down", "reset", "restarts", "late-born"}


def test_every_fault_has_a_symptom_that_is_tested() -> None:
    """A fault without a symptom here could be without effect."""
    assert SYMPTOMS.keys() | TESTED_BELOW == FAULTS.keys()


@pytest.mark.parametrize("fault", SYMPTOMS)
def test_a_fault_has_its_symptom_while_it_is_active_and_only_then(healthy: RunningWorkload, fault: str) -> None:
    """The symptom is the alert's condition, or stricter."""
    symptom = SYMPTOMS[fault]
    assert not symptom(healthy.watch(150))
    healthy.call(fault)
    assert symptom(healthy.watch(150))
    healthy.end(fault)
    assert not symptom(healthy.watch(150))


def test_a_fault_has_no_other_symptom(healthy: RunningWorkload) -> None:
    """One cause, one symptom: a drill of one alert must not fire another."""
    for fault in ("errors", "llm-errors", "rate-limited"):
        healthy.call(fault)
        window = healthy.watch(150)
        healthy.end(fault)
        assert [name for name, symptom in SYMPTOMS.items() if symptom(window)] == [fault]


def test_down_fails_the_scrape_of_the_service_and_no_other(healthy: RunningWorkload) -> None:
    """Prometheus sees `up` 0 for the service, and its host goes on."""
    paths = ("/metrics", "/host/metrics", "/healthz")

    def answers() -> list[int]:
        return [healthy.http.get(healthy.url + path, timeout=PATIENCE).status_code for path in paths]

    assert answers() == [200, 200, 200]
    healthy.call("down")
    assert answers() == [503, 200, 200]
    healthy.end("down")
    assert answers() == [200, 200, 200]


def test_reset_begins_all_counters_of_the_service_anew(healthy: RunningWorkload) -> None:
    """And of the service only: its host did not restart."""
    before = healthy.watch(12_000).after
    for _ in range(20):
        healthy.call("reset")
        after = healthy.scrape()
        if _age(after) < 0.1 * _age(before):
            break  # it did not stand still between its reset and the scrape, so its counters are young
    assert _age(after) < 0.1 * _age(before)
    for sample in before.samples:
        if sample.name.startswith(("mcts_", "process_cpu")) and before.types[sample.name] == "counter":
            assert after.value(sample.name, **sample.labels) <= 0.5 * sample.value or sample.value < 5, sample
    assert after.value("node_cpu_seconds_total") > before.value("node_cpu_seconds_total")
    for start in ("container_start_time_seconds", "process_start_time_seconds"):
        assert after.value(start) > before.value(start)
    assert healthy.http.get(healthy.url + "/faults/reset", timeout=PATIENCE).json()["active"] is False


def _age(scrape: Scrape) -> float:
    """Real seconds from the service's start to the scrape, by their own clock."""
    return scrape.value("container_last_seen") - scrape.value("process_start_time_seconds")


def test_restarts_go_on_until_the_fault_ends(healthy: RunningWorkload) -> None:
    """Their pace is exact only where the clock is the test's own: see `test_simulation`."""

    def starts(seconds: float, enough: int) -> int:
        seen: set[float] = set()
        until = time.monotonic() + seconds
        while True:
            seen.add(healthy.scrape().value("container_start_time_seconds"))
            if len(seen) >= enough or time.monotonic() > until:
                return len(seen)
            time.sleep(30 / healthy.time_scale)

    assert starts(300 / healthy.time_scale, 2) == 1
    healthy.call("restarts")
    assert starts(30, 4) == 4
    healthy.end("restarts")
    assert starts(600 / healthy.time_scale, 2) == 1


def test_a_late_born_series_appears_with_a_large_first_value_and_stays(healthy: RunningWorkload) -> None:
    """No scrape ever saw it at 0, which is what makes it hard to count."""
    healthy.call("reset")
    assert not healthy.scrape().series(REQUESTS, status="502")
    healthy.call("late-born", level=700)
    assert healthy.scrape().value(REQUESTS, status="502") == 700
    healthy.end("late-born")
    assert healthy.watch(60).after.value(REQUESTS, status="502") == 700
    healthy.call("reset")
    assert not healthy.scrape().series(REQUESTS, status="502")


def test_level_and_target_are_what_was_asked_for(healthy: RunningWorkload) -> None:
    """A second call replaces the first."""
    healthy.call("errors", level=0.9)
    healthy.call("errors", level=0.1)
    healthy.call("agent-errors", level=1, agent_type="trm")
    window = healthy.watch(300)
    assert _ratio(window, REQUESTS, {"status": "5.."}) == pytest.approx(0.1, abs=0.02)
    failed = {
        agent: window.rate("mcts_agent_requests_total", agent_type=agent, status="success") for agent in ("trm", "hrm")
    }
    assert failed["trm"] == 0
    assert failed["hrm"] > 1


def test_faults_say_what_they_do_and_since_when_they_are_active(healthy: RunningWorkload) -> None:
    """What a person needs to see before and during a drill."""
    healthy.call("queue", level=300)
    faults = healthy.http.get(healthy.url + "/faults", timeout=PATIENCE).json()
    assert list(faults) == list(FAULTS)
    assert [name for name, fault in faults.items() if fault["active"]] == ["queue"]
    assert faults["queue"]["level"] == 300
    assert re.match(r"\d{4}-\d\d-\d\dT.*\+00:00", faults["queue"]["since"])
    assert all(fault["description"].endswith(".") for fault in faults.values())
    answer = healthy.http.delete(healthy.url + "/faults", timeout=PATIENCE).json()
    assert not any(fault["active"] for fault in answer.values())


@pytest.mark.parametrize(
    ("request_line", "body", "status", "says"),
    [
        ("PUT /faults/eror", "", 404, "no fault 'eror'"),
        ("DELETE /faults/eror", "", 404, "no fault 'eror'"),
        ("PUT /faults/errors", '{"level": 2}', 400, "from 0 to 1 (share of requests)"),
        ("PUT /faults/errors", '{"level": true}', 400, "must be a number"),
        ("PUT /faults/errors", '{"level": NaN}', 400, "must be a number"),
        ("PUT /faults/errors", '{"levl": 1}', 400, "it takes 'level'"),
        ("PUT /faults/agent-errors", '{"agent_type": "x"}', 400, "one of hrm, trm, mcts"),
        ("PUT /faults/down", '{"level": 1}', 400, "it takes nothing"),
        ("PUT /faults/errors", "[1]", 400, "must be a JSON object"),
        ("PUT /faults/errors", "{", 400, "must be a JSON object"),
        ("GET /nowhere", "", 404, "nothing here"),
    ],
)
def test_a_wrong_request_changes_nothing_and_is_told_what_is_right(
    healthy: RunningWorkload, request_line: str, body: str, status: int, says: str
) -> None:
    """A JSON answer with one sentence, and for an unknown fault the names there are."""
    method, path = request_line.split()
    answer = healthy.http.request(method, healthy.url + path, data=body, timeout=PATIENCE)
    assert answer.status_code == status
    assert says in answer.json()["error"]
    if "no fault" in says:
        assert answer.json()["faults"] == list(FAULTS)
    faults = healthy.http.get(healthy.url + "/faults", timeout=PATIENCE).json()
    assert not any(fault["active"] for fault in faults.values())


def test_the_readme_tells_every_fault_as_the_code_does() -> None:
    """Same faults, same order, same sentences and defaults."""
    text = (ROOT / "stack/workload/README.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?) \| (.*?) ?\| (.*?) ?\|$", text, re.MULTILINE)
    assert rows == [
        (
            name,
            fault.description,
            f"{fault.level.default:g} ({fault.level.unit})" if fault.level else "",
            f"`{fault.target.label}`: {fault.target.default}" if fault.target else "",
        )
        for name, fault in FAULTS.items()
    ]
