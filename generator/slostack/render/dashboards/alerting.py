"""What is notified now: Alertmanager's own numbers, and the alerts that it was sent.

No panel of Grafana 12 asks the Alertmanager data source: its list of alerts takes rules from Prometheus. Grafana's
page of alert groups does ask it, and is what these panels lead to.
"""

from __future__ import annotations

from slostack.plan import Plan
from slostack.render.dashboards import columns, links, slo_next
from slostack.render.dashboards.look import BLUE, GREEN, RED, steps
from slostack.render.dashboards.panels import Panel, query, series_override, stat, table

_FIRING = 'alertstate="firing",severity!="none"'


def held(plan: Plan) -> Panel:
    """How many alerts notify, and how many are held back."""
    heartbeats = 'count(ALERTS{alertstate="firing",severity="none"})'
    asked = {
        # The heartbeat always fires and is none of the alerts that a person is told of.
        "notify": f'clamp_min(max(alertmanager_alerts{{state="active"}}) - ({heartbeats} or vector(0)), 0)',
        "silenced or inhibited": 'max(alertmanager_alerts{state="suppressed"})',
        "silences in force": 'max(alertmanager_silences{state="active"})',
    }
    to_list = [links.cell("Which they are, from Alertmanager", links.NOTIFICATIONS)]
    to_silences = [links.cell("The silences, from Alertmanager", links.SILENCES)]
    return stat(
        "What does Alertmanager hold?",
        "Alerts in Alertmanager but the heartbeat: those that notify, and those that a silence or a more urgent alert"
        " holds back. Normal is 0. A silence that is still in force after the work it was for, hides the next incident."
        " Click a number for the list that Alertmanager keeps.",
        [
            query(plan.lapse(expression), name, ref=chr(ord("A") + index), instant=True)
            for index, (name, expression) in enumerate(asked.items())
        ],
        unit="none",
        decimals=0,
        thresholds=steps((GREEN, None), (BLUE, 1)),
        text="value_and_name",
        overrides=[
            series_override("notify", thresholds=steps((GREEN, None), (RED, 1)), links=to_list),
            series_override("silenced or inhibited", links=to_list),
            series_override("silences in force", links=to_silences),
        ],
        empty="○ Alertmanager was not scraped",
        extra={"options": {"orientation": "horizontal"}},
    )


def firing(plan: Plan) -> Panel:
    """Every alert that fires, of services and of the monitoring itself."""
    by = "alertname, severity, service, slo"
    since = f"max by ({by}) (ALERTS_FOR_STATE and ignoring (alertstate) ALERTS{{{_FIRING}}}) * 1000"
    names = {"severity": "Severity", "service": "Service", "slo": "SLO", "alertname": "Runbook", "Value": "Since"}
    about = "service=${__data.fields.Service}"
    runbook = links.runbook(plan, "${__data.fields.Runbook}", about)
    return table(
        "Which alerts fire?",
        "Every alert that Prometheus sends to Alertmanager now, with since when; click one for its runbook. Normal is"
        " none. Which of them are silenced or inhibited is on Grafana's page `Notifications`, above.",
        [query(plan.lapse(since), instant=True, form="table")],
        [columns.ordered(names)],
        overrides=[
            series_override(
                "Severity",
                mappings=slo_next.severities(),
                custom__cellOptions={"type": "color-background", "mode": "basic"},
                custom__width=110,
            ),
            series_override("Runbook", links=[links.cell("Open the runbook", runbook, new_tab=True)]),
            series_override("Since", unit="dateTimeFromNow", custom__width=140, thresholds=steps(("text", None))),
        ],
        sort=[("Severity", False), ("Since", False)],
        empty="● No alert fires",
    )
