"""Provisioning: fixed uids, addresses from the environment, nothing that a person could lose by clicking."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml
from dashboard_plans import plan

from slostack.render.grafana import VARIABLES, render


def loaded(part: str, time_scale: int = 1) -> dict[str, Any]:
    files = render(plan(time_scale))
    data: dict[str, Any] = yaml.safe_load(files[f"stack/grafana/provisioning/{part}/slostack.yaml"])
    return data


def explored(url: str) -> dict[str, Any]:
    """What Grafana's Explore is asked to show."""
    address = urlsplit(url)
    assert address.path == "/explore"
    [pane] = json.loads(parse_qs(address.query)["panes"][0]).values()
    return dict(pane)


def test_uids_are_those_that_the_boards_use() -> None:
    assert [source["uid"] for source in loaded("datasources")["datasources"]] == [
        "prometheus",
        "jaeger",
        "alertmanager",
    ]


def test_addresses_and_folders_are_environment_variables() -> None:
    texts = b"".join(render(plan()).values()).decode()
    used = set(re.findall(r"(?<!\$)\$([A-Z_]+)", texts))

    assert used == set(VARIABLES)


def test_exemplars_lead_to_traces_and_traces_to_metrics() -> None:
    prometheus, jaeger, _ = loaded("datasources")["datasources"]
    destination = prometheus["jsonData"]["exemplarTraceIdDestinations"][0]

    assert destination["name"] == "trace_id"
    assert explored(destination["url"].replace("$$", "$")) == {
        "datasource": "jaeger",
        "queries": [{"refId": "A", "datasource": {"type": "jaeger", "uid": "jaeger"}, "query": "${__value.raw}"}],
        "range": {"from": "now-1h", "to": "now"},
    }
    # With a data source's uid Grafana would ask Jaeger in Tempo's query language, and find nothing.
    assert "datasourceUid" not in destination
    assert jaeger["jsonData"]["tracesToMetrics"]["datasourceUid"] == "prometheus"
    assert all("$$__tags" in query["query"] for query in jaeger["jsonData"]["tracesToMetrics"]["queries"])


def test_dashboards_come_from_files_in_their_folders_and_cannot_be_lost() -> None:
    provider = loaded("dashboards")["providers"][0]

    assert provider["options"] == {"path": "$SLOSTACK_DASHBOARDS", "foldersFromFilesStructure": True}
    assert provider["disableDeletion"] is True
    assert provider["allowUiUpdates"] is False


def test_the_rate_interval_follows_the_time_lapse() -> None:
    assert loaded("datasources")["datasources"][0]["jsonData"]["timeInterval"] == "15s"
    assert loaded("datasources", 5)["datasources"][0]["jsonData"]["timeInterval"] == "3s"


def test_grafana_never_steps_by_less_than_a_second() -> None:
    assert loaded("datasources", 60)["datasources"][0]["jsonData"]["timeInterval"] == "1s"
