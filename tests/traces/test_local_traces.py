"""Traces in a running stack of real programs: from a number in Prometheus to the request in Jaeger, and back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from slostack.live import local, tracing
from slostack.live.clients import wait_until
from slostack.tools.find import at_hand
from tests.integration.conftest import running_stack

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(
    at_hand("jaeger") is None,
    reason="no Jaeger: put it on PATH, name it in SLOSTACK_JAEGER, or build it once with `slostack up --traces`",
)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.LocalStack]:
    """A time-lapse of the shipped spec with Jaeger, in which requests and one provider's calls fail."""
    assert tracing.wanted(None), "Jaeger is there, so a package must be missing"
    with running_stack(tmp_path_factory.mktemp("stack") / "local", with_traces=True) as running:
        running.workload.fail("errors")
        running.workload.fail("llm-errors")
        yield running
    assert not any(process.running() for process in running.processes)


def exemplars(stack: local.LocalStack, selector: str) -> list[dict[str, Any]]:
    """The exemplars that Prometheus has of the last minute; waits for the first."""
    found: list[dict[str, Any]] = []

    def some() -> bool:
        now = time.time()
        answer = requests.get(
            f"{stack.prometheus.url}/api/v1/query_exemplars",
            params={"query": selector, "start": now - 60, "end": now + 60},
            timeout=10,
        )
        found[:] = [exemplar for series in answer.json()["data"] for exemplar in series["exemplars"]]
        return bool(found)

    wait_until(some, 30)
    assert found, f"Prometheus has no exemplar of {selector}"
    return found


def trace(stack: local.LocalStack, trace_id: str, services: frozenset[str] = frozenset()) -> dict[str, Any]:
    """A trace as Jaeger's API gives it; waits for its root and for `services`: each process sends its own part."""
    url = f"{stack.url('jaeger')}/api/traces/{trace_id}"
    found: list[dict[str, Any]] = []

    def whole() -> bool:
        answer = requests.get(url, timeout=10)
        found[:] = answer.json()["data"] if answer.status_code == 200 else []
        root = any(not span["references"] for each in found for span in each["spans"])
        return root and services <= {process["serviceName"] for each in found for process in each["processes"].values()}

    assert wait_until(whole, 30), f"Jaeger has no whole trace {trace_id}: {found}"
    return found[0]


