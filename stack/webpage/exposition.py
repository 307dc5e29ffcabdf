"""A program's own metrics, as Prometheus reads them."""

from __future__ import annotations

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from webpage.server import Response

disable_created_metrics()  # type: ignore[no-untyped-call]  # one series more per series, which nothing here reads


def registry() -> CollectorRegistry:
    """A registry that holds what the process itself uses: its start, memory and CPU time."""
    made = CollectorRegistry()
    ProcessCollector(registry=made)
    return made


def exposition(metrics: CollectorRegistry) -> Response:
    """All that is in the registry, in the text format."""
    return Response(generate_latest(metrics), CONTENT_TYPE_PLAIN_0_0_4)
