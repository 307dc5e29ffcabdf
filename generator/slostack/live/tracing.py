"""Traces on this machine: one Jaeger, which is an OpenTelemetry collector as well, and the programs that send to it.

Jaeger takes spans over OTLP, keeps them in a store of its own, shows them, and counts them for Prometheus. A separate
collector would be a second program to find with nothing more to see; docker-compose.yml has one, as production does.
What is counted, and how Jaeger asks for it, is read from the containers' own files: both engines count alike.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from slostack.failure import MISSING, Failure
from slostack.live import programs
from slostack.live.ports import HOST
from slostack.plan.model import Plan
from slostack.render.yamltext import document
from slostack.tools.catalogue import Tool
from slostack.tools.find import at_hand

PORTS = {
    "jaeger": 16686,
    "jaeger-telemetry": 8888,
    "otel-collector": 4317,  # where spans come in; the one Jaeger does this job
    "span-metrics": 8889,
    "llm-gateway": 8001,
}
"""The usual ports of everything that traces need."""
# Where Prometheus's configuration knows them. Both jobs are done by one program, which counts for both.
KNOWN_AS = {
    "jaeger:8888": "jaeger-telemetry",
    "otel-collector:8888": "jaeger-telemetry",
    "otel-collector:8889": "span-metrics",
    "llm-gateway:8001": "llm-gateway",
}
_PACKAGES = (
    "httpx",
    "opentelemetry.exporter.otlp.proto.grpc",
    "opentelemetry.instrumentation.httpx",
    "opentelemetry.sdk",
)
_COLLECTOR, _JAEGER = "otel-collector/config.yaml", "jaeger/config.yaml"


def wanted(asked: bool | None) -> bool:
    """Whether to trace: as `asked`; not asked, where everything that it takes is there.

    Raises Failure where it was asked for and a Python package is missing, ToolError for a wrong `SLOSTACK_JAEGER`.
    """
    missing = [name for name in _PACKAGES if not _installed(name)]
    if asked and missing:
        raise Failure(f"traces need the Python package {missing[0]} — run `pip install 'slostack[traces]'`", MISSING)
    return asked if asked is not None else not missing and at_hand("jaeger") is not None


def commands(
    plan: Plan, tool: Tool, config: Path, taken: dict[str, int]
) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """Jaeger and the LLM gateway: name, command line, environment."""
    path = config / "jaeger.yaml"
    written = document(_config(plan, taken, config.parent / "data/jaeger"), "Jaeger, for this start of the stack.")
    path.write_text(written, encoding="utf-8")
    yield "jaeger", [*tool.argv, f"--config={path}"], programs.environment()
    listen = ["--host", HOST, "--port", str(taken["llm-gateway"])]
    yield "llm-gateway", [*programs.command("workload.provider"), *listen], environment(plan, taken)


def environment(plan: Plan, taken: dict[str, int]) -> dict[str, str]:
    """The environment of a program that sends spans, and of one that must not, where the stack has no traces.

    What this shell says about OpenTelemetry is meant for other programs and stays out.
    """
    env = {name: value for name, value in programs.environment().items() if not name.startswith("OTEL_")}
    if "jaeger" not in taken:
        return env
    return env | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{HOST}:{taken['otel-collector']}",
        "OTEL_BSP_SCHEDULE_DELAY": "500",  # milliseconds: who follows an exemplar does not wait
        "OTEL_RESOURCE_ATTRIBUTES": f"deployment.environment.name={plan.environment or 'local'}",
        "LLM_GATEWAY_URL": f"http://{HOST}:{taken['llm-gateway']}",
    }


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # not even its parent is there
        return False


def _composed(name: str) -> dict[str, Any]:
    """A configuration of the containers' stack."""
    found: dict[str, Any] = yaml.safe_load((programs.folder() / name).read_text(encoding="utf-8"))
    return found


def _config(plan: Plan, taken: dict[str, int], data: Path) -> dict[str, Any]:
    """Names as of version 2.10 to 2.20; every address is on loopback."""

    def at(name: str) -> str:
        return f"{HOST}:{taken[name]}"

    collector, jaeger = _composed(_COLLECTOR), _composed(_JAEGER)
    counting = collector["connectors"]["span_metrics"]
    storage = jaeger["extensions"]["jaeger_storage"]
    prometheus = storage["metric_backends"]["span_metrics"]["prometheus"]
    # Not its store in memory, whose search for failed traces (error=true) finds none.
    kept = {"directories": {"keys": str(data / "keys"), "values": str(data / "values")}, "ttl": {"spans": "24h"}}
    badger = storage["backends"]["traces"]["badger"] | kept
    asked = prometheus | {"endpoint": f"http://{HOST}:{taken['prometheus']}"}
    telemetry = {"host": HOST, "port": taken["jaeger-telemetry"]}
    return {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": ["memory_limiter", "batch"],
                    "exporters": ["jaeger_storage_exporter", "spanmetrics"],
                },
                "metrics/spans": {"receivers": ["spanmetrics"], "exporters": ["prometheus"]},
            },
            "telemetry": {
                "resource": {"service.name": "jaeger"},
                "logs": {"level": "warn"},
                "metrics": {"level": "normal", "readers": [{"pull": {"exporter": {"prometheus": telemetry}}}]},
            },
        },
        "extensions": {
            "jaeger_query": jaeger["extensions"]["jaeger_query"]
            | {
                "enable_tracing": False,  # its own requests, which it would send to whoever listens on port 4317
                "http": {"endpoint": at("jaeger")},
                "grpc": {"endpoint": f"{HOST}:0"},  # nobody here asks in this way, and it cannot be left out
            },
            "jaeger_storage": {
                "backends": {"traces": {"badger": badger}},
                "metric_backends": {"span_metrics": {"prometheus": asked}},
            },
        },
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": at("otel-collector")}}}},
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_mib": 400, "spike_limit_mib": 80},
            "batch": {"timeout": "200ms"},
        },
        "connectors": {
            "spanmetrics": counting | {"metrics_flush_interval": f"{max(1, 15 // plan.time_scale)}s"},
        },
        "exporters": {
            "jaeger_storage_exporter": jaeger["exporters"]["jaeger_storage_exporter"],
            "prometheus": collector["exporters"]["prometheus"] | {"endpoint": at("span-metrics")},
        },
    }
