"""Prometheus's own configuration: what it scrapes, which rules it loads, where its alerts go."""

from __future__ import annotations

from typing import Any

from slostack.plan.model import NativeHistogram, Plan
from slostack.render.yamltext import document, generated

CONFIG = "stack/prometheus/prometheus.yml"
SCRAPE_TIMEOUT_LIMIT = 10  # seconds; the rules count up to 12 s ago, so no scrape may take longer
# The stack's own programs, by the addresses that they have among themselves.
PROMETHEUS = "prometheus:9090"
ALERTMANAGER = "alertmanager:9093"
INBOX = "inbox:9099"
_NATIVE_LINE = "  scrape_native_histograms: true\n"
_NATIVE_SINCE = (3, 9, 0)


def for_version(config: str, version: tuple[int, int, int]) -> tuple[str, list[str]]:
    """The configuration as a Prometheus of `version` takes it, and the flags that it needs beside.

    Before 3.9 native histograms are scraped by a feature flag, and the key that says so since is refused.
    """
    if version >= _NATIVE_SINCE or _NATIVE_LINE not in config:
        return config, []
    return config.replace(_NATIVE_LINE, "", 1), ["--enable-feature=native-histograms"]


def render(plan: Plan) -> dict[str, str]:
    """`stack/prometheus/prometheus.yml`; paths in it are relative to its folder."""
    header = generated(plan.source, "What Prometheus scrapes, which rules it loads, and where its alerts go.")
    return {CONFIG: document(_config(plan), header)}


def _config(plan: Plan) -> dict[str, Any]:
    config: dict[str, Any] = {
        "global": {
            "scrape_interval": plan.duration(15),
            "scrape_timeout": plan.duration(10),
            "evaluation_interval": plan.duration(30),
        }
    }
    if any(isinstance(slo.indicator, NativeHistogram) for slo in plan.slos):
        config["global"]["scrape_native_histograms"] = True
    if plan.environment:
        config["global"]["external_labels"] = {"environment": plan.environment}
    config["rule_files"] = ["../../alerts/rules/*.yml"]
    config["alerting"] = {
        "alertmanagers": [{"timeout": "10s", "static_configs": [{"targets": [plan.address(ALERTMANAGER)]}]}]
    }
    if plan.time_scale > 1:
        # A time-lapse starts with a past: samples dated back are let in.
        config["storage"] = {"tsdb": {"out_of_order_time_window": plan.duration(max(plan.periods, default=0) * 2)}}
    own = {"prometheus": PROMETHEUS, "alertmanager": ALERTMANAGER, "inbox": INBOX}
    config["scrape_configs"] = [
        {"job_name": job, "static_configs": [{"targets": [plan.address(address)]}]} for job, address in own.items()
    ] + [
        {
            "job_name": scrape.job,
            "scrape_interval": plan.duration(scrape.interval),
            "scrape_timeout": plan.duration(min(scrape.interval, SCRAPE_TIMEOUT_LIMIT)),
            "metrics_path": scrape.path,
            "static_configs": [{"targets": list(scrape.targets)}],
        }
        for scrape in plan.scrapes
    ]
    return config
