"""Dashboards: the overview, one SLO page per service, and the boards that owners describe in the spec."""

from __future__ import annotations

from slostack.plan import Plan
from slostack.render.dashboards.links import OVERVIEW
from slostack.render.dashboards.overview import overview
from slostack.render.dashboards.owners import owners_board
from slostack.render.dashboards.slo_page import slo_page
from slostack.render.dashboards.stack_page import STACK, stack_page

FOLDER = "SLOs"
MONITORING = "Monitoring"


def render(plan: Plan) -> dict[str, bytes]:
    """Every dashboard as the path of its file and its bytes; the folder is the one it appears in in Grafana."""
    out: dict[str, bytes] = {}
    if plan.slos:
        out[f"dashboards/{FOLDER}/{OVERVIEW}.json"] = overview(plan)
    out[f"dashboards/{MONITORING}/{STACK}.json"] = stack_page(plan)
    for service in plan.services:
        if plan.slos_of(service.name):
            out[f"dashboards/{FOLDER}/{service.dashboard}.json"] = slo_page(plan, service)
        for name, described in service.boards.items():
            out[f"dashboards/{service.name}/{name}.json"] = owners_board(plan, service, name, described)
    return out
