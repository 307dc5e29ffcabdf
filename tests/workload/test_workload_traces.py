"""Traces as they leave: two real processes on one side, a receiver of OTLP over gRPC on the other."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import requests
from otlp_receiver import Receiver, Span, Trace
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from running_workload import COMMAND, ENVIRONMENT, LIFETIME, PATIENCE, RunningWorkload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.samples import Sample

DELAY = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test"}


class Gateway:
    """The LLM gateway as a process on a free port."""

    def __init__(self, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workload.provider", "--port", "0"],
            env=ENVIRONMENT | environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        address = re.search(r"http://[\d.:]+", self.process.stderr.readline())
        assert address
        self.url = address[0]

    def stop(self) -> int:
        """End it, and return its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=LIFETIME)
        finally:
            self.process.kill()
            assert self.process.stderr is not None
            self.process.stderr.close()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """Where both processes send their spans."""
    taken = Receiver()
    yield taken
    taken.close()


@pytest.fixture(scope="module")
def gateway(receiver: Receiver) -> Iterator[Gateway]:
    """The process that is called."""
    gateway = Gateway(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}", **DELAY)
    yield gateway
    assert gateway.stop() == 0


@pytest.fixture(scope="module")
def traced(receiver: Receiver, gateway: Gateway) -> Iterator[RunningWorkload]:
    """The process that calls."""
    endpoint = f"http://127.0.0.1:{receiver.port}"
    workload = RunningWorkload(600, "--llm-gateway", gateway.url, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, **DELAY)
    yield workload
    assert workload.stop() == 0


@pytest.fixture
def healthy(traced: RunningWorkload) -> Iterator[RunningWorkload]:
    """The traced workload without a fault, before and after the test."""
    yield traced
    traced.http.delete(traced.url + "/faults", timeout=PATIENCE)


def test_a_request_is_one_trace_through_two_processes(healthy: RunningWorkload, receiver: Receiver) -> None:
    """Every kind of span of the service, each below what called it, and the gateway below the HTTP call."""
    chat = receiver.wait(
        lambda trace: trace.root is not None and trace.root.name == "POST /chat" and not _failed(trace)
    )
    assert {span.name for span in chat.spans.values()} == {
        "POST /chat",
        "rag.retrieve",
        *("agent.hrm", "agent.mcts", "agent.trm"),
        *("mcts.search", "mcts.selection", "mcts.expansion", "mcts.simulation", "mcts.backpropagation"),
        *("llm.chat", "POST", "POST /v1/chat/completions", "llm.generate"),
    }
    for call in chat.named("llm.chat"):
        [http] = [span for span in chat.named("POST") if span.parent_id == call.span_id]
        [answered] = [span for span in chat.named("POST /v1/chat/completions") if span.parent_id == http.span_id]
        assert [each.service for each in (call, http, answered)] == ["mcts-framework", "mcts-framework", "llm-gateway"]
        assert call.attributes["provider"] == answered.attributes["provider"] in {"openai", "anthropic", "lmstudio"}
        assert http.scope == "opentelemetry.instrumentation.httpx"
        assert chat.spans[call.parent_id].name in {"agent.hrm", "agent.trm", "mcts.simulation"}


def test_resources_name_service_version_and_environment(healthy: RunningWorkload, receiver: Receiver) -> None:
    """Of both processes."""
    chat = receiver.wait(lambda trace: bool(trace.named("llm.generate")))
    told = {
        (span.service, span.resource["service.version"], span.resource["deployment.environment.name"])
        for span in chat.spans.values()
    }
    assert told == {("mcts-framework", "1.4.0", "test"), ("llm-gateway", "2.1.0", "test")}


def test_every_span_lies_within_its_parent_in_time(healthy: RunningWorkload, receiver: Receiver) -> None:
    """Across the processes too: the trace shows the request's seconds, though it was made in milliseconds."""
    began = time.time()
    chat = receiver.wait(
        lambda trace: (
            len(trace.spans) > 10
            and trace.root is not None
            and trace.root.end - trace.root.start > 2
            and trace.root.end > began
        )
    )
    for span in chat.spans.values():
        if span.parent_id:
            parent = chat.spans[span.parent_id]
            assert parent.start - 1e-6 <= span.start <= span.end <= parent.end + 1e-6, span.name
    root = chat.root
    assert root is not None
    assert abs(time.time() - root.end) < 60
    inside = [span for span in chat.spans.values() if span.parent_id == root.span_id]
    # One after the other they fill this share of it; a call that really had to wait on a busy machine takes more.
    share = {"POST /chat": 0.97, "POST /search": 0.95}[root.name]
    filled = sum(span.end - span.start for span in inside) / (root.end - root.start)
    assert share - 0.01 < filled <= 1


