"""What the decorators measure, read as a scrape reads it."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import REGISTRY
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from instrumentation import metrics, once, tracing

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.sdk.trace import ReadableSpan
    from prometheus_client.samples import Sample

    Spans = Callable[[], dict[str, ReadableSpan]]


def value(name: str, **labels: str) -> float | None:
    """A sample of the registry; None where there is none."""
    return REGISTRY.get_sample_value(name, labels)


def test_series_are_there_before_anything_happened() -> None:
    """An error series that is born with its first error hides it from rate()."""
    metrics.track_agent_request("unborn")
    metrics.track_llm_call("unborn")
    metrics.track_request("GET", "/unborn")
    assert value("mcts_agent_requests_total", agent_type="unborn", status="error") == 0
    assert value("mcts_llm_request_errors_total", provider="unborn") == 0
    assert value("mcts_requests_total", method="GET", endpoint="/unborn", status="500") == 0
    assert value("mcts_errors_total", error_type="rag") is not None


def test_an_agent_counts_by_how_it_ended() -> None:
    """With its confidence where it succeeded, and as one operation in progress meanwhile."""
    active = value("mcts_active_operations", operation_type="agent") or 0.0
    before = value("mcts_errors_total", error_type="agent") or 0.0
    with metrics.track_agent_request("hrm") as run:
        assert value("mcts_active_operations", operation_type="agent") == active + 1
        run.confidence = 0.85

    @metrics.track_agent_request("hrm")
    async def fails() -> None:
        raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        asyncio.run(fails())
    assert value("mcts_active_operations", operation_type="agent") == active
    assert value("mcts_agent_requests_total", agent_type="hrm", status="success") == 1
    assert value("mcts_agent_requests_total", agent_type="hrm", status="error") == 1
    assert value("mcts_agent_request_latency_seconds_count", agent_type="hrm") == 2
    assert value("mcts_agent_confidence_score_count", agent_type="hrm") == 1
    assert value("mcts_agent_confidence_score_sum", agent_type="hrm") == 0.85
    assert value("mcts_errors_total", error_type="agent") == before + 1


@pytest.mark.parametrize(("error", "outcome"), [(None, "success"), (TimeoutError, "timeout"), (ValueError, "error")])
def test_an_iteration_has_one_of_three_outcomes(error: type[Exception] | None, outcome: str) -> None:
    """A timeout is an outcome of its own, not an error."""
    counted, errors = (
        value("mcts_iterations_total", outcome=outcome) or 0.0,
        value("mcts_errors_total", error_type="search"),
    )

    @metrics.track_mcts_iteration()
    def iterates() -> None:
        if error:
            raise error

    if error:
        with pytest.raises(error):
            iterates()
    else:
        iterates()
    assert value("mcts_iterations_total", outcome=outcome) == counted + 1
    assert value("mcts_errors_total", error_type="search") == (errors or 0.0) + (outcome == "error")


def test_a_request_counts_with_the_status_that_it_was_answered_with() -> None:
    """And an exception is a 500."""
    with metrics.track_request("POST", "/chat") as request:
        request.status = 429
    with pytest.raises(KeyError), metrics.track_request("POST", "/chat"):
        raise KeyError
    for status, number in (("200", 0), ("429", 1), ("500", 1)):
        assert value("mcts_requests_total", method="POST", endpoint="/chat", status=status) == number
    assert value("mcts_request_duration_seconds_count", method="POST", endpoint="/chat") == 2
    assert value("mcts_active_requests") == 0


def test_calls_and_retrievals_count_what_the_code_tells_them() -> None:
    """Tokens, documents, relevance."""
    with metrics.track_llm_call("openai") as call:
        call.prompt_tokens, call.completion_tokens = 900, 250
    with metrics.track_rag_query() as query:
        query.documents, query.relevance = 5, 0.7
    for token_type, number in (("prompt", 900), ("completion", 250)):
        assert value("mcts_llm_tokens_total", provider="openai", token_type=token_type) == number
    assert value("mcts_llm_request_errors_total", provider="openai") == 0
    assert value("mcts_rag_documents_retrieved_bucket", le="5.0") == 1
    assert value("mcts_rag_relevance_score_sum") == 0.7


def test_what_was_cancelled_is_neither_success_nor_error() -> None:
    """The user left; nothing was wrong and nothing was answered."""

    @metrics.track_agent_request("patient")
    async def waits() -> None:
        await asyncio.sleep(60)

    async def gives_up() -> None:
        task = asyncio.create_task(waits())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    active = value("mcts_active_operations", operation_type="agent") or 0.0
    asyncio.run(gives_up())
    assert value("mcts_agent_requests_total", agent_type="patient", status="success") == 0
    assert value("mcts_agent_requests_total", agent_type="patient", status="error") == 0
    assert value("mcts_active_operations", operation_type="agent") == active


@pytest.mark.parametrize("wrong", [None, -1, math.nan, math.inf, "many"])
def test_a_wrong_number_is_left_out_and_said_once(
    wrong: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The service runs on, its own exception passes, and everything else counts."""
    monkeypatch.setattr(once, "_SAID", set())
    provider = f"wrong {wrong}"
    helper = metrics.track_llm_call(provider)

    def fails() -> None:
        with helper as call:
            call.prompt_tokens = wrong
            raise TimeoutError

    with helper as call:
        call.prompt_tokens, call.completion_tokens = wrong, 250
    with pytest.raises(TimeoutError):
        fails()
    for name, labels, number in (
        ("mcts_llm_tokens_total", {"token_type": "prompt"}, 0),
        ("mcts_llm_tokens_total", {"token_type": "completion"}, 250),
        ("mcts_llm_request_errors_total", {}, 1),
        ("mcts_llm_request_latency_seconds_count", {}, 2),
    ):
        assert value(name, provider=provider, **labels) == number, name
    assert value("mcts_active_operations", operation_type="llm") == 0
    [said] = caplog.messages
    assert said.startswith(f"mcts_llm_tokens: cannot measure {wrong!r} (")


