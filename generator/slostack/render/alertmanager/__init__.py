"""Routing and notification texts: `alerts/alertmanager.yml` and its templates."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from slostack.plan.alerts import SERVICE_DOWN, THRESHOLD
from slostack.plan.model import Plan, ReceiverPlan
from slostack.plan.monitoring import WATCHDOG
from slostack.promql import quote
from slostack.render.alertmanager.receivers import receiver
from slostack.render.yamltext import document, generated
from slostack.spec.hours import Hours

CONFIG = "alerts/alertmanager.yml"
TEMPLATE = "alerts/templates/notification.tmpl"
HEARTBEAT = "heartbeat"
_ENVIRONMENT = "environment"

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
    config["inhibit_rules"] = _inhibit_rules(plan)
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
        "group_by": [_ENVIRONMENT, "service", "slo"],
        **_timing(plan, fallback),
        "routes": [watchdog] + [_team_route(plan, one) for one in receivers(plan)],
    }


def _team_route(plan: Plan, one: ReceiverPlan) -> dict[str, Any]:
    route: dict[str, Any] = {
        "receiver": one.name,
        "matchers": [f"team={quote(one.team)}", f"severity={quote(one.severity)}"],
        **_timing(plan, one),
    }
    alone: dict[str, Any] = {"matchers": ['slo=""'], "group_by": [_ENVIRONMENT, "service", "alertname"]}
    if one.hours:
        route["active_time_intervals"] = [one.hours.name]
        alone["active_time_intervals"] = [one.hours.name]  # not inherited
    # What burns no SLO has nothing in common but the service: one notification each.
    return route | {"routes": [{"receiver": one.name} | alone]}


def _timing(plan: Plan, one: ReceiverPlan) -> dict[str, str]:
    return {key: plan.duration(seconds) for key, seconds in _TIMING[one.severity].items()}


def _inhibit_rules(plan: Plan) -> list[dict[str, Any]]:
    same = [_ENVIRONMENT, "service", "slo"]
    groups = list(plan.group_labels)
    rules = [
        {
            "name": "a page holds back the ticket of the same SLO and group",
            "source_matchers": ['severity="page"', 'slo!=""'],
            "target_matchers": ['severity="ticket"', 'slo!=""'],
            "equal": same + groups,
        }
    ]
    if groups:
        rules.append(
            {
                "name": "a page about all groups of an SLO holds back the tickets of each",
                "source_matchers": ['severity="page"', 'slo!=""'] + [f'{label}=""' for label in groups],
                "target_matchers": ['severity="ticket"', 'slo!=""'],
                "equal": same,
            }
        )
    burning = ['severity="page"', 'slo!=""', f"tier!={quote(THRESHOLD)}"]
    owners = ['severity="page"', 'slo!=""', f"tier={quote(THRESHOLD)}", f"alertname!={quote(SERVICE_DOWN)}"]
    rules.append(
        {
            "name": "a burning budget that pages holds back the owners' page about the same",
            "source_matchers": burning,
            "target_matchers": owners,
            "equal": same + groups,
        }
    )
    if groups:
        rules.append(
            {
                "name": "a burning budget of all groups of an SLO holds back the owners' pages about each",
                "source_matchers": burning + [f'{label}=""' for label in groups],
                "target_matchers": owners,
                "equal": same,
            }
        )
    rules += [
        {
            "name": "a service that is down, and pages, holds back its symptoms",
            "source_matchers": [f"alertname={quote(SERVICE_DOWN)}", 'severity="page"'],
            "target_matchers": [f"alertname!={quote(SERVICE_DOWN)}", f"alertname!={quote(WATCHDOG)}"],
            "equal": [_ENVIRONMENT, "service"],
        },
        {
            "name": "a service that is down, and is a ticket, holds back no page",
            "source_matchers": [f"alertname={quote(SERVICE_DOWN)}", 'severity="ticket"'],
            "target_matchers": [f"alertname!={quote(SERVICE_DOWN)}", 'severity="ticket"'],
            "equal": [_ENVIRONMENT, "service"],
        },
        {
            "name": "a service that is down explains its failed scrapes",
            "source_matchers": [f"alertname={quote(SERVICE_DOWN)}"],
            "target_matchers": ['alertname="ScrapeTargetDown"'],
            "equal": [_ENVIRONMENT, "job"],
        },
    ]
    return rules


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