@pytest.mark.parametrize(
    ("fault", "wishes", "span", "exception"),
    [
        ("llm-errors", {"provider": "openai"}, "llm.chat", "httpx.HTTPStatusError"),
        ("llm-errors", {"provider": "openai"}, "llm.chat", "httpx.ReadTimeout"),
        ("llm-errors", {"provider": "openai"}, "llm.generate", "workload.gateway.ProviderError"),
        ("agent-errors", {"agent_type": "trm"}, "agent.trm", "workload.journeys.AgentError"),
        ("rag-errors", {}, "rag.retrieve", "workload.journeys.RetrievalError"),
        ("iteration-timeouts", {}, "mcts.simulation", "TimeoutError"),
        ("errors", {}, "POST /chat", "workload.journeys.RequestFailedError"),
    ],
)
def test_a_fault_fails_its_span_with_its_exception(
    healthy: RunningWorkload, receiver: Receiver, fault: str, wishes: dict[str, str], span: str, exception: str
) -> None:
    """The status is ERROR, the exception is recorded at the span's end, and no other branch of the trace failed."""
    healthy.call(fault, **wishes)
    called = time.time()

    def failed_so(trace: Trace) -> bool:
        if trace.root is None or trace.root.end < called or _unplayed(trace, fault, wishes):
            return False
        return any(
            each.failed
            and exception in dict(each.exceptions)
            and ("provider" not in wishes or each.attributes["provider"] == wishes["provider"])
            for each in trace.named(span)
        )

    trace = receiver.wait(failed_so)
    [failed] = [each for each in trace.named(span) if each.failed]
    [(name, at)] = failed.exceptions
    assert name == exception
    assert failed.message
    assert at == pytest.approx(failed.end, abs=0.001)
    if "provider" in wishes:
        assert failed.attributes["provider"] == wishes["provider"]
    related = {each.span_id for each in _ancestors(trace, failed)} | {each.span_id for each in _below(trace, failed)}
    assert {each.span_id for each in trace.spans.values() if each.failed} <= related
    root = trace.root
    assert root is not None
    assert root.failed == (fault == "errors")


def test_traffic_stays_a_few_traces_a_second_whatever_the_time_scale(
    healthy: RunningWorkload, receiver: Receiver
) -> None:
    """At 600 times the speed, with everything failing."""
    for fault in ("errors", "llm-errors", "agent-errors", "rag-errors", "iteration-timeouts"):
        healthy.call(fault)
    start, before = time.monotonic(), len(receiver.traces())
    while len(receiver.traces()) < before + 4:
        assert time.monotonic() < start + 30, "fewer than four traces came in half a minute"
        time.sleep(0.1)
    time.sleep(max(0, start + 4 - time.monotonic()))
    count = len(receiver.traces()) - before
    # Three a second, the first two at once, and the eight that may have waited; without a limit it were twenty.
    assert count <= 3 * (time.monotonic() - start) + 2 + 8


def test_exemplars_lead_to_traces_that_arrived(healthy: RunningWorkload, receiver: Receiver) -> None:
    """Of the request's duration and of every other thing that is traced, with the seconds that its span shows."""
    healthy.call("llm-errors")
    wanted = {
        "mcts_request_duration_seconds_bucket",
        "mcts_agent_request_latency_seconds_bucket",
        "mcts_llm_request_latency_seconds_bucket",
        "mcts_rag_retrieval_latency_seconds_bucket",
        "mcts_requests_total",
        "mcts_llm_request_errors_total",
    }
    deadline = time.monotonic() + 60
    while not wanted <= {sample.name for sample in _with_exemplars(healthy)} and time.monotonic() < deadline:
        time.sleep(0.2)
    samples = _with_exemplars(healthy)
    assert wanted <= {sample.name for sample in samples}
    traces = receiver.traces()
    for sample in samples:
        assert sample.exemplar is not None
        trace = traces[sample.exemplar.labels["trace_id"]]
        assert trace.root is not None
        if sample.name == "mcts_request_duration_seconds_bucket":
            assert sample.exemplar.value <= float(sample.labels["le"])
            assert sample.exemplar.value == pytest.approx(trace.root.end - trace.root.start, abs=0.001)
            assert trace.root.name == f"{sample.labels['method']} {sample.labels['endpoint']}"
    assert "trace_id" not in healthy.http.get(healthy.url + "/metrics", timeout=PATIENCE).text


def test_without_an_endpoint_nothing_is_traced() -> None:
    """And nothing is loaded, connected or shown."""
    workload = RunningWorkload(600)
    time.sleep(1)
    try:
        assert not _with_exemplars(workload)
    finally:
        assert workload.stop() == 0


