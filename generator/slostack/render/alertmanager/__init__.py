"""Routing and notification texts: `alerts/alertmanager.yml` and its templates."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from slostack.plan.model import Plan, ReceiverPlan
from slostack.plan.monitoring import WATCHDOG
from slostack.promql import quote
from slostack.render.alertmanager.inhibition import ENVIRONMENT, inhibit_rules
from slostack.render.alertmanager.receivers import receiver
from slostack.render.yamltext import document, generated
from slostack.spec.hours import Hours

CONFIG = "alerts/alertmanager.yml"
TEMPLATE = "alerts/templates/notification.tmpl"
HEARTBEAT = "heartbeat"

# Seconds. A page goes out as soon as its companions can have joined it. A ticket waits for the page of the same
# incident to come and hold it back. Repeats remind of what was forgotten, no more.
_TIMING = {
    "page": {"group_wait": 30, "group_interval": 300, "repeat_interval": 14_400},
    "ticket": {"group_wait": 120, "group_interval": 900, "repeat_interval": 86_400},
}
# Slightly shorter than the group interval, else every second beat is skipped.
_HEARTBEAT_TIMING = {"group_wait": 0, "group_interval": 60, "repeat_interval": 59}


def render(plan: Plan) -> dict[str, str]:
    """Alertmanager's configuration and the templates that it names."""
    header = generated(plan.source, "Who is told of which alert, when, and what holds what back.")
    template = files(__package__).joinpath("notification.tmpl").read_text(encoding="utf-8")
    return {CONFIG: document(_config(plan), header), TEMPLATE: template}


def receivers(plan: Plan) -> list[ReceiverPlan]:
    """Every team's receivers, pages first."""
    return [receiver for team in plan.teams for receiver in (team.page, team.ticket)]


def _config(plan: Plan) -> dict[str, Any]:
    hours = {receiver.hours.name: receiver.hours for receiver in receivers(plan) if receiver.hours}
    config: dict[str, Any] = {"global": _global(plan), "templates": ["templates/*.tmpl"], "route": _route(plan)}
    config["inhibit_rules"] = inhibit_rules(plan)
    if hours:
        config["time_intervals"] = [_interval(name, hours[name]) for name in sorted(hours)]
    config["receivers"] = [_heartbeat(plan)] + [receiver(one) for one in receivers(plan)]
    return config


def _global(plan: Plan) -> dict[str, Any]:
    out: dict[str, Any] = {"resolve_timeout": plan.duration(300)}
    if plan.mail:
        out |= {
            "smtp_smarthost": plan.mail.smarthost,
            "smtp_from": plan.mail.sender,
            "smtp_require_tls": plan.mail.require_tls,
        }
        if plan.mail.username:
            out["smtp_auth_username"] = plan.mail.username
        if plan.mail.password_file:
            out["smtp_auth_password_file"] = plan.mail.password_file
    return out


def _route(plan: Plan) -> dict[str, Any]:
    fallback = next(team.ticket for team in plan.teams if team.name == plan.monitoring_team)
    watchdog = {
        "receiver": HEARTBEAT,
        "matchers": [f"alertname={quote(WATCHDOG)}"],
        "group_by": ["alertname"],
        **{key: plan.duration(seconds) for key, seconds in _HEARTBEAT_TIMING.items()},
    }
    return {
        # An alert that no team owns is not lost: the owners of the monitoring see it.
        "receiver": fallback.name,
        "group_by": [ENVIRONMENT, "service", "slo"],
        **_timing(plan, fallback),
        "routes": [watchdog] + [_team_route(plan, one) for one in receivers(plan)],
    }


def _team_route(plan: Plan, one: ReceiverPlan) -> dict[str, Any]:
    route: dict[str, Any] = {
        "receiver": one.name,
        "matchers": [f"team={quote(one.team)}", f"severity={quote(one.severity)}"],
        **_timing(plan, one),
    }
    alone: dict[str, Any] = {"matchers": ['slo=""'], "group_by": [ENVIRONMENT, "service", "alertname"]}
    if one.hours:
        route["active_time_intervals"] = [one.hours.name]
        alone["active_time_intervals"] = [one.hours.name]  # not inherited
    # What burns no SLO has nothing in common but the service: one notification each.
    return route | {"routes": [{"receiver": one.name} | alone]}


def _timing(plan: Plan, one: ReceiverPlan) -> dict[str, str]:
    return {key: plan.duration(seconds) for key, seconds in _TIMING[one.severity].items()}


def _interval(name: str, hours: Hours) -> dict[str, Any]:
    times = [{"start_time": hours.start, "end_time": hours.end}]
    return {
        "name": name,
        "time_intervals": [{"weekdays": list(hours.days), "times": times, "location": hours.zone}],
    }


def _heartbeat(plan: Plan) -> dict[str, Any]:
    if plan.heartbeat is None and plan.heartbeat_file is None:
        # Known to lead nowhere: `slostack check` warns of it, because then nobody notices a silent pipeline.
        return {"name": HEARTBEAT}
    address = {"url": plan.heartbeat} if plan.heartbeat else {"url_file": plan.heartbeat_file}
    return {"name": HEARTBEAT, "webhook_configs": [address | {"send_resolved": False}]}
