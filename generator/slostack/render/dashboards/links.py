"""Where a board leads next. Every link keeps the time range; those within Grafana keep variables that exist there."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, urlencode

from grafanalib import core

from slostack.plan import Plan, ServicePlan
from slostack.render.dashboards.look import Json

OVERVIEW = "slo-overview"
TAG = "slostack"
NOTIFICATIONS = "/alerting/groups?alertmanager=Alertmanager"  # Grafana's page of what Alertmanager holds
SILENCES = "/alerting/silences?alertmanager=Alertmanager"
JAEGER = {"type": "jaeger", "uid": "jaeger"}


def to_board(uid: str, title: str, tooltip: str, *, variables: bool = False) -> Json:
    """A link in a board's head to another board."""
    link = core.DashboardLink(type="link", title=title, uri=f"/d/{uid}", keepTime=True, includeVars=variables)
    return _head(link, tooltip, "dashboard")


def to_notifications() -> Json:
    """A link in a board's head to Grafana's list of the alerts in Alertmanager, silenced and inhibited ones too."""
    link = core.DashboardLink(type="link", title="Notifications", uri=NOTIFICATIONS, keepTime=False, includeVars=False)
    return _head(link, "What Alertmanager holds now: what notifies, and what is silenced or inhibited", "bell")


def to_service_boards(service: ServicePlan) -> Json:
    """A menu in a board's head: every board of the service."""
    link = core.DashboardLink(
        type="dashboards", title=f"Boards of {service.name}", tags=[service.name], asDropdown=True
    )
    return _head(link, "The boards that the owners of this service described", "external link")


def outside(url: str, title: str, tooltip: str, icon: str = "external link") -> Json:
    """A link in a board's head that leaves Grafana; the address may hold variables."""
    link = core.DashboardLink(type="link", title=title, uri=url, keepTime=False, includeVars=False, targetBlank=True)
    return _head(link, tooltip, icon)


def traces(plan: Plan, service: str) -> str:
    """Jaeger's search for failed traces of the service in the board's time."""
    fixed = urlencode({"service": service, "limit": "20", "tags": '{"error":"true"}'}, quote_via=quote)
    return f"{plan.links.traces}/search?{fixed}&start=${{__from}}000&end=${{__to}}000&lookback=custom"


def trace(trace_id: str) -> str:
    """A trace in Grafana's own view, so that Jaeger needs no address that a browser reaches; the id may be a variable.

    A trace found by its id does not depend on the time range.
    """
    return _explore({"query": trace_id}, "now-1h", "now")


def failed_traces_until(service: str, moment: str) -> str:
    """The last failed traces of the service before `moment` (milliseconds, or a variable) in the board's time."""
    search = {"queryType": "search", "service": service, "tags": "error=true", "limit": 20}
    return _explore(search, "${__from}", moment)


def _explore(asked: Json, since: str, until: str) -> str:
    query = {"refId": "A", "datasource": JAEGER} | asked
    pane = {"datasource": JAEGER["uid"], "queries": [query], "range": {"from": since, "to": until}}
    written = json.dumps({"traces": pane}, separators=(",", ":"))
    parts = re.split(r"(\$\{[^}]+\})", written)  # every second one is a variable, which Grafana reads only unquoted
    panes = "".join(part if index % 2 else quote(part, safe="") for index, part in enumerate(parts))
    return f"/explore?schemaVersion=1&panes={panes}"


def rules(plan: Plan, search: str) -> str:
    """Prometheus's page of alerting rules, searched for what a label says."""
    return f"{plan.links.prometheus}/alerts?search={search}"


def silence(plan: Plan, slo: str) -> str:
    """Alertmanager's form for a silence of everything that burns the SLO."""
    return f"{plan.links.alertmanager}/#/silences/new?filter=%7Bslo%3D%22{slo}%22%7D"


def runbook(plan: Plan, alert: str, query: str = "") -> str:
    """An alert's page; `alert` may be a variable of Grafana's."""
    return f"{plan.links.runbooks}/{alert}{f'?{query}' if query else ''}"


def cell(title: str, url: str, *, new_tab: bool = False) -> Json:
    """A link of a table's cell or of a stat."""
    return {"title": title, "url": url, "targetBlank": new_tab}


def _head(link: core.DashboardLink, tooltip: str, icon: str) -> Json:
    data: Json = link.to_json_data()
    return data | {"tooltip": tooltip, "icon": icon}
