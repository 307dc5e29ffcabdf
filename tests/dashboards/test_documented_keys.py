"""What is written for Grafana has only keys that its documentation names: others it ignores without a word."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import documented
import pytest
import yaml
from dashboard_plans import plan

from slostack.live import grafana, ports
from slostack.render.grafana import FOLDER, VARIABLES, render

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
GO = "GOMEMLIMIT"  # Go's own, not Grafana's


def keys(value: Any, path: str = "") -> Iterator[str]:
    """Every key in it, as the tables write them."""
    if isinstance(value, dict):
        for name, inner in value.items():
            where = f"{path}.{name}" if path else str(name)
            yield where
            yield from keys(inner, where)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item, f"{path}[]")


def undocumented(part: str, text: str) -> set[str]:
    """The keys of a provisioning file that no page names."""
    data = yaml.safe_load(text)
    items, file, known = {
        "datasources": ("datasources", documented.DATA_SOURCE_FILE, documented.DATA_SOURCE),
        "dashboards": ("providers", documented.PROVIDER_FILE, documented.PROVIDER),
    }[part]
    wrong = data.keys() - file.keys()
    for item in data[items]:
        own = item.pop("jsonData", {}) if part == "datasources" else {}
        wrong |= set(keys(item)) - known.keys()
        wrong |= {f"jsonData.{key}" for key in set(keys(own)) - documented.JSON_DATA.get(item["type"], {}).keys()}
    return wrong


def of_grafana(environment: dict[str, str]) -> set[str]:
    """The variables that Grafana, or its provisioning, reads."""
    return {name for name in environment if name != GO}


def composed() -> dict[str, str]:
    service = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["grafana"]
    environment: dict[str, str] = service["environment"]
    return environment


@pytest.mark.parametrize("part", ["datasources", "dashboards"])
def test_provisioning_has_only_documented_keys(part: str) -> None:
    name = f"{FOLDER}/{part}/slostack.yaml"
    assert undocumented(part, render(plan())[name].decode()) == set()
    assert undocumented(part, (ROOT / name).read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    ("part", "right", "wrong", "told"),
    [
        ("datasources", "prune:", "pruned:", "pruned"),
        ("datasources", "isDefault:", "is_default:", "is_default"),
        ("datasources", "handleGrafanaManagedAlerts:", "handleManagedAlerts:", "jsonData.handleManagedAlerts"),
        (
            "datasources",
            "spanStartTimeShift:",
            "spanStartShift:",
            "jsonData.tracesToMetrics.spanStartShift",
        ),
        (
            "datasources",
            "urlDisplayLabel:",
            "displayLabel:",
            "jsonData.exemplarTraceIdDestinations[].displayLabel",
        ),
        ("dashboards", "allowUiUpdates:", "allowUIUpdates:", "allowUIUpdates"),
        ("dashboards", "foldersFromFilesStructure:", "foldersFromFiles:", "options.foldersFromFiles"),
    ],
)
def test_a_typo_is_found(part: str, right: str, wrong: str, told: str) -> None:
    text = (ROOT / f"{FOLDER}/{part}/slostack.yaml").read_text(encoding="utf-8")
    assert right in text
    assert undocumented(part, text.replace(right, wrong)) == {told}


def test_the_containers_settings_are_documented() -> None:
    assert of_grafana(composed()) - documented.VARIABLES.keys() == set(VARIABLES)


def test_the_local_settings_are_documented(tmp_path: Path) -> None:
    taken = ports.USUAL
    _, environment = grafana.command(plan(), tmp_path, tmp_path / "data", taken, tmp_path / "password")
    added = {name for name in environment if name.startswith("GF_") and name not in os.environ}
    assert len(added) > 10
    assert added - documented.VARIABLES.keys() == set()


def test_grafana_calls_nobody_in_containers_and_without(tmp_path: Path) -> None:
    _, local = grafana.command(plan(), tmp_path, tmp_path / "data", ports.USUAL, tmp_path / "password")
    for settings in (composed(), local):
        for sends in (
            "ANALYTICS_REPORTING_ENABLED",
            "ANALYTICS_CHECK_FOR_UPDATES",
            "ANALYTICS_CHECK_FOR_PLUGIN_UPDATES",
        ):
            assert settings[f"GF_{sends}"] == "false"
        assert settings["GF_NEWS_NEWS_FEED_ENABLED"] == "false"
        assert settings["GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED"] == "true"


def test_a_setting_with_a_typo_is_found() -> None:
    typo = {"GF_PLUGINS_PREINSTALL_AUTOUPDATE": "false", "GF_AUTH_ANONYMOUS_ENABLE": "false"}
    assert of_grafana(composed() | typo) - documented.VARIABLES.keys() == set(VARIABLES) | typo.keys()


def test_every_documented_key_names_its_page() -> None:
    tables = [
        documented.DATA_SOURCE_FILE,
        documented.DATA_SOURCE,
        documented.PROVIDER_FILE,
        documented.PROVIDER,
        documented.VARIABLES,
        *documented.JSON_DATA.values(),
    ]
    assert {url.split("/docs/")[0] for table in tables for url in table.values()} == {"https://grafana.com"}
