"""routing: every alert reaches the receivers that the plan names, and an alert that nobody owns reaches the fallback.

A route looks at the labels that its matchers name and at no other, and of their values it knows those that it names.
Alerts that agree in these take the same way, so each way is walked once, by Alertmanager's own code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from slostack.checks.context import RULES, Context, parsed_yaml
from slostack.problems import Problem
from slostack.render.alertmanager import CONFIG, HEARTBEAT
from slostack.tools import amtool

CODE = "routing"
READS = (CONFIG, RULES)

_MATCHER = re.compile(r'^\s*"?(?P<label>[^"=!~\s]+)"?\s*(?P<operator>=~|!~|!=|=)\s*"?(?P<value>.*?)"?\s*$')
_REMEDY = "see `route` in alerts/alertmanager.yml, and give the alert's team its receivers under `teams`"


def check(context: Context) -> Iterator[Problem]:
    """A problem for each alert that goes elsewhere, at what the spec says of it."""
    looked_at = _looked_at(parsed_yaml(context.files[CONFIG]).get("route") or {})
    ways: dict[tuple[tuple[str, str | None], ...], amtool.Routed] = {}

    def walk(labels: Mapping[str, str]) -> amtool.Routed:
        seen = {name: value for name, value in sorted(labels.items()) if name in looked_at}
        way = tuple((name, value if _told_apart(value, looked_at[name]) else None) for name, value in seen.items())
        if way not in ways:
            ways[way] = amtool.routes_test(context.folder / CONFIG, seen)
        return ways[way]

    external = {"environment": context.plan.environment} if context.plan.environment else {}
    for alert in context.plan.alerts:
        expected = alert.receivers or (HEARTBEAT,)
        routed = walk({"alertname": alert.name} | alert.labels | external)
        if not routed.ok:
            yield context.in_file(CONFIG, CODE, f"amtool cannot walk the routes: {routed.problems}", _REMEDY)
            return
        if routed.receivers != expected:
            sentence = f"`{alert.name}` ({alert.severity}) goes to {_list(routed.receivers)}, not to {_list(expected)}"
            yield context.of_alert(alert, CODE, sentence, _REMEDY)
    yield from _fallback(
        context, walk({"alertname": "Foreign", "severity": "page", "team": _nobody(context)} | external)
    )


def _fallback(context: Context, routed: amtool.Routed) -> Iterator[Problem]:
    expected = next(team.ticket.name for team in context.plan.teams if team.name == context.plan.monitoring_team)
    if routed.receivers != (expected,):
        sentence = f"an alert of a team that is not in the spec goes to {_list(routed.receivers)}, not to {expected}"
        yield context.places.problem(CODE, sentence, _REMEDY, ("monitoring_team",), key=True)


def _looked_at(route: Mapping[str, Any]) -> dict[str, set[str | None]]:
    """Every label that a matcher of the tree names, with the values that it names; None stands for any pattern."""
    out: dict[str, set[str | None]] = {}
    for one in (route, *_below(route)):
        for matcher in one.get("matchers") or []:
            if found := _MATCHER.match(str(matcher)):
                exact = found["operator"] in {"=", "!="}
                out.setdefault(found["label"], set()).add(found["value"] if exact else None)
    return out


def _below(route: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for child in route.get("routes") or []:
        yield child
        yield from _below(child)


def _told_apart(value: str, named: set[str | None]) -> bool:
    """Whether some matcher may treat a value otherwise than a value that no matcher names."""
    return None in named or value in named


def _nobody(context: Context) -> str:
    """A team that is not in the spec."""
    name = "nobody"
    while any(team.name == name for team in context.plan.teams):
        name += "-else"
    return name


def _list(names: tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in names) or "nobody"
