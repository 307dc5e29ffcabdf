"""Every helper's span, with its attributes, its parent and what went wrong."""

from __future__ import annotations

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import httpx
import pytest
from opentelemetry.trace import SpanKind, StatusCode, format_trace_id

from instrumentation import metrics, tracing

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext

    Spans = Callable[[], dict[str, ReadableSpan]]

SPANS = {
    "POST /chat": (tracing.trace_request("POST", "/chat"), {"http.request.method": "POST", "http.route": "/chat"}),
    "agent.hrm": (tracing.trace_agent("hrm"), {"agent.type": "hrm"}),
    "mcts.search": (
        tracing.trace_mcts_operation("search", {"mcts.exploration_weight": 1.4}),
        {"mcts.operation": "search", "mcts.exploration_weight": 1.4},
    ),
    "llm.chat": (
        tracing.trace_llm_call("openai", "gpt-4o"),
        {
            "provider": "openai",
            "gen_ai.provider.name": "openai",
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4o",
        },
    ),
    "rag.retrieve": (tracing.trace_rag_operation("retrieve"), {"rag.operation": "retrieve"}),
    "anything": (tracing.trace_operation("anything", {"size": 3}), {"size": 3}),
}


@pytest.mark.parametrize("name", SPANS)
def test_a_helper_makes_its_span_for_blocks_functions_and_coroutines(spans: Spans, name: str) -> None:
    """With its name, its attributes and what is only known at the end."""
    helper, attributes = SPANS[name]
    with helper as operation:
        operation.set_attribute("late", True)
    in_block = spans()[name]
    assert in_block.attributes == {**attributes, "late": True}
    assert in_block.kind is (SpanKind.SERVER if name == "POST /chat" else SpanKind.INTERNAL)
    assert helper(tracing.current_trace_id)() == format_trace_id(_context(spans()[name]).trace_id)

    @helper
    async def waits() -> str | None:
        await asyncio.sleep(0.01)
        return tracing.current_trace_id()

    assert asyncio.run(waits()) is not None
    awaited = spans()[name]
    assert (awaited.end_time or 0) - (awaited.start_time or 0) >= 10_000_000


@pytest.mark.parametrize("is_async", [False, True])
def test_an_exception_passes_and_is_recorded_with_its_status(spans: Spans, is_async: bool) -> None:
    """In a function and in a coroutine function."""
    if is_async:

        @tracing.trace_llm_call("openai", "gpt-4o")
        async def fails_later() -> None:
            raise TimeoutError("no answer")

        with pytest.raises(TimeoutError):
            asyncio.run(fails_later())
    else:

        @tracing.trace_llm_call("openai", "gpt-4o")
        def fails() -> None:
            raise TimeoutError("no answer")

        with pytest.raises(TimeoutError):
            fails()
    span = spans()["llm.chat"]
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "TimeoutError: no answer"
    [event] = span.events
    assert event.name == "exception"
    assert event.attributes is not None
    assert event.attributes["exception.type"] == "TimeoutError"
    assert event.attributes["exception.message"] == "no answer"
    assert "fails" in str(event.attributes["exception.stacktrace"])


@pytest.mark.parametrize(
    ("status", "code"),
    [(200, StatusCode.UNSET), (404, StatusCode.UNSET), (500, StatusCode.ERROR), (503, StatusCode.ERROR)],
)
def test_a_request_has_failed_from_status_500_on(spans: Spans, status: int, code: StatusCode) -> None:
    """What the caller did wrong is not the service's failure."""
    with tracing.trace_request("GET", "/agents") as request:
        tracing.set_http_status(request, status)
    span = spans()["GET /agents"]
    assert span.attributes is not None
    assert (span.attributes["http.response.status_code"], span.status.status_code) == (status, code)


