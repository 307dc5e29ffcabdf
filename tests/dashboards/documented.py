"""The keys of Grafana's configuration that its documentation names: a typo is otherwise ignored without a word.

Only what we may want to write is listed; a new key is looked up on its page first, and added here.
"""

from __future__ import annotations

_PAGES = "https://grafana.com/docs/grafana/latest"

PROVISIONING = f"{_PAGES}/administration/provisioning/"
PROMETHEUS = f"{_PAGES}/datasources/prometheus/configure/"
JAEGER = f"{_PAGES}/datasources/jaeger/configure/"
ALERTMANAGER = f"{_PAGES}/datasources/alertmanager/"
SETTINGS = f"{_PAGES}/setup-grafana/configure-grafana/"
PLUGIN_UPDATES = "https://grafana.com/docs/grafana/v13.2/datasources/zipkin/#plugin-updates"

Keys = dict[str, str]
"""Where each key is documented. A dot leads into a mapping, `[]` to each item of a list."""

DATA_SOURCE_FILE: Keys = dict.fromkeys(("apiVersion", "prune", "deleteDatasources", "datasources"), PROVISIONING)

DATA_SOURCE: Keys = dict.fromkeys(
    (
        "name",
        "type",
        "access",
        "orgId",
        "uid",
        "url",
        "user",
        "database",
        "basicAuth",
        "basicAuthUser",
        "withCredentials",
        "isDefault",
        "jsonData",
        "secureJsonData",
        "version",
        "editable",
    ),
    PROVISIONING,
)

JSON_DATA: dict[str, Keys] = {
    "prometheus": dict.fromkeys(
        (
            "httpMethod",
            "timeInterval",
            "customQueryParameters",
            "manageAlerts",
            "alertmanagerUid",
            "prometheusType",
            "cacheLevel",
            "incrementalQuerying",
            "incrementalQueryOverlapWindow",
            "disableRecordingRules",
        ),
        PROVISIONING,
    )
    | dict.fromkeys(
        (
            "exemplarTraceIdDestinations",
            "exemplarTraceIdDestinations[].name",
            "exemplarTraceIdDestinations[].url",
            "exemplarTraceIdDestinations[].urlDisplayLabel",
            "exemplarTraceIdDestinations[].datasourceUid",
        ),
        PROMETHEUS,
    ),
    "jaeger": dict.fromkeys(
        (
            "nodeGraph",
            "nodeGraph.enabled",
            "spanBar",
            "spanBar.type",
            "traceIdTimeParams",
            "traceIdTimeParams.enabled",
            "tracesToMetrics",
            "tracesToMetrics.datasourceUid",
            "tracesToMetrics.spanStartTimeShift",
            "tracesToMetrics.spanEndTimeShift",
            "tracesToMetrics.tags",
            "tracesToMetrics.tags[].key",
            "tracesToMetrics.tags[].value",
            "tracesToMetrics.queries",
            "tracesToMetrics.queries[].name",
            "tracesToMetrics.queries[].query",
        ),
        JAEGER,
    ),
    "alertmanager": dict.fromkeys(("implementation", "handleGrafanaManagedAlerts"), ALERTMANAGER),
}

PROVIDER_FILE: Keys = dict.fromkeys(("apiVersion", "providers"), PROVISIONING)

PROVIDER: Keys = dict.fromkeys(
    (
        "name",
        "orgId",
        "folder",
        "folderUid",
        "type",
        "disableDeletion",
        "updateIntervalSeconds",
        "allowUiUpdates",
        "options",
        "options.path",
        "options.foldersFromFilesStructure",
    ),
    PROVISIONING,
)

_SECTIONS = {
    "paths": ("data", "logs", "plugins", "provisioning"),
    "server": ("http_addr", "http_port", "root_url", "domain"),
    "analytics": ("reporting_enabled", "check_for_updates", "check_for_plugin_updates"),
    "security": ("admin_user", "admin_password", "secret_key", "disable_gravatar"),
    "users": ("allow_sign_up",),
    "auth.anonymous": ("enabled",),
    "log": ("mode", "level"),
    "plugins": ("preinstall", "preinstall_disabled", "public_key_retrieval_disabled"),
    "news": ("news_feed_enabled",),
}


def variable(section: str, key: str) -> str:
    """The environment variable that overrides a setting."""
    return f"GF_{section}_{key}".upper().replace(".", "_").replace("-", "_")


VARIABLES: Keys = {variable(section, key): SETTINGS for section, keys in _SECTIONS.items() for key in keys} | {
    variable("plugins", "preinstall_auto_update"): PLUGIN_UPDATES
}
