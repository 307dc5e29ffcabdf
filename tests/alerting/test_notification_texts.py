"""What the receivers' templates say, rendered by the real amtool: titles, links and texts of mixed notifications."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from slostack.plan.build import build
from slostack.render.alertmanager import CONFIG, TEMPLATE, render
from slostack.spec.load import parse
from slostack.tools import amtool

SPEC = """
version: 1
mail: {smarthost: "mail.example:587", from: alerts@example.org}
teams:
  shop:
    page: {slack: {channel: "#shop", url_file: secrets/slack}, pagerduty: {routing_key_file: secrets/pager}}
    ticket: {email: {to: shop@example.org}}
services:
  shop:
    team: shop
    job: shop
    slos: {requests: {promise: Orders succeed, objective: 99.9, events: {bad: b, total: t}}}
"""
NINE, TEN = 1767603600, 1767607200  # 2026-01-05 09:00 and 10:00 UTC


def alert(name: str, status: str, hour: int) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, "severity": "page", "service": "shop", "slo": "shop-requests"},
        "annotations": {"summary": f"{name} is so", "runbook_url": f"http://runbooks.example/{name}?service=shop"},
        "startsAt": f"2026-01-05T{hour:02}:00:00Z",
        "endsAt": f"2026-01-05T{hour:02}:30:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
    }


def notification(*alerts: dict[str, Any]) -> dict[str, Any]:
    return {
        "receiver": "shop-page",
        "status": "firing" if any(one["status"] == "firing" for one in alerts) else "resolved",
        "alerts": list(alerts),
        "commonLabels": {"severity": "page", "service": "shop", "slo": "shop-requests"},
        "externalURL": "http://alertmanager.example",
    }


class Texts:
    """The templates of the receivers, by integration and field."""

    def __init__(self, folder: Path) -> None:
        loaded = parse(SPEC, "slo.yaml")
        assert loaded.spec is not None, loaded.problems
        files = render(build(loaded.spec))
        receivers = yaml.safe_load(files[CONFIG])["receivers"]
        self._configs = {way: one[way][0] for one in receivers for way in one if way.endswith("_configs")}
        self._template = folder / "notification.tmpl"
        self._template.write_text(files[TEMPLATE], encoding="utf-8")

    def of(self, way: str, key: str, data: dict[str, Any]) -> str:
        """A field as Alertmanager would send it."""
        config = self._configs[way]
        text = config[key] if key in config else config["headers"][key]
        done = amtool.render_template([self._template], text, data, html=key == "html")
        assert done.ok, done.problems
        return done.text.strip()


@pytest.fixture
def texts(tmp_path: Path) -> Texts:
    return Texts(tmp_path)


TITLES = [("slack_configs", "title"), ("pagerduty_configs", "description"), ("email_configs", "Subject")]
LINKS = [("slack_configs", "title_link"), ("pagerduty_configs", "client_url")]


@pytest.mark.parametrize(("way", "key"), LINKS)
def test_the_link_leads_to_the_runbook_of_the_alert_that_the_title_names(texts: Texts, way: str, key: str) -> None:
    mixed = notification(alert("HighErrorRate", "resolved", 9), alert("BurnsFast", "firing", 10))
    assert texts.of(way, key, mixed) == f"http://runbooks.example/BurnsFast?service=shop&since={TEN}"
    for named, title in TITLES:
        assert texts.of(named, title, mixed) == "■ PAGE BurnsFast is so · shop"


@pytest.mark.parametrize(("way", "key"), LINKS)
def test_when_all_is_over_the_link_leads_to_the_first_that_was(texts: Texts, way: str, key: str) -> None:
    over = notification(alert("HighErrorRate", "resolved", 9), alert("BurnsFast", "resolved", 10))
    assert texts.of(way, key, over) == f"http://runbooks.example/HighErrorRate?service=shop&since={NINE}"
    for named, title in TITLES:
        assert texts.of(named, title, over) == "● RESOLVED HighErrorRate is so · shop"


@pytest.mark.parametrize(("way", "key"), LINKS)
def test_without_a_runbook_the_link_leads_to_alertmanager(texts: Texts, way: str, key: str) -> None:
    bare = alert("BurnsFast", "firing", 10) | {"annotations": {}}
    mixed = notification(alert("HighErrorRate", "resolved", 9), bare)
    assert texts.of(way, key, mixed) == "http://alertmanager.example"


@pytest.mark.parametrize(
    ("way", "key"), [("slack_configs", "text"), ("email_configs", "text"), ("email_configs", "html")]
)
def test_a_text_tells_only_of_what_fires_as_long_as_something_does(texts: Texts, way: str, key: str) -> None:
    mixed = notification(alert("HighErrorRate", "resolved", 9), alert("BurnsFast", "firing", 10))
    said = texts.of(way, key, mixed)
    assert "http://runbooks.example/BurnsFast" in said
    assert "since 2026-01-05 10:00:00 UTC" in said
    assert "HighErrorRate" not in said
