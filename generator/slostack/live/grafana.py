"""Grafana as a plain process, where it is on PATH: it cannot be fetched like the others."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from slostack.live.ports import HOST
from slostack.plan.model import Plan


def on_path() -> str | None:
    """Where `grafana` is, or None."""
    return shutil.which("grafana")


def command(
    plan: Plan, config: Path, data: Path, taken: dict[str, int], password: Path
) -> tuple[list[str], dict[str, str]]:
    """Its command line and environment: generated data sources and dashboards, own data folder, no calls home."""
    settings = {
        "GF_SERVER_HTTP_ADDR": HOST,
        "GF_SERVER_HTTP_PORT": str(taken["grafana"]),
        "GF_SERVER_ROOT_URL": plan.links.grafana,
        "GF_PATHS_DATA": str(data / "grafana"),
        "GF_PATHS_LOGS": str(data / "grafana/log"),
        "GF_PATHS_PLUGINS": str(data / "grafana/plugins"),
        "GF_PATHS_PROVISIONING": str(config / "stack/grafana/provisioning"),
        "GF_SECURITY_ADMIN_PASSWORD": f"$__file{{{password}}}",
        "GF_AUTH_ANONYMOUS_ENABLED": "false",
        "GF_USERS_ALLOW_SIGN_UP": "false",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_NEWS_NEWS_FEED_ENABLED": "false",
        "GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED": "true",
        "GF_PLUGINS_PREINSTALL_DISABLED": "true",
        "GF_PLUGINS_PREINSTALL_AUTO_UPDATE": "false",
        "GF_LOG_MODE": "console",
        "PROMETHEUS_URL": f"http://{HOST}:{taken['prometheus']}",
        "ALERTMANAGER_URL": f"http://{HOST}:{taken['alertmanager']}",
        "JAEGER_URL": plan.links.traces,
        "SLOSTACK_DASHBOARDS": str(config / "dashboards"),
    }
    for folder in ("grafana", "grafana/log", "grafana/plugins"):
        (data / folder).mkdir(parents=True, exist_ok=True)
    return [on_path() or "grafana", "server"], os.environ | settings
