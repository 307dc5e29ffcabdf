"""The boards in a running Grafana: loaded as they were written, and every query answered.

`GRAFANA_URL` names one that serves this project's provisioning, `GRAFANA_AUTH` is `user:password`.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import requests
from reading import Json, filled, panels

URL = os.environ.get("GRAFANA_URL", "")
AUTH = tuple(os.environ.get("GRAFANA_AUTH", "admin:admin").split(":", 1))

pytestmark = pytest.mark.skipif(not URL, reason="GRAFANA_URL names no running Grafana")


def call(path: str, body: Json | None = None) -> Any:
    """The JSON that Grafana answers with."""
    user, password = AUTH
    method = "POST" if body is not None else "GET"
    response = requests.request(method, f"{URL}{path}", json=body, auth=(user, password), timeout=60)
    response.raise_for_status()
    return response.json()


def served() -> list[Json]:
    """Every dashboard of this project that Grafana has."""
    found = call("/api/search?type=dash-db&tag=slostack")
    return [call(f"/api/dashboards/uid/{entry['uid']}") for entry in found]


def test_grafana_loaded_boards_into_their_folders_and_lets_nobody_edit_them() -> None:
    loaded = {board["dashboard"]["uid"]: board["meta"] for board in served()}

    assert loaded["slo-overview"]["folderTitle"] == "SLOs"
    assert all(meta["provisioned"] for meta in loaded.values())
    assert all(not meta["canEdit"] or meta["provisionedExternalId"] for meta in loaded.values())


def test_every_query_of_every_board_is_answered() -> None:
    asked = 0
    for board in served():
        for panel in panels(board["dashboard"]):
            queries = [
                target | {"expr": filled(target["expr"]), "intervalMs": 60_000, "maxDataPoints": 100}
                for target in panel.get("targets", [])
            ]
            if not queries:
                continue
            answer = call("/api/ds/query", {"queries": queries, "from": "now-6h", "to": "now"})
            for ref, result in answer["results"].items():
                assert result.get("status", 200) == 200, (
                    f"{board['dashboard']['uid']}: {panel['title']}: {ref}: {result}"
                )
                asked += 1
    assert asked > 20
