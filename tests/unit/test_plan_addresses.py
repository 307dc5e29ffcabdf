"""Addresses of a plan: a receiver is asked at exactly what the spec says, a base takes what links add to it."""

from __future__ import annotations

import pytest

from slostack.plan.build import build
from slostack.plan.model import Plan
from slostack.spec.load import parse

SPEC = """
version: 1
heartbeat: http://inbox:9099/heartbeat/prometheus/
links: {runbooks: "http://127.0.0.1:9098/", grafana: "https://example.org/grafana/"}
teams: {shop: {page: {webhook: "http://10.0.0.5:8080/alerts/"}, ticket: {webhook: "http://inbox:9099/hooks/t"}}}
services:
  shop: {team: shop, slos: {a: {promise: Good, objective: 99.9, events: {bad: b_total, total: a_total}}}}
"""
MOVED = {"inbox:9099": "127.0.0.1:40001", "127.0.0.1:9098": "127.0.0.1:40002"}


def plan_of(moved: dict[str, str]) -> Plan:
    loaded = parse(SPEC, "slo.yaml")
    assert loaded.spec is not None, loaded.problems
    return build(loaded.spec, addresses=moved)


@pytest.mark.parametrize(("moved", "inbox"), [({}, "inbox:9099"), (MOVED, "127.0.0.1:40001")])
def test_a_receiver_is_asked_at_what_the_spec_says(moved: dict[str, str], inbox: str) -> None:
    """Web frameworks answer 301 or 404 to the address without its last slash, and the notification is lost."""
    plan = plan_of(moved)
    assert plan.heartbeat == f"http://{inbox}/heartbeat/prometheus/"
    assert plan.teams[0].page.webhook == "http://10.0.0.5:8080/alerts/"
    assert plan.teams[0].ticket.webhook == f"http://{inbox}/hooks/t"


@pytest.mark.parametrize(("moved", "pages"), [({}, "127.0.0.1:9098"), (MOVED, "127.0.0.1:40002")])
def test_a_base_ends_without_a_slash(moved: dict[str, str], pages: str) -> None:
    plan = plan_of(moved)
    assert plan.links.runbooks == f"http://{pages}"
    assert plan.links.grafana == "https://example.org/grafana"
    assert all("//" not in alert.annotations["runbook_url"].partition("//")[2] for alert in plan.alerts)
