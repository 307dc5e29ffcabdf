"""Spans that took a minute, made in a few milliseconds.

A trace of a request that took 40 s must show 40 s, but must be there when the request ends, in a time-lapse too. So
it is played after the fact: a clock of its own starts 40 s ago and runs ahead at every step. While it runs, every span
of this thread, and everything that spans record, takes its time from it; library code needs not know.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import SpanKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opentelemetry.context import Context
    from opentelemetry.trace import Link, Span
    from opentelemetry.util.types import Attributes

_CLOCK: ContextVar[PlayedClock | None] = ContextVar("played clock", default=None)
_NANOSECONDS = 1_000_000_000


class PlayedClock:
    """Time as a trace will show it, in Unix nanoseconds."""

    def __init__(self, start: int) -> None:
        self.start = self.now = start
        self._of_next_span = 0

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += round(seconds * _NANOSECONDS)

    def passed(self) -> float:
        """Seconds since the start."""
        return (self.now - self.start) / _NANOSECONDS

    def inside_next_span(self, seconds: float) -> None:
        """Let time pass as soon as a span has started: the way into a span that library code makes and ends."""
        self._of_next_span = round(seconds * _NANOSECONDS)

    def span_started(self) -> None:
        """Spend what was meant to pass inside the next span; also called when none came."""
        self.now += self._of_next_span
        self._of_next_span = 0


@contextmanager
def played_from(start: int) -> Iterator[PlayedClock]:
    """Play from `start` (Unix nanoseconds) on, in this thread."""
    clock = PlayedClock(start)
    token = _CLOCK.set(clock)
    try:
        yield clock
    finally:
        _CLOCK.reset(token)


def _now() -> int:
    clock = _CLOCK.get()
    return clock.now if clock else time.time_ns()


class PlayedTracerProvider(trace.TracerProvider):
    """Gives tracers whose spans take their time from the played clock, where one runs."""

    def __init__(self, provider: trace.TracerProvider) -> None:
        """`provider` makes the spans."""
        self._provider = provider

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes = None,
    ) -> trace.Tracer:
        """The provider's tracer of that name, with the played clock."""
        return _PlayedTracer(
            self._provider.get_tracer(instrumenting_module_name, instrumenting_library_version, schema_url, attributes)
        )


class _PlayedTracer(trace.Tracer):
    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> Span:
        """A span that starts now by the played clock; whoever ends it says when."""
        return self._tracer.start_span(
            name, context, kind, attributes, links, start_time or _now(), record_exception, set_status_on_exception
        )

    @contextmanager
    def start_as_current_span(  # type: ignore[override]  # the base class has a private kind of context manager
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Iterator[Span]:
        """A span that starts, records an exception and ends by the played clock."""
        span = self.start_span(name, context, kind, attributes, links, start_time)
        clock = _CLOCK.get()
        if clock:
            clock.span_started()
        try:
            with trace.use_span(span, record_exception=False, set_status_on_exception=set_status_on_exception):
                yield span
        except Exception as error:
            if record_exception:
                span.record_exception(error, timestamp=_now())
            raise
        finally:
            if end_on_exit:
                span.end(_now())
