"""A service's SLO page: is the promise kept, how was the budget spent, who suffers, and what to do."""

from __future__ import annotations

from slostack.plan import Plan, ServicePlan, SloPlan
from slostack.recorded import REMAINING
from slostack.render.dashboards import links, queries, slo_answers, slo_graphs, slo_next
from slostack.render.dashboards.board import board, choice, label_variable, paged, restarts
from slostack.render.dashboards.layout import Grid
from slostack.render.dashboards.look import Json


def slo_page(plan: Plan, service: ServicePlan) -> bytes:
    """The board that a service's promises lead to; the service has at least one."""
    slos = plan.slos_of(service.name)
    scope = queries.slo_scope(slos, plan.time_scale)
    grid = Grid()
    grid.line(5, *slo_answers.answers(plan, slos, scope))
    grid.line(8, (slo_graphs.budget(plan, slos, scope), 12), (slo_graphs.burn(plan, slos, scope), 12))
    grid.heading("What fails, and how much traffic is there?")
    grid.line(
        7,
        (slo_graphs.share(plan, scope, service.traces), 8),
        (slo_graphs.failing(plan, scope, service.traces), 8),
        (slo_graphs.traffic(plan, scope), 8),
    )
    if scope.labels:
        grid.heading("Who suffers?")
        grid.line(7, (slo_graphs.groups_over_time(plan, slos, scope), 12), (slo_graphs.groups(plan, slos, scope), 12))
    speed = slo_graphs.latency(plan, slos)
    if speed:
        grid.heading("How long do things take, beside what is promised?")
        for heat, quantiles in speed:
            grid.line(8, (heat, 12), (quantiles, 12))
    grid.heading("What to do now?")
    grid.line(8, (slo_next.alerts(plan, scope), 15), (slo_next.steps_panel(plan, service), 9))
    return board(
        plan,
        uid=service.dashboard,
        title=f"{service.name}: SLOs",
        description=service.describe or f"The promises of {service.name} to its users.",
        panels=grid.panels,
        variables=_variables(service, slos, scope),
        annotations=[*paged(plan, 'slo="$slo"'), *restarts(plan, [service.job] if service.job else [])],
        head=_head(plan, service),
        tags=["slo", service.name],
    )


def _variables(service: ServicePlan, slos: tuple[SloPlan, ...], scope: queries.Scope) -> list[Json]:
    chosen = choice("slo", "Promise", f"One promise of {service.name}", [(slo.name, slo.id) for slo in slos])
    filters = [
        label_variable(
            label,
            label.replace("_", " "),
            f"Only these values of {label}; All shows the worst of them, and sums of counts",
            f'label_values({REMAINING}{{slo="$slo"}}, {label})',
        )
        for label in scope.labels
    ]
    return [chosen, *filters]


def _head(plan: Plan, service: ServicePlan) -> list[Json]:
    out = [links.to_board(links.OVERVIEW, "All promises", "The overview of every service's promises")]
    if service.boards:
        out.append(links.to_service_boards(service))
    if service.traces:
        out.append(links.outside(links.traces(plan, service.traces), "Traces", "Failed traces in this time", "bolt"))
    out.append(links.outside(links.rules(plan, "${slo}"), "Alert rules", "This promise's alerting rules in Prometheus"))
    out.append(links.outside(links.silence(plan, "${slo}"), "Silence", "Silence everything that burns this promise"))
    out += (links.outside(url, title, f"{title} of {service.name}") for title, url in service.links.items())
    return out
