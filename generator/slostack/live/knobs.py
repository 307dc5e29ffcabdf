"""Knobs of .env.example that somebody has turned, held against what the spec says about the same things.

What was turned is never replaced in silence. A knob that says more than the spec (a longer retention, a name of one's
own for the traces' environment) stays; where only one of the two can be true, nothing is started.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from slostack.failure import USAGE, Failure
from slostack.live import heartbeat
from slostack.plan.model import Plan
from slostack.promql import duration, duration_ms

RETENTION = "PROMETHEUS_RETENTION"
CONFIG = "SLOSTACK_CONFIG"
ENVIRONMENT = "SLOSTACK_ENVIRONMENT"
HEARTBEAT = "INBOX_HEARTBEAT"
_INBOX = "inbox:9099"  # as Alertmanager's container reaches it
# The knobs that say where browsers reach a part, and the link in the spec that says the same.
LINKS = {
    "RUNBOOKS_URL": "runbooks",
    "GRAFANA_URL": "grafana",
    "PROMETHEUS_URL": "prometheus",
    "ALERTMANAGER_URL": "alertmanager",
    "JAEGER_URL": "traces",
}
SHARED = (RETENTION, CONFIG, ENVIRONMENT, HEARTBEAT, *LINKS)
"""The knobs about which the spec says something too."""
MAY_BE_EMPTY = (HEARTBEAT,)
"""Those in which nothing means something: no heartbeat. Elsewhere it means the default."""


def port(door: str) -> str:
    """The knob that says on which port of this machine a part is reached."""
    return f"{door.upper()}_PORT"


def doors(turned: Mapping[str, str], names: Mapping[str, int]) -> dict[str, int]:
    """The ports that were chosen for parts, without those whose address was chosen too, as behind a proxy."""
    chosen = {name: turned.get(port(name), "") for name in names if f"{name.upper()}_URL" not in turned}
    return {name: int(value) for name, value in chosen.items() if value.isdecimal()}


def settle(plan: Plan, turned: Mapping[str, str], config: Path) -> dict[str, str]:
    """The value of each knob in `SHARED`. `config` is the folder of the plan's files.

    Raises Failure where the spec and a knob contradict each other, naming all such knobs at once.
    """
    contradictions = [*_retention(plan, turned), *_links(plan, turned), *_config(plan, turned)]
    if contradictions:
        raise Failure("\n".join(contradictions), USAGE)
    links = plan.links.model_dump()
    said = {knob: str(links[link]) for knob, link in LINKS.items()}
    said |= {RETENTION: f"{plan.retention}s", ENVIRONMENT: plan.environment or "compose"}
    said[HEARTBEAT] = heartbeat.expected(plan, _INBOX)
    kept = {knob: turned[knob] for knob in (RETENTION, ENVIRONMENT, HEARTBEAT) if knob in turned}
    return said | kept | {CONFIG: str(config)}


def _retention(plan: Plan, turned: Mapping[str, str]) -> Iterator[str]:
    """A longer one keeps what the spec asks for; with a shorter one, samples that it asks for are deleted."""
    if RETENTION not in turned:
        return
    needed = duration(plan.retention)
    try:
        kept = duration_ms(turned[RETENTION])
    except ValueError:
        yield f"{_says(turned, RETENTION)}, which is no duration — write one such as {needed}"
        return
    if kept < plan.retention * 1000:
        yield (
            f"{_says(turned, RETENTION)}, and `retention` in {plan.source} is {needed}: Prometheus would delete "
            f"samples that budgets need — set the knob to {needed} or more, or remove it, or change `retention`"
        )


def _links(plan: Plan, turned: Mapping[str, str]) -> Iterator[str]:
    links = plan.links.model_dump()
    for knob, link in LINKS.items():
        if knob in turned and _moved(turned[knob], plan) != str(links[link]).rstrip("/"):
            yield (
                f"{_says(turned, knob)}, and `links.{link}` in {plan.source} is {links[link]}: notifications would "
                "lead elsewhere than the part's own links — make them alike"
            )


def _config(plan: Plan, turned: Mapping[str, str]) -> Iterator[str]:
    if turned.get(CONFIG, ".") != ".":
        yield (
            f"{_says(turned, CONFIG)}, but `slostack up` starts what it makes from {plan.source} — remove the knob, or "
            "start that folder with `docker compose up --build --wait`"
        )


def _moved(url: str, plan: Plan) -> str:
    """An address as the plan's links read it, whose ports may be others than the spec's."""
    host = urlsplit(url).netloc
    return url.replace(f"//{host}", f"//{plan.address(host)}", 1).rstrip("/")


def _says(turned: Mapping[str, str], knob: str) -> str:
    source = "the environment" if os.environ.get(knob) == turned[knob] else "`.env`"
    return f"{source} says {knob}={turned[knob]}"
