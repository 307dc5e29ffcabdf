"""Traces of the played service: sampled requests, played in a thread of their own, exported to a collector.

A trace becomes an exemplar only when the collector has taken it, so that every exemplar leads to a trace.
"""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import format_trace_id

from instrumentation import tracing
from workload.journeys import Player
from workload.played_time import PlayedTracerProvider
from workload.sampling import Sampler

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from workload.events import Event, Example
    from workload.sampling import Journey

_WAITING = 8
"""Journeys that may wait to be played; more are not worth having."""
_UNEXPORTED = 500
"""Traces that may wait for a collector that is away; of older ones no exemplar is made."""


class Traces:
    """Takes the events of every tick and traces a few of them."""

    def __init__(
        self, service: str, version: str, environment: str, gateway: str | None, seed: int, exporter: SpanExporter
    ) -> None:
        """`exporter` is where spans go; `gateway` the base URL of the LLM gateway, if there is one."""
        self._sampler = Sampler(seed)
        self._journeys: queue.Queue[Journey | None] = queue.Queue(_WAITING)
        self._lock = threading.Lock()
        self._unexported: OrderedDict[str, list[Example]] = OrderedDict()
        self._exported: list[Example] = []
        self._provider = tracing.tracer_provider(service, version, environment, _Reporting(exporter, self._taken))
        if self._provider is None:
            raise ValueError("there is an exporter, so there is a provider")
        tracing.use(PlayedTracerProvider(self._provider))
        self._player = Player(gateway, seed, self._made)
        self._thread = threading.Thread(target=self._play, name="traces", daemon=True)
        self._thread.start()

    def offer(self, events: Sequence[Event]) -> None:
        """Let the events of a tick be sampled; returns at once."""
        for journey in self._sampler.sample(events):
            try:
                self._journeys.put_nowait(journey)
            except queue.Full:
                return  # a slow gateway: an example less

    def exported(self) -> list[Example]:
        """The examples whose traces the collector has taken since the last call."""
        with self._lock:
            examples, self._exported = self._exported, []
        return examples

    def close(self) -> None:
        """Play what waits, send every span, and end."""
        self._journeys.put(None)
        self._thread.join(5)
        self._player.close()
        if self._provider:
            self._provider.shutdown()

    def _play(self) -> None:
        while journey := self._journeys.get():
            self._player.play(journey)

    def _made(self, examples: list[Example]) -> None:
        with self._lock:
            for example in examples:
                self._unexported.setdefault(example.trace_id, []).append(example)
            while len(self._unexported) > _UNEXPORTED:
                self._unexported.popitem(last=False)

    def _taken(self, trace_ids: list[str]) -> None:
        with self._lock:
            for trace_id in trace_ids:
                self._exported += self._unexported.pop(trace_id, [])


class _Reporting(SpanExporter):
    """An exporter that says whose root spans it has exported."""

    def __init__(self, exporter: SpanExporter, taken: Callable[[list[str]], None]) -> None:
        self._exporter = exporter
        self._taken = taken

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export, and report what the other side took."""
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self._taken([format_trace_id(span.context.trace_id) for span in spans if span.parent is None])
        return result

    def shutdown(self) -> None:
        """Shut the exporter down."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the exporter."""
        return self._exporter.force_flush(timeout_millis)
