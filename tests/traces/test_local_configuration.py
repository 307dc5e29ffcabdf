"""The one Jaeger of the local engine counts spans as the containers' collector does, from the same lines."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from slostack.live import local, programs, tracing
from slostack.tools.catalogue import Tool
from tests.integration.conftest import ROOT, SCALE, shipped_plan

TOOL = Tool(Path("jaeger"), (2, 13, 0), "a test", ["jaeger"])
COLLECTOR = ROOT / "stack/otel-collector/config.yaml"
JAEGER = ROOT / "stack/jaeger/config.yaml"


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def written(folder: Path) -> dict[str, Any]:
    """What Jaeger is given for a start."""
    taken = local.choose_ports(any_free=True, with_grafana=False, with_traces=True)
    folder.mkdir()
    list(tracing.commands(shipped_plan(taken, SCALE), TOOL, folder, taken))
    return read(folder / "jaeger.yaml")


def test_spans_are_counted_as_the_collector_counts_them(tmp_path: Path) -> None:
    here = written(tmp_path / "config")["connectors"]["spanmetrics"]
    there = read(COLLECTOR)["connectors"]["span_metrics"]
    assert here["histogram"]["explicit"]["buckets"]
    assert {name for name in there | here if here.get(name) != there.get(name)} == {"metrics_flush_interval"}


def test_performance_monitoring_asks_as_jaeger_in_its_container_does(tmp_path: Path) -> None:
    config = written(tmp_path / "config")
    here = config["extensions"]["jaeger_storage"]["metric_backends"]["span_metrics"]["prometheus"]
    there = read(JAEGER)["extensions"]["jaeger_storage"]["metric_backends"]["span_metrics"]["prometheus"]
    assert {name for name in there | here if here.get(name) != there.get(name)} == {"endpoint"}
    namespace = config["connectors"]["spanmetrics"]["namespace"]
    assert here["metric_namespace"] == namespace.replace(".", "_"), "Prometheus writes dots as underscores"
    assert here["latency_unit"] == config["connectors"]["spanmetrics"]["histogram"]["unit"]


def test_a_change_of_the_containers_files_changes_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("otel-collector", "jaeger"):
        shutil.copytree(ROOT / "stack" / name, tmp_path / "stack" / name)
    text = COLLECTOR.read_text(encoding="utf-8")
    assert "aggregation_cardinality_limit: 2000" in text
    changed = text.replace("aggregation_cardinality_limit: 2000", "aggregation_cardinality_limit: 7")
    (tmp_path / "stack/otel-collector/config.yaml").write_text(changed, encoding="utf-8")
    monkeypatch.setattr(programs, "folder", lambda: tmp_path / "stack")
    assert written(tmp_path / "config")["connectors"]["spanmetrics"]["aggregation_cardinality_limit"] == 7


def test_every_address_is_on_loopback(tmp_path: Path) -> None:
    """What is taken over from the containers listens everywhere there."""
    text = yaml.safe_dump(written(tmp_path / "config"))
    assert "0.0.0.0" not in text
    assert "${env:" not in text
