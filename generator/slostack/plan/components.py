"""The parts of the monitoring stack itself, by the addresses that they have among themselves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Component:
    """Something that Prometheus scrapes. `part` is the program it belongs to: not every engine runs every program."""

    job: str
    address: str
    part: str


COMPONENTS = (
    Component("prometheus", "prometheus:9090", "prometheus"),
    Component("alertmanager", "alertmanager:9093", "alertmanager"),
    Component("inbox", "inbox:9099", "inbox"),
    Component("runbooks", "runbooks:9098", "runbooks"),
    Component("reloader", "reloader:9097", "reloader"),
    Component("grafana", "grafana:3000", "grafana"),
    Component("jaeger", "jaeger:8888", "jaeger"),
    Component("otel-collector", "otel-collector:8888", "otel-collector"),
    # What the collector counted about other programs' spans is a target of its own.
    Component("span-metrics", "otel-collector:8889", "otel-collector"),
    Component("llm-gateway", "llm-gateway:8001", "llm-gateway"),
)

ALERTMANAGER = "alertmanager:9093"
SECOND_ALERTMANAGER = "alertmanager-2"  # a part of the containers' stack that may be there, or come later
PARTS = frozenset({component.part for component in COMPONENTS} | {SECOND_ALERTMANAGER})
"""Everything that docker-compose.yml describes."""
