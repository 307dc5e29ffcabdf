"""Spans of an agent service: API requests, agents, search, language-model calls, retrieval.

Without OpenTelemetry every function here still works and does nothing. Spans are exported once `set_up` was called and
`OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` names a collector; the other variables of the SDK
and of its OTLP exporters mean what they mean everywhere. Of exporters there is OTLP and `none`.

A span whose code raises records the exception as an event, has the status ERROR, and lets the exception pass.
"""

from __future__ import annotations

import importlib
import os
import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Literal, Protocol

from instrumentation.around import Around
from instrumentation.once import warn_once

try:
    from opentelemetry import propagate, trace
    from opentelemetry.context import get_current
    from opentelemetry.trace import SpanKind, StatusCode
except ImportError:
    _API = False
else:
    _API = True

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import TracerProvider as AnyTracerProvider

    Value = str | bool | int | float | Sequence[str]
    Kind = Literal["internal", "server", "client"]

EXPORTERS = {
    "grpc": "opentelemetry.exporter.otlp.proto.grpc.trace_exporter",
    "http/protobuf": "opentelemetry.exporter.otlp.proto.http.trace_exporter",
}
"""By the protocol that `OTEL_EXPORTER_OTLP_PROTOCOL` names; gRPC where it names none."""
LAST_SECONDS = 2.0
"""How long a process that ends tries to send what it still has; a request by HTTP under way lasts until its timeout."""
_SERVER_ERROR = 500
_SCOPE = "instrumentation.tracing"


class Operation(Protocol):
    """What a running operation can be told; an OpenTelemetry span is one."""

    def set_attribute(self, key: str, value: Value) -> None:
        """Note a fact that is only known now."""

    def add_event(self, name: str, attributes: Mapping[str, Value] | None = None) -> None:
        """Note that something happened now."""


class _Untraced:
    """Where OpenTelemetry is missing: takes everything and keeps nothing."""

    def set_attribute(self, key: str, value: Value) -> None:
        """Nothing keeps it."""

    def add_event(self, name: str, attributes: Mapping[str, Value] | None = None) -> None:
        """Nothing keeps it."""


def trace_operation(
    name: str,
    attributes: Mapping[str, Value] | None = None,
    *,
    kind: Kind = "internal",
    headers: Mapping[str, str] | None = None,
) -> Around[Operation]:
    """A span for any operation. The name says what, never which one: `rag.retrieve`, not `rag.retrieve 4711`.

    `headers` are those of an incoming request (any case): the span joins the trace that they carry, else the running
    one.
    """
    return Around(lambda: _span(name, attributes or {}, kind, headers), _current)


def trace_request(method: str, route: str, headers: Mapping[str, str] | None = None) -> Around[Operation]:
    """An API request that this service answers. `route` is the pattern (`/users/{id}`), not the path."""
    attributes = {"http.request.method": method, "http.route": route}
    return trace_operation(f"{method} {route}", attributes, kind="server", headers=headers)


def set_http_status(operation: Operation, status: int) -> None:
    """Note the status that a request was answered with; from 500 on the span has failed."""
    operation.set_attribute("http.response.status_code", status)
    if _API and status >= _SERVER_ERROR and isinstance(operation, trace.Span):
        operation.set_status(StatusCode.ERROR, f"answered {status}")


def trace_agent(agent_type: str) -> Around[Operation]:
    """A run of one agent."""
    return trace_operation(f"agent.{agent_type}", {"agent.type": agent_type})


def trace_mcts_operation(operation: str, attributes: Mapping[str, Value] | None = None) -> Around[Operation]:
    """A part of the tree search: `search`, `selection`, `expansion`, `simulation`, `backpropagation`."""
    return trace_operation(f"mcts.{operation}", {"mcts.operation": operation, **(attributes or {})})


def trace_llm_call(provider: str, model: str) -> Around[Operation]:
    """A call of a language model, its retries included; the HTTP request below it is a span of its own."""
    attributes = {
        "provider": provider,
        "gen_ai.provider.name": provider,
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": model,
    }
    return trace_operation("llm.chat", attributes)


def trace_rag_operation(operation: str) -> Around[Operation]:
    """A part of retrieval: `retrieve`, `rerank`, …"""
    return trace_operation(f"rag.{operation}", {"rag.operation": operation})


def current_trace_id() -> str | None:
    """The running trace's id as 32 hexadecimal digits; None where there is no trace that will be exported."""
    if not _API:
        return None
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid and context.trace_flags.sampled else None


