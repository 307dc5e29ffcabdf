"""secret-missing, secret-readable (warnings): files with receivers' secrets that are not there, or open to everybody.

Paths are relative to the spec's folder, where the stack runs. A machine that only checks has no secrets, so `--strict`
does not make `secret-missing` an error.
"""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.context import Context
from slostack.plan.model import ReceiverPlan
from slostack.problems import Problem
from slostack.render.alertmanager import CONFIG
from slostack.spec.shape import Path

CODE = "secret-missing"
CODES = (CODE, "secret-readable")
READS = (CONFIG,)


def check(context: Context) -> Iterator[Problem]:
    """A warning for each secret file that is missing, or that every user of this machine can read."""
    for path, name in _secrets(context):
        file = context.root / name
        try:
            mode = file.stat().st_mode
        except OSError:
            sentence, remedy = f"the secret file {name} is not there", "create it before the stack starts, mode 600"
            yield context.places.problem(CODE, sentence, remedy, path, severity="warning")
            continue
        if mode & 0o004:
            sentence, remedy = f"everybody on this machine can read the secret file {name}", f"run `chmod 600 {name}`"
            yield context.places.problem("secret-readable", sentence, remedy, path, severity="warning")


def _secrets(context: Context) -> Iterator[tuple[Path, str]]:
    """Where the spec names a secret file, and its name."""
    if context.plan.mail and context.plan.mail.password_file:
        yield ("mail", "password_file"), context.plan.mail.password_file
    if context.plan.heartbeat_file:
        yield ("heartbeat", "url_file"), context.plan.heartbeat_file
    for team in context.plan.teams:
        for receiver in (team.page, team.ticket):
            yield from _of_receiver(receiver)


def _of_receiver(receiver: ReceiverPlan) -> Iterator[tuple[Path, str]]:
    at: Path = ("teams", receiver.team, receiver.severity)
    if receiver.webhook_file:
        yield (*at, "webhook_file"), receiver.webhook_file
    if receiver.slack:
        yield (*at, "slack", "url_file"), receiver.slack.url_file
    if receiver.pagerduty:
        yield (*at, "pagerduty", "routing_key_file"), receiver.pagerduty.routing_key_file
