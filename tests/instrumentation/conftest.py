"""Spans that are kept instead of sent. OpenTelemetry takes one provider per process, so there is one for all tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from instrumentation import tracing

if TYPE_CHECKING:
    from collections.abc import Iterator

Spans = Callable[[], dict[str, ReadableSpan]]


@pytest.fixture(scope="session")
def _exporter() -> Iterator[Callable[[], Sequence[ReadableSpan]]]:
    exporter = InMemorySpanExporter()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("OTEL_SERVICE_NAME", raising=False)
        patch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=staging,team=search")
        provider = tracing.tracer_provider("mcts-framework", "1.2.3", "local", exporter)
    assert provider is not None
    tracing.use(provider)

    def finished() -> Sequence[ReadableSpan]:
        provider.force_flush()
        found = exporter.get_finished_spans()
        exporter.clear()
        return found

    yield finished
    HTTPXClientInstrumentor().uninstrument()
    provider.shutdown()


@pytest.fixture
def spans(_exporter: Callable[[], Sequence[ReadableSpan]]) -> Spans:
    """The spans that ended since the last call, by name."""
    _exporter()
    return lambda: {span.name: span for span in _exporter()}