def outgoing_headers() -> dict[str, str]:
    """The W3C headers that carry the running trace on, for a client that is not instrumented by itself."""
    carrier: dict[str, str] = {}
    if _API:
        propagate.inject(carrier)
    return carrier


def set_up(service: str, version: str, environment: str) -> TracerProvider | None:
    """Export spans to the collector that the environment names, and trace the calls of every HTTPX client.

    Returns the provider, whose `shutdown()` sends what is still waiting; None, and nothing is traced, where no
    collector is named, `OTEL_TRACES_EXPORTER` is `none`, or OpenTelemetry's SDK or its exporter is missing.
    """
    provider = tracer_provider(service, version, environment)
    if provider:
        use(provider)
    return provider


def tracer_provider(
    service: str, version: str, environment: str, exporter: SpanExporter | None = None
) -> TracerProvider | None:
    """A provider that sends batches to `exporter`, or by OTLP; None where that cannot be.

    `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` override what the code says.
    """
    sink = exporter or otlp_exporter()
    if sink is None:
        return None
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415 - may be missing
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    give_up = sink.shutdown

    class Processor(BatchSpanProcessor):
        """Ends in good time, though it would wait half a minute for a collector that is away."""

        def shutdown(self) -> None:
            limit = threading.Timer(LAST_SECONDS, give_up)
            limit.start()
            super().shutdown()  # type: ignore[no-untyped-call]
            limit.cancel()

    known = Resource.create(
        {"service.name": service, "service.version": version, "deployment.environment.name": environment}
    )
    resource = known.merge(OTELResourceDetector().detect())
    # Its name until 2024, which many dashboards still read.
    old = Resource({"deployment.environment": resource.attributes["deployment.environment.name"]})
    provider = TracerProvider(resource=old.merge(resource))
    provider.add_span_processor(Processor(sink))
    return provider


def otlp_exporter() -> SpanExporter | None:
    """An exporter to the collector that the environment names; None where none is named or a package is missing.

    What the environment asks for and cannot have, the log is told.
    """
    wanted = os.environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() or "otlp"
    if not _setting("ENDPOINT") or wanted == "none":
        return None
    if wanted != "otlp":
        warn_once("OTEL_TRACES_EXPORTER", f"no traces, because only otlp and none are known here, not {wanted}")
        return None
    protocol = _setting("PROTOCOL") or "grpc"
    if protocol not in EXPORTERS:
        warn_once("OTEL_EXPORTER_OTLP_PROTOCOL", f"no traces, because only {' and '.join(EXPORTERS)} are known here")
        return None
    try:
        importlib.import_module("opentelemetry.sdk.trace.export")
        exporter: SpanExporter = importlib.import_module(EXPORTERS[protocol]).OTLPSpanExporter()
    except ImportError as error:
        if _setting("PROTOCOL"):
            warn_once("OTEL_EXPORTER_OTLP_PROTOCOL", f"no traces by {protocol}: {error}")
        return None
    return exporter


def _setting(name: str) -> str:
    """A variable of the OTLP exporters; the one for traces alone goes first."""
    names = (f"OTEL_EXPORTER_OTLP_TRACES_{name}", f"OTEL_EXPORTER_OTLP_{name}")
    return next((value for each in names if (value := os.environ.get(each, "").strip())), "")


def use(provider: AnyTracerProvider) -> None:
    """Make every span of this process by `provider`, those of HTTPX clients too where their package is installed."""
    trace.set_tracer_provider(provider)
    try:
        from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor  # noqa: PLC0415
    except ImportError:
        return
    os.environ.setdefault(
        "OTEL_SEMCONV_STABILITY_OPT_IN", "http"
    )  # today's names: http.request.method, not http.method
    HTTPXClientInstrumentor().instrument(tracer_provider=provider)


@contextmanager
def _span(
    name: str, attributes: Mapping[str, Value], kind: Kind, headers: Mapping[str, str] | None
) -> Iterator[Operation]:
    if not _API:
        yield _Untraced()
        return
    carrier = {key.lower(): value for key, value in headers.items()} if headers else None
    context = propagate.extract(carrier, get_current()) if carrier else None
    tracer = trace.get_tracer(_SCOPE)
    with tracer.start_as_current_span(name, context, SpanKind[kind.upper()], attributes) as span:
        yield span


def _current(operation: Operation) -> AbstractContextManager[object]:
    """Makes an operation the running one; what goes wrong is recorded where it ends."""
    if not _API or not isinstance(operation, trace.Span):
        return nullcontext()
    return trace.use_span(operation, record_exception=False, set_status_on_exception=False)
