"""A real stack in a time-lapse: Prometheus, Alertmanager, workload, inbox and runbook pages as processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from slostack.live import local
from slostack.live.incident import settled
from slostack.live.local import LocalStack
from slostack.plan.build import build
from slostack.plan.model import Plan
from slostack.spec.load import load
from tests.priority import hurried

ROOT = Path(__file__).resolve().parents[2]
SCALE = 60


def shipped_plan(ports: dict[str, int] | None = None, time_scale: int = 1) -> Plan:
    """The plan of the shipped spec in the environment `demo`, in which tickets notify at any hour."""
    loaded = load(ROOT / "slo.yaml", "demo")
    assert loaded.spec is not None, loaded.problems
    addresses = local.addresses(ports) if ports else None
    return build(
        loaded.spec, environment="demo", time_scale=time_scale, addresses=addresses, without=local.missing(ports or {})
    )


def told(stack: LocalStack, after: int = 0) -> list[dict[str, Any]]:
    """The notifications since an id, but for the monitoring's own true word that this machine is too busy for it."""
    return [
        one
        for one in stack.inbox.notifications(after)
        if {alert["labels"]["alertname"] for alert in one["alerts"]} != {"RuleEvaluationsMissed"}
    ]


@contextmanager
def running_stack(folder: Path, *, with_traces: bool = False) -> Iterator[LocalStack]:
    """A time-lapse of the shipped spec in `folder`, with every target scraped; nothing of it runs afterwards."""
    ports = local.choose_ports(any_free=True, with_grafana=False, with_traces=with_traces)
    with hurried():
        running = local.up(shipped_plan(ports, SCALE), folder, ROOT, ports, print)
    try:
        assert settled(running, 120), "not every target came up"
        yield running
    finally:
        local.down(folder, keep=True)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A running time-lapse of the shipped spec."""
    with running_stack(tmp_path_factory.mktemp("stack") / "local") as running:
        yield running