def test_a_request_joins_the_trace_of_its_headers_in_any_case(spans: Spans) -> None:
    """And begins one of its own without them, or with broken ones."""
    trace_id, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    for name in ("traceparent", "Traceparent"):
        with tracing.trace_request("GET", "/", {name: f"00-{trace_id}-{caller}-01"}):
            assert tracing.current_trace_id() == trace_id
            assert tracing.outgoing_headers()["traceparent"].startswith(f"00-{trace_id}-")
        parent = spans()["GET /"].parent
        assert parent is not None
        assert parent.span_id == int(caller, 16)
    for headers in (None, {}, {"traceparent": "00-broken"}):
        with tracing.trace_request("GET", "/", headers):
            assert tracing.current_trace_id() not in (None, trace_id)
        assert spans()["GET /"].parent is None


@pytest.mark.parametrize("headers", [{"host": "a"}, {"traceparent": "00-broken"}])
def test_headers_without_a_trace_leave_the_running_one(spans: Spans, headers: dict[str, str]) -> None:
    """The instrumentation of a framework may have begun it."""
    with tracing.trace_operation("framework"), tracing.trace_request("GET", "/", headers):
        pass
    found = spans()
    assert found["GET /"].parent == found["framework"].context


def test_a_coroutine_of_an_ordinary_function_has_its_span_and_leaves_the_running_one_alone(
    spans: Spans, caplog: pytest.LogCaptureFixture
) -> None:
    """Two that are called before either is awaited, in tasks of their own, are no parts of each other."""

    @tracing.trace_agent("hidden")
    @metrics.track_agent_request("hidden")
    def answers(name: str) -> Coroutine[None, None, str]:
        called_in.append(tracing.current_trace_id())
        return waits(name)

    async def waits(name: str) -> str:
        with tracing.trace_operation(name):
            await asyncio.sleep(0)
            return name

    async def both() -> list[str]:
        coroutines = answers("first"), answers("second")
        assert tracing.current_trace_id() is None
        return list(await asyncio.gather(*coroutines))

    called_in: list[str | None] = []
    assert asyncio.run(both()) == ["first", "second"]
    found = spans()
    assert found["agent.hidden"].parent is None
    assert [f"{_context(found[name]).trace_id:032x}" for name in ("first", "second")] == called_in
    assert len(set(called_in)) == 2
    assert found["second"].parent == found["agent.hidden"].context
    assert (found["agent.hidden"].end_time or 0) >= (found["second"].end_time or 0)
    assert caplog.messages == []


def test_a_trace_that_is_not_sampled_has_no_id_to_show() -> None:
    """An exemplar or a log line with it would lead nowhere."""
    assert tracing.current_trace_id() is None
    with tracing.trace_request("GET", "/", {"traceparent": f"00-{'a' * 32}-{'b' * 16}-00"}):
        assert tracing.current_trace_id() is None


def test_the_resource_says_service_version_and_environment(spans: Spans) -> None:
    """The environment's variables override the code, and the old name of the environment agrees with the new."""
    with tracing.trace_operation("any"):
        pass
    resource = spans()["any"].resource.attributes
    expected = {
        "service.name": "mcts-framework",
        "service.version": "1.2.3",
        "deployment.environment.name": "staging",
        "deployment.environment": "staging",
        "team": "search",
    }
    assert expected.items() <= resource.items()


class _Echo(BaseHTTPRequestHandler):
    """Answers 503, and says in which trace it was called."""

    def do_GET(self) -> None:
        self.send_response(503)
        self.end_headers()
        self.wfile.write(self.headers.get("traceparent", "none").encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class named it
        """Nothing to say."""


def test_calls_of_httpx_clients_are_spans_and_carry_the_trace(spans: Spans) -> None:
    """Sync and async, without a word in the code that calls."""

    async def ask(url: str) -> str:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(url)).text

    with HTTPServer(("127.0.0.1", 0), _Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        try:
            for get in (lambda: httpx.get(url, trust_env=False).text, lambda: asyncio.run(ask(url))):
                with tracing.trace_llm_call("openai", "gpt-4o"):
                    trace_id = tracing.current_trace_id()
                    heard = get()
                found = spans()
                assert heard.startswith(f"00-{trace_id}-{_context(found['GET']).span_id:016x}-")
                assert found["GET"].parent == found["llm.chat"].context
                assert found["GET"].status.status_code is StatusCode.ERROR
        finally:
            server.shutdown()
            thread.join()


def _context(span: ReadableSpan) -> SpanContext:
    assert span.context is not None
    return span.context