def test_a_collector_that_is_away_leaves_no_exemplar_and_delays_nothing() -> None:
    """Metrics go on, and the process ends in good time; when the collector comes, traces arrive."""
    with socket.socket() as kept:  # bound, so that nobody else gets the port, and not listening: calls are refused
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as gRPC does
        kept.bind(("127.0.0.1", 0))
        port = kept.getsockname()[1]
        workload = RunningWorkload(600, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}", **DELAY)
        try:
            time.sleep(2)
            assert not _with_exemplars(workload)
            receiver = Receiver(port)
            try:
                receiver.wait(lambda trace: bool(trace.named("llm.chat")), seconds=120)
            finally:
                receiver.close()
            time.sleep(1)  # away again, with spans that wait
        finally:
            start = time.monotonic()
            assert workload.stop() == 0
        # What waits may take it seven seconds; the exporter's own half minute it must not wait.
        assert time.monotonic() - start < 20


def test_a_gateway_that_is_away_shows_as_what_it_is(receiver: Receiver) -> None:
    """The call failed because nobody listens; the request is answered all the same."""
    endpoint = f"http://127.0.0.1:{receiver.port}"
    gateway = "http://127.0.0.1:9"
    workload = RunningWorkload(600, "--llm-gateway", gateway, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, **DELAY)
    try:
        deadline = time.monotonic() + 60
        refused: list[Span] = []
        while not refused and time.monotonic() < deadline:
            spans = [span for trace in receiver.traces().values() for span in trace.named("llm.chat")]
            refused = [span for span in spans if "httpx.ConnectError" in dict(span.exceptions)]
        assert refused
    finally:
        assert workload.stop() == 0


def test_a_gateway_without_an_address_is_refused() -> None:
    """As a flag and as a variable, in one sentence."""
    for flags, environment in ((["--llm-gateway", "localhost"], {}), ([], {"LLM_GATEWAY_URL": "http://a b"})):
        command = [*COMMAND, "--port", "0", *flags]
        done = subprocess.run(
            command, env=ENVIRONMENT | environment, capture_output=True, text=True, check=False, timeout=LIFETIME
        )
        assert done.returncode == 2
        assert "is no base URL such as http://127.0.0.1:8001" in done.stderr


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/chat/completions", '{"provider": "openai", "model": "gpt-4o"}', 200),
        ("/v1/chat/completions", '{"provider": "openai", "model": "m", "play": {"as": "overloaded"}}', 429),
        ("/v1/chat/completions", '{"provider": "openai", "model": "m", "play": {"as": "unavailable"}}', 503),
        ("/v1/chat/completions", '{"provider": "openai", "model": "m", "play": {"as": "odd"}}', 400),
        ("/v1/chat/completions", '{"provider": "openai"}', 400),
        ("/v1/chat/completions", "[1]", 400),
        ("/v1/chat/completions", "no JSON", 400),
        ("/elsewhere", '{"provider": "openai", "model": "gpt-4o"}', 404),
    ],
)
def test_the_gateway_answers_whoever_asks(gateway: Gateway, path: str, body: str, status: int) -> None:
    """It may be tried with curl."""
    answer = requests.post(gateway.url + path, data=body, timeout=PATIENCE)
    assert answer.status_code == status
    assert ("error" in answer.json()) == (status != 200)


def test_the_gateway_says_that_it_is_well_and_where_it_cannot_listen(gateway: Gateway) -> None:
    """One sentence and exit code 3."""
    assert requests.get(gateway.url + "/healthz", timeout=PATIENCE).status_code == 200
    port = gateway.url.rpartition(":")[2]
    command = [sys.executable, "-m", "workload.provider", "--port", port]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=LIFETIME)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "choose another --host or --port" in done.stderr


def _unplayed(trace: Trace, fault: str, wishes: dict[str, str]) -> bool:
    """Whether a call really had to wait for the gateway, which a busy machine can hold up: no fault played that.

    What `llm-errors` plays is the first failure of its provider in a trace, and no other.
    """
    failed = sorted((call for call in trace.named("llm.chat") if call.failed), key=lambda call: call.start)
    if fault == "llm-errors" and failed and failed[0].attributes["provider"] == wishes["provider"]:
        failed = failed[1:]
    return any("httpx.ReadTimeout" in dict(call.exceptions) for call in failed)


def _failed(trace: Trace) -> bool:
    return any(span.failed for span in trace.spans.values())


def _ancestors(trace: Trace, span: Span) -> list[Span]:
    return [span] if not span.parent_id else [span, *_ancestors(trace, trace.spans[span.parent_id])]


def _below(trace: Trace, span: Span) -> list[Span]:
    children = [each for each in trace.spans.values() if each.parent_id == span.span_id]
    return [span, *(below for child in children for below in _below(trace, child))]


def _with_exemplars(workload: RunningWorkload) -> list[Sample]:
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    text = workload.http.get(workload.url + "/metrics", headers=accept, timeout=PATIENCE).text
    families = text_string_to_metric_families(text)
    return [sample for family in families for sample in family.samples if sample.exemplar]
