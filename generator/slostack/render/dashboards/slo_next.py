"""The last row of an SLO page: what fires, and where to go."""

from __future__ import annotations

from slostack.plan import Plan, ServicePlan
from slostack.promql import duration
from slostack.render.dashboards import columns, links, queries
from slostack.render.dashboards.look import ORANGE, PAGE, RED, TICKET, Json, steps
from slostack.render.dashboards.panels import Panel, query, series_override, table, text


def alerts(plan: Plan, scope: queries.Scope) -> Panel:
    """The alerts that fire for the chosen promise, each with its runbook."""
    by = ", ".join(("alertname", "severity", "tier", *scope.labels))
    firing = scope.of("ALERTS", 'alertstate="firing"')
    since = f"max by ({by}) ({scope.of('ALERTS_FOR_STATE')} and ignoring (alertstate) {firing}) * 1000"
    names = {"severity": "Severity", "alertname": "Runbook", "tier": "Window"}
    names |= columns.headings(scope.labels) | {"Value": "Since"}
    return table(
        "What fires for this promise?",
        "The alerts that fire now, with since when; click one for its runbook. Normal is none. Several windows of one"
        " promise are one incident and one notification.",
        [query(plan.lapse(since), instant=True, form="table")],
        [columns.ordered(names)],
        overrides=[
            series_override(
                "Severity",
                mappings=severities(),
                custom__cellOptions={"type": "color-background", "mode": "basic"},
                custom__width=110,
            ),
            series_override(
                "Runbook",
                links=[
                    links.cell(
                        "Open the runbook", links.runbook(plan, "${__data.fields.Runbook}", "slo=${slo}"), new_tab=True
                    )
                ],
            ),
            series_override("Window", custom__width=100),
            series_override("Since", unit="dateTimeFromNow", custom__width=140, thresholds=steps(("text", None))),
        ],
        sort=[("Severity", False), ("Since", False)],
        empty="● No alert fires for this promise",
    )


def severities() -> list[Json]:
    """How a column of severities shows them."""
    options = {
        "page": {"text": PAGE.label, "color": RED, "index": 0},
        "ticket": {"text": TICKET.label, "color": ORANGE, "index": 1},
    }
    return [{"type": "value", "options": options}]


def steps_text(plan: Plan, service: ServicePlan) -> str:
    """The way through an incident, in Markdown with links."""
    lines = [f"1. [What fires]({links.rules(plan, '${slo}')}), and its runbook: in the table beside this."]
    if service.traces:
        lines.append(f"1. [Failed traces]({links.traces(plan, service.traces)}) of this service in this time.")
    if service.boards:
        boards = ", ".join(
            f"[{board.title}](/d/{name}?${{__url_time_range}})" for name, board in service.boards.items()
        )
        lines.append(f"1. The owners' boards: {boards}.")
    lines.append(f"1. [Silence]({links.silence(plan, '${slo}')}) while you work on it, never for longer.")
    team = next((team for team in plan.teams if team.name == service.team), None)
    lines.append(f"\n**Owner:** {service.team}")
    if team and team.escalation:
        calls = "; ".join(f"after {duration(after)}: {who}" for after, who in team.escalation)
        lines.append(f"\n**Nobody answers?** {calls}.")
    return "\n".join(lines)


def steps_panel(plan: Plan, service: ServicePlan) -> Panel:
    """The way through an incident."""
    return text(
        "Where next?",
        "The way through an incident, in order. Every link keeps this board's time where the other side can take it.",
        steps_text(plan, service),
    )
