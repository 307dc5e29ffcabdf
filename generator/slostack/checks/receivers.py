"""receiver-empty: a receiver of Alertmanager that leads nowhere, so that its notifications are dropped silently."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.context import Context, parsed_yaml
from slostack.problems import Problem
from slostack.render.alertmanager import CONFIG, HEARTBEAT

CODE = "receiver-empty"
READS = (CONFIG,)


def check(context: Context) -> Iterator[Problem]:
    """A problem for each receiver without a way out. That of the heartbeat is told by `no-heartbeat`."""
    for receiver in parsed_yaml(context.files[CONFIG]).get("receivers") or []:
        name = str(receiver["name"])
        if name != HEARTBEAT and not any(receiver[key] for key in receiver if key.endswith("_configs")):
            team = next((team.name for team in context.plan.teams if name in {team.page.name, team.ticket.name}), None)
            sentence = f"the receiver `{name}` leads nowhere, so that its notifications are lost"
            remedy = "name a webhook, slack, email or pagerduty for it"
            if team is None:
                yield context.in_file(CONFIG, CODE, sentence, remedy)
            else:
                yield context.places.problem(CODE, sentence, remedy, ("teams", team), key=True)
