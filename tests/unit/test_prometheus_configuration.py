"""Prometheus's configuration where an SLO counts a native histogram, for the versions that say so differently."""

from __future__ import annotations

from pathlib import Path

import yaml

from slostack.plan.build import build
from slostack.render.prometheus import CONFIG, for_version, render
from slostack.spec.load import parse
from slostack.tools.find import find
from slostack.tools.promtool import check_config

SPEC = """
version: 1
teams: {shop: {page: {webhook: "http://x/p"}, ticket: {webhook: "http://x/t"}}}
services:
  shop:
    team: shop
    slos:
      classic: {promise: x, objective: 99, latency: {histogram: a_seconds, under: 1s, buckets: [1s]}}
      native: {promise: x, objective: 99, latency: {histogram: b_seconds, under: 1s, native: true}}
"""


def config(text: str = SPEC) -> str:
    spec = parse(text, "slo.yaml").spec
    assert spec is not None
    return render(build(spec))[CONFIG]


def test_a_native_histogram_takes_no_classic_one_from_another_slo(tmp_path: Path) -> None:
    """Of a target that offers both kinds, as Go's clients do, Prometheus would scrape the native one alone."""
    said = yaml.safe_load(config())["global"]

    assert said["scrape_native_histograms"] is True
    assert said["always_scrape_classic_histograms"] is True
    text, _ = for_version(config(), find("promtool").version)
    (tmp_path / "prometheus.yml").write_text(text.replace("../../alerts", str(tmp_path)), encoding="utf-8")
    assert check_config(tmp_path / "prometheus.yml").ok


def test_before_3_9_a_flag_asks_for_native_histograms_and_classic_ones_stay() -> None:
    text, flags = for_version(config(), (3, 5, 0))

    assert flags == ["--enable-feature=native-histograms"]
    assert "scrape_native_histograms" not in text
    assert yaml.safe_load(text)["global"]["always_scrape_classic_histograms"] is True


def test_without_a_native_histogram_nothing_is_said_of_either_kind() -> None:
    text = config(SPEC.replace(", native: true", ", buckets: [1s]"))

    assert "histograms" not in text
    assert for_version(text, (3, 5, 0)) == (text, [])
