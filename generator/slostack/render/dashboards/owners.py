"""The owners' boards: what the spec says in its small vocabulary, drawn in the same style as everything else."""

from __future__ import annotations

import attr
from grafanalib import core

from slostack.plan import Plan, ServicePlan
from slostack.promql import selector
from slostack.render.dashboards import kinds, links
from slostack.render.dashboards.board import board, label_variable, paged, restarts
from slostack.render.dashboards.layout import COLUMNS, Grid, shares
from slostack.render.dashboards.look import Json
from slostack.spec.boards import Board


def owners_board(plan: Plan, service: ServicePlan, name: str, described: Board) -> bytes:
    """One board of a service, as its owners described it."""
    grid = Grid()
    for row in described.rows:
        grid.heading(row.question)
        alone = [panel for panel in row.panels if panel.each]
        beside = [panel for panel in row.panels if not panel.each]
        drawn = [kinds.draw(plan, service, panel) for panel in beside]
        for widths in shares([panel.width for panel in beside]) if beside else []:
            line, drawn = drawn[: len(widths)], drawn[len(widths) :]
            grid.line(row.height, *zip(line, widths, strict=True))
        for panel in alone:  # repeated panels fill a line of their own
            repeat = core.Repeat(direction="h", variable=panel.each, maxPerRow=4)
            repeated = attr.evolve(kinds.draw(plan, service, panel), repeat=repeat)
            grid.line(row.height, (repeated, COLUMNS))
    readers = f" For: {described.readers}." if described.readers else ""
    return board(
        plan,
        uid=name,
        title=described.title,
        description=f"{described.describe or f'A board of {service.name}.'}{readers}",
        panels=grid.panels,
        variables=_variables(described),
        annotations=[
            *paged(plan, f'service="{service.name}"'),
            *restarts(plan, [service.job] if service.job else []),
        ],
        head=_head(plan, service),
        tags=[service.name],
        seconds=6 * 3600,
    )


def _variables(described: Board) -> list[Json]:
    """One filter per label that some panel is repeated by."""
    out: dict[str, Json] = {}
    for row in described.rows:
        for panel in row.panels:
            if panel.each is None or panel.each in out:
                continue
            counted = kinds.repeated_selector(panel)
            plain = selector(counted)
            metric = counted if plain is None else str(plain)
            words = panel.each.replace("_", " ")
            out[panel.each] = label_variable(
                panel.each, words, f"Which of them to show, by {words}", f"label_values({metric}, {panel.each})"
            )
    return list(out.values())


def _head(plan: Plan, service: ServicePlan) -> list[Json]:
    out = []
    if plan.slos_of(service.name):
        out.append(links.to_board(service.dashboard, f"{service.name}: SLOs", "Are this service's promises kept?"))
    out.append(links.to_board(links.OVERVIEW, "All promises", "The overview of every service's promises"))
    out.append(links.to_service_boards(service))
    if service.traces:
        out.append(links.outside(links.traces(plan, service.traces), "Traces", "Failed traces in this time", "bolt"))
    out.append(
        links.outside(links.rules(plan, service.name), "Alert rules", "This service's alerting rules in Prometheus")
    )
    return out
