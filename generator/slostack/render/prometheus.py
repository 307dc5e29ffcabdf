"""Prometheus's own configuration: what it scrapes, which rules it loads, where its alerts go."""

from __future__ import annotations

from typing import Any

from slostack.plan.components import ALERTMANAGER, COMPONENTS, SECOND_ALERTMANAGER, Component
from slostack.plan.model import NativeHistogram, Plan
from slostack.render.yamltext import document, generated

CONFIG = "stack/prometheus/prometheus.yml"
SCRAPE_TIMEOUT_LIMIT = 10  # seconds; the rules count up to 12 s ago, so no scrape may take longer
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
        # A target that offers both kinds would else give up its classic ones, which other SLOs count.
        config["global"]["always_scrape_classic_histograms"] = True
    if plan.environment:
        config["global"]["external_labels"] = {"environment": plan.environment}
    config["rule_files"] = ["../../alerts/rules/*.yml"]
    # Every Alertmanager gets every alert: they share what was notified, not what fires.
    config["alerting"] = {"alertmanagers": [{"timeout": "10s", **_targets(plan, ALERTMANAGER)}]}
    if plan.time_scale > 1:
        # A time-lapse starts with a past: samples dated back are let in.
        config["storage"] = {"tsdb": {"out_of_order_time_window": plan.duration(max(plan.periods, default=0) * 2)}}
    config["scrape_configs"] = [
        _scraped(plan, component) for component in COMPONENTS if component.part in plan.parts
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


def _targets(plan: Plan, address: str) -> dict[str, Any]:
    """Where a program is; of Alertmanager there may be a second one, which is found when its name resolves."""
    found: dict[str, Any] = {"static_configs": [{"targets": [plan.address(address)]}]}
    if address == ALERTMANAGER and SECOND_ALERTMANAGER in plan.parts:
        port = int(address.rpartition(":")[2])
        second = {"names": [SECOND_ALERTMANAGER], "type": "A", "port": port, "refresh_interval": "10s"}
        found["dns_sd_configs"] = [second]
    return found


def _scraped(plan: Plan, component: Component) -> dict[str, Any]:
    job = {"job_name": component.job, **_targets(plan, component.address)}
    if "dns_sd_configs" in job:
        # Named as the first one is, not by an address that changes with every start.
        named = {"source_labels": ["__meta_dns_name", "__address__"], "separator": ":", "target_label": "instance"}
        job["relabel_configs"] = [{**named, "regex": "(.+):.+:([0-9]+)", "replacement": "$1:$2"}]
    return job
