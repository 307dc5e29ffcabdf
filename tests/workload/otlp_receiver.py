"""The other side of OTLP over gRPC: takes spans as a collector does, and keeps them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue

ERROR = 2
"""The status code of a span that failed."""


@dataclass(frozen=True)
class Span:
    """A span as it came over the wire; times in Unix seconds."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    scope: str
    resource: dict[str, Any]
    attributes: dict[str, Any]
    start: float
    end: float
    failed: bool
    message: str
    exceptions: tuple[tuple[str, float], ...]
    """The type of each recorded exception, and when."""

    @property
    def service(self) -> str:
        """Who sent it."""
        return str(self.resource["service.name"])


class Trace:
    """The spans of one trace."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = {span.span_id: span for span in spans}

    @property
    def root(self) -> Span | None:
        """The span without a parent, once it is there."""
        return next((span for span in self.spans.values() if not span.parent_id), None)

    def complete(self) -> bool:
        """Whether it has a root, every span's parent is there, and every call to the gateway was answered there."""
        calls = [span for span in self.spans.values() if span.scope.endswith("httpx")]
        answered = {span.parent_id for span in self.spans.values() if span.service == "llm-gateway"}
        parents = all(not span.parent_id or span.parent_id in self.spans for span in self.spans.values())
        return self.root is not None and parents and all(call.span_id in answered for call in calls)

    def named(self, name: str) -> list[Span]:
        """Its spans of a name."""
        return [span for span in self.spans.values() if span.name == name]


class Receiver(TraceServiceServicer):  # type: ignore[misc]  # generated code has no types
    """Listens on a free port of loopback until it is closed."""

    def __init__(self, port: int = 0) -> None:
        self._spans: list[Span] = []
        self._lock = threading.Lock()
        self._server = grpc.server(ThreadPoolExecutor(2))
        add_TraceServiceServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        self._server.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.stop(0).wait()

    def Export(self, request: ExportTraceServiceRequest, _context: object) -> ExportTraceServiceResponse:  # noqa: N802
        """Take a batch."""
        with self._lock:
            self._spans += _read(request)
        return ExportTraceServiceResponse()

    def traces(self) -> dict[str, Trace]:
        """What came so far."""
        found: dict[str, list[Span]] = {}
        with self._lock:
            for span in self._spans:
                found.setdefault(span.trace_id, []).append(span)
        return {each: Trace(spans) for each, spans in found.items()}

    def wait(self, wanted: Callable[[Trace], bool], seconds: float = 60) -> Trace:
        """The first complete trace that is `wanted`; fails if none comes in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for trace in self.traces().values():
                if trace.complete() and wanted(trace):
                    return trace
            time.sleep(0.05)
        names = {trace.root.name if trace.root else "no root" for trace in self.traces().values()}
        raise AssertionError(f"no such trace came in {seconds} s; there are {len(self.traces())}: {names}")


def _read(request: ExportTraceServiceRequest) -> Iterable[Span]:
    for resource_spans in request.resource_spans:
        resource = _values(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                exceptions = tuple(
                    (_values(event.attributes)["exception.type"], event.time_unix_nano / 1e9)
                    for event in span.events
                    if event.name == "exception"
                )
                yield Span(
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.name,
                    scope_spans.scope.name,
                    resource,
                    _values(span.attributes),
                    span.start_time_unix_nano / 1e9,
                    span.end_time_unix_nano / 1e9,
                    span.status.code == ERROR,
                    span.status.message,
                    exceptions,
                )


def _values(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
