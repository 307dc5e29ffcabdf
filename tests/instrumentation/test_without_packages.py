"""Where an optional package is missing, the service runs on; tried in a Python that cannot import it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

STACK = Path(__file__).parents[2] / "stack"
SERVICE = """
    import asyncio
    from instrumentation import metrics, tracing

    assert tracing.set_up("service", "1", "local") is None
    HELPERS = (
        tracing.trace_request("GET", "/", {"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}),
        tracing.trace_agent("hrm"), tracing.trace_mcts_operation("search"), tracing.trace_llm_call("openai", "gpt"),
        tracing.trace_rag_operation("retrieve"), tracing.trace_operation("any", {"size": 1}),
        metrics.track_request("GET", "/"), metrics.track_agent_request("hrm"), metrics.track_mcts_iteration(),
        metrics.track_llm_call("openai"), metrics.track_rag_query(),
    )
    class Failure(Exception): pass
    async def later(): return "later"
    def fails(): raise Failure
    for helper in HELPERS:
        assert helper(lambda: "now")() == "now"
        assert asyncio.run(helper(later)()) == "later"
        try:
            helper(fails)()
        except Failure:
            pass
        else:
            raise AssertionError("the exception was swallowed")
        with helper as operation:
            if helper in HELPERS[:6]:
                operation.set_attribute("key", "value")
                operation.add_event("happened")
                tracing.set_http_status(operation, 503)
    metrics.track_agent_request("hrm")(lambda: None)()
    print(tracing.current_trace_id(), tracing.outgoing_headers())
"""


def run(blocked: list[str], code: str, **environment: str) -> str:
    """What the code prints in a Python where importing `blocked` fails as if it were not installed."""
    block = f"import sys\nfor name in {blocked!r}: sys.modules[name] = None\n"
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", block + textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": str(STACK), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.parametrize(
    "blocked",
    [
        ["opentelemetry", "prometheus_client"],
        ["opentelemetry"],
        ["prometheus_client"],
        ["opentelemetry.sdk"],
        ["opentelemetry.exporter", "opentelemetry.instrumentation"],
    ],
    ids=" and ".join,
)
def test_a_service_runs_without(blocked: list[str]) -> None:
    """Functions, coroutines, blocks and exceptions, with a collector named but nothing to send with."""
    environment = {} if blocked == ["prometheus_client"] else {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    assert run(blocked, SERVICE, **environment) == "None {}"


def test_spans_are_made_where_only_the_instrumentation_of_httpx_is_missing() -> None:
    """Calls of HTTPX clients are then no spans, and everything else is."""
    code = """
        import os
        from instrumentation import tracing
        assert tracing.set_up("service", "1", "local") is not None
        with tracing.trace_agent("hrm"):
            print(len(tracing.current_trace_id()), flush=True)
        os._exit(0)  # there is no collector to wait for
    """
    blocked = ["opentelemetry.instrumentation", "opentelemetry.instrumentation.httpx"]
    assert run(blocked, code, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9") == "32"