def tags(thing: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a span, an event or a process."""
    return {tag["key"]: tag["value"] for tag in thing.get("tags", thing.get("fields", []))}


def test_prometheus_scrapes_jaeger_and_what_it_counts(stack: local.LocalStack) -> None:
    """Under the jobs that the containers have, too; and the gateway, which is there only with traces."""
    wanted = {"jaeger", "otel-collector", "span-metrics", "llm-gateway"}

    def up() -> set[str]:
        return {sample["metric"]["job"] for sample in stack.prometheus.query("up == 1")}

    assert wait_until(lambda: wanted <= up(), 30), f"not every one is up: {up()}"


def test_prometheus_knows_how_the_gateway_answers(stack: local.LocalStack) -> None:
    """Calls fail here, and some are answered."""

    def outcomes() -> set[str]:
        counted = stack.prometheus.query("slostack_gateway_calls_total > 0")
        return {sample["metric"]["outcome"] for sample in counted}

    assert wait_until(lambda: "ok" in outcomes() and len(outcomes()) > 1, 30), outcomes()


def test_a_failed_request_leads_to_its_trace_with_its_exception(stack: local.LocalStack) -> None:
    """From the counter that an SLO burns by."""
    for exemplar in exemplars(stack, 'mcts_requests_total{status=~"5.."}'):
        found = trace(stack, exemplar["labels"]["trace_id"])
        [root] = [span for span in found["spans"] if not span["references"]]
        assert tags(root)["error"] is True
        assert str(tags(root)["http.response.status_code"]).startswith("5")
        [event] = root["logs"]
        assert tags(event)["exception.type"] == "workload.journeys.RequestFailedError"


def test_a_failed_call_leads_to_a_trace_through_both_services(stack: local.LocalStack) -> None:
    """Caller and gateway, with service, version and environment."""
    exemplar = exemplars(stack, 'mcts_llm_request_errors_total{provider="anthropic"}')[-1]
    found = trace(stack, exemplar["labels"]["trace_id"], frozenset({"mcts-framework", "llm-gateway"}))
    services = {
        process["serviceName"]: (tags(process)["service.version"], tags(process)["deployment.environment.name"])
        for process in found["processes"].values()
    }
    assert services == {"mcts-framework": ("1.4.0", "demo"), "llm-gateway": ("2.1.0", "demo")}
    calls = [span for span in found["spans"] if span["operationName"] == "llm.chat" and tags(span).get("error")]
    assert [tags(span)["provider"] for span in calls] == ["anthropic"]


def test_a_search_for_failed_traces_finds_them(stack: local.LocalStack) -> None:
    """As the boards' links search."""
    asked = {"service": "mcts-framework", "tags": '{"error":"true"}', "limit": "5"}
    found: list[Any] = []

    def any_found() -> bool:
        found[:] = requests.get(f"{stack.url('jaeger')}/api/traces", params=asked, timeout=10).json()["data"]
        return bool(found)

    assert wait_until(any_found, 10), "Jaeger finds no failed trace"
    assert all(any(tags(span).get("error") for span in each["spans"]) for each in found)


def test_a_slow_bucket_leads_to_a_trace_that_is_as_slow(stack: local.LocalStack) -> None:
    """The seconds of the exemplar are those of the trace."""
    found = exemplars(stack, "mcts_request_duration_seconds_bucket")
    slowest = max(found, key=lambda each: float(each["value"]))
    spans = trace(stack, slowest["labels"]["trace_id"])["spans"]
    [root] = [span for span in spans if not span["references"]]
    assert root["duration"] / 1e6 == pytest.approx(float(slowest["value"]), abs=0.001)


def test_prometheus_takes_every_exemplar(stack: local.LocalStack) -> None:
    """It drops those that are older than the last of their series, and complains at each scrape."""
    exemplars(stack, "mcts_agent_request_latency_seconds_bucket")
    query = "prometheus_target_scrapes_exemplar_out_of_order_total"
    found = wait_until(lambda: stack.prometheus.query(query), 30) or []
    assert [sample["value"][1] for sample in found] == ["0"]


def test_span_metrics_have_exemplars_and_the_names_that_dashboards_ask_for(stack: local.LocalStack) -> None:
    """And the provider as a label."""
    exemplar = exemplars(stack, "traces_span_metrics_duration_milliseconds_bucket")[-1]
    trace(stack, exemplar["labels"]["trace_id"])
    query = 'traces_span_metrics_calls_total{provider="anthropic",status_code="STATUS_CODE_ERROR"}'
    services: set[str] = set()

    def complete() -> bool:  # each process sends its own spans
        services.update(sample["metric"]["service_name"] for sample in stack.prometheus.query(query))
        return services >= {"llm-gateway"}

    assert wait_until(complete, 60), services


@pytest.mark.parametrize("metric", ["calls", "errors", "latencies"])
def test_performance_monitoring_answers_with_points(stack: local.LocalStack, metric: str) -> None:
    """What Jaeger's tab of that name shows."""
    asked = {"service": "mcts-framework", "lookback": 60_000, "step": 5000, "ratePer": 60_000, "quantile": 0.95}

    def points() -> list[Any]:
        answer = requests.get(f"{stack.url('jaeger')}/api/metrics/{metric}", params=asked, timeout=10)
        assert answer.status_code == 200, answer.text
        return [point for series in answer.json()["metrics"] for point in series["metricPoints"]]

    wait_until(lambda: bool(points()), 30)
    assert points()
