"""Which exporter the environment's variables ask for."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from instrumentation import once, tracing

GENERAL, FOR_TRACES = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
PROTOCOL, PROTOCOL_FOR_TRACES = "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
EXPORTER = "OTEL_TRACES_EXPORTER"
HTTP = "http/protobuf"
URL = "http://127.0.0.1:9"


class ByHttp(InMemorySpanExporter):
    """Stands for the HTTP exporter, which need not be installed here."""


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "_SAID", set())
    for name in (GENERAL, FOR_TRACES, PROTOCOL, PROTOCOL_FOR_TRACES, EXPORTER):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def _http(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType(tracing.EXPORTERS[HTTP])
    module.OTLPSpanExporter = ByHttp  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, tracing.EXPORTERS[HTTP], module)


def kind_of_exporter(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> type | None:
    """The one that the environment asks for."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    exporter = tracing.otlp_exporter()
    if exporter:
        exporter.shutdown()
    return type(exporter) if exporter else None


@pytest.mark.usefixtures("_http")
@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({}, None),
        ({GENERAL: ""}, None),
        ({GENERAL: URL}, OTLPSpanExporter),
        ({FOR_TRACES: URL}, OTLPSpanExporter),
        ({GENERAL: URL, PROTOCOL: "grpc", EXPORTER: "otlp"}, OTLPSpanExporter),
        ({GENERAL: URL, PROTOCOL: HTTP}, ByHttp),
        ({FOR_TRACES: URL, PROTOCOL_FOR_TRACES: HTTP}, ByHttp),
        ({GENERAL: URL, PROTOCOL: HTTP, PROTOCOL_FOR_TRACES: "grpc"}, OTLPSpanExporter),
        ({GENERAL: URL, EXPORTER: "none"}, None),
    ],
)
def test_the_environment_names_the_exporter(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, environment: dict[str, str], kind: type | None
) -> None:
    """As everywhere: what is meant for traces alone goes first, and what is empty is not there."""
    assert kind_of_exporter(monkeypatch, environment) is kind
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({PROTOCOL: HTTP}, "OTEL_EXPORTER_OTLP_PROTOCOL: no traces by http/protobuf: "),
        (
            {PROTOCOL_FOR_TRACES: "http/json"},
            "OTEL_EXPORTER_OTLP_PROTOCOL: no traces, because only grpc and http/protobuf",
        ),
        (
            {EXPORTER: "zipkin"},
            "OTEL_TRACES_EXPORTER: no traces, because only otlp and none are known here, not zipkin",
        ),
    ],
)
def test_what_cannot_be_had_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, environment: dict[str, str], said: str
) -> None:
    """Rather than sending spans where nobody takes them."""
    monkeypatch.setitem(sys.modules, tracing.EXPORTERS[HTTP], None)  # not installed
    for _ in range(2):
        assert kind_of_exporter(monkeypatch, {GENERAL: URL, **environment}) is None
    assert tracing.set_up("service", "1", "local") is None
    [message] = caplog.messages
    assert message.startswith(said)
