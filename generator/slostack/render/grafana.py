"""Grafana's provisioning: its data sources, and where it finds the dashboards.

The same files serve the container and a Grafana on this machine: addresses and the dashboards' folder are environment
variables, which Grafana expands when it reads the files.
"""

from __future__ import annotations

from typing import Any

from slostack.plan import Plan
from slostack.render.dashboards import links
from slostack.render.yamltext import document, generated

FOLDER = "stack/grafana/provisioning"
VARIABLES = ("PROMETHEUS_URL", "ALERTMANAGER_URL", "JAEGER_URL", "SLOSTACK_DASHBOARDS")
_SCRAPE_INTERVAL = 15  # seconds; the longest one decides what `$__rate_interval` may not fall below


def render(plan: Plan) -> dict[str, bytes]:
    """The provisioning files; Grafana needs `VARIABLES` in its environment to read them."""
    sources = {"apiVersion": 1, "prune": True, "datasources": [_prometheus(plan), _jaeger(plan), _alertmanager()]}
    provider = {
        "name": "slostack",
        "type": "file",
        "disableDeletion": True,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 10,
        "options": {"path": "$SLOSTACK_DASHBOARDS", "foldersFromFilesStructure": True},
    }
    texts = {
        "datasources/slostack.yaml": (sources, "Where Grafana's data comes from."),
        "dashboards/slostack.yaml": ({"apiVersion": 1, "providers": [provider]}, "Where Grafana finds the dashboards."),
    }
    return {
        f"{FOLDER}/{name}": document(data, generated(plan.source, what)).encode()
        for name, (data, what) in texts.items()
    }


def _source(name: str, type_: str, variable: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "uid": type_,
        "type": type_,
        "access": "proxy",
        "url": f"${variable}",
        "editable": False,
        "isDefault": type_ == "prometheus",
        "jsonData": data,
    }


def _prometheus(plan: Plan) -> dict[str, Any]:
    # Grafana writes fractions of a second as 2.25s, which PromQL refuses: not below a whole second, however fast.
    slowest = max(max((scrape.interval for scrape in plan.scrapes), default=_SCRAPE_INTERVAL), plan.time_scale)
    data = {
        "httpMethod": "POST",
        "timeInterval": plan.duration(slowest),
        "prometheusType": "Prometheus",
        "manageAlerts": False,
        "exemplarTraceIdDestinations": [
            # By address: for a data source's uid Grafana asks Jaeger in Tempo's language, which finds nothing.
            {"name": "trace_id", "url": _escaped(links.trace("${__value.raw}")), "urlDisplayLabel": "Open the trace"}
        ],
    }
    return _source("Prometheus", "prometheus", "PROMETHEUS_URL", data)


def _jaeger(plan: Plan) -> dict[str, Any]:
    calls = "traces_span_metrics_calls_total"
    buckets = "traces_span_metrics_duration_milliseconds_bucket"
    every, failed = f"rate({calls}{{$__tags}}[5m])", f'rate({calls}{{$__tags, status_code="STATUS_CODE_ERROR"}}[5m])'
    asked = {
        "Calls per second": f"sum({every})",
        "Share of calls that fail": f"(sum({failed}) or 0 * sum({every})) / sum({every})",
        "P95 in milliseconds": f"histogram_quantile(0.95, sum by (le) (rate({buckets}{{$__tags}}[5m])))",
    }
    data = {
        "nodeGraph": {"enabled": True},
        "tracesToMetrics": {
            "datasourceUid": "prometheus",
            "spanStartTimeShift": f"-{plan.duration(1800)}",
            "spanEndTimeShift": plan.duration(1800),
            # Jaeger gives Grafana a span's service as its process, not as a tag: the process is told by its instance,
            # or calls of the same name in other services would be counted too. Prometheus calls it as a scraped label.
            "tags": [
                {"key": "service.name", "value": "service_name"},
                {"key": "service.instance.id", "value": "exported_instance"},
                {"key": "name", "value": "span_name"},
            ],
            "queries": [
                {"name": f"{name}, of this process", "query": _escaped(plan.lapse(query))}
                for name, query in asked.items()
            ],
        },
    }
    return _source("Jaeger", "jaeger", "JAEGER_URL", data)


def _escaped(text: str) -> str:
    """`text` for a provisioning file, where Grafana takes a single `$` for an environment variable."""
    return text.replace("$", "$$")


def _alertmanager() -> dict[str, Any]:
    return _source(
        "Alertmanager",
        "alertmanager",
        "ALERTMANAGER_URL",
        {"implementation": "prometheus", "handleGrafanaManagedAlerts": False},
    )