@pytest.mark.parametrize("wrong", [-1, math.nan, "sure"])
def test_a_wrong_score_is_left_out_of_its_histogram(wrong: Any) -> None:
    """A NaN would stay in the sum for good."""
    agent_type = f"wrong {wrong}"
    for confidence in (wrong, 0.5):
        with metrics.track_agent_request(agent_type) as run:
            run.confidence = confidence
    assert value("mcts_agent_confidence_score_sum", agent_type=agent_type) == 0.5
    assert value("mcts_agent_confidence_score_count", agent_type=agent_type) == 1
    assert value("mcts_agent_requests_total", agent_type=agent_type, status="success") == 2


def test_a_status_that_is_no_number_fails_no_request() -> None:
    """It is counted as what it is."""
    errors = value("mcts_errors_total", error_type="internal") or 0.0
    wrong: Any
    for wrong in (None, "503"):
        with metrics.track_request("GET", "/wrong") as request:
            request.status = wrong
        assert value("mcts_requests_total", method="GET", endpoint="/wrong", status=str(wrong)) == 1
    assert value("mcts_errors_total", error_type="internal") == errors + 1


def test_histograms_and_failures_lead_to_the_running_trace(spans: Spans) -> None:
    """As exemplars in OpenMetrics, which is the only format that has them."""

    @tracing.trace_agent("traced")
    @metrics.track_agent_request("traced")
    def fails() -> None:
        raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        fails()
    span = spans()["agent.traced"]
    assert span.context is not None
    expected = {"trace_id": f"{span.context.trace_id:032x}"}
    found = [sample for sample in _scraped() if sample.labels.get("agent_type") == "traced" and sample.exemplar]
    assert {sample.name for sample in found} == {
        "mcts_agent_request_latency_seconds_bucket",
        "mcts_agent_requests_total",
    }
    assert all(sample.exemplar and sample.exemplar.labels == expected for sample in found)


def test_without_a_trace_there_is_no_exemplar() -> None:
    """Rather than one that leads nowhere."""
    with metrics.track_agent_request("untraced"):
        pass
    assert not [each for each in _scraped() if each.labels.get("agent_type") == "untraced" and each.exemplar]


def _scraped() -> list[Sample]:
    text = generate_latest(REGISTRY).decode()
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]
