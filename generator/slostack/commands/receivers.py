"""What `slostack up` says about receivers' secrets before it starts a stack that cannot deliver."""

from __future__ import annotations

from pathlib import Path

import click

from slostack.commands.reading import report
from slostack.plan.model import Plan
from slostack.spec.load import load

_MOUNTED = "secrets/"  # all that Alertmanager's container sees of the spec's folder


def warn_of_secrets(spec: Path, environment: str | None, plan: Plan) -> None:
    """Print a warning for each file of a receiver that is not there, or that everybody can read."""
    from slostack.checks import secrets  # noqa: PLC0415 - a plan without secrets needs no check
    from slostack.checks.context import Context  # noqa: PLC0415 - as above

    if not plan.secrets:
        return
    places = load(spec, environment).places
    context = Context(
        plan=plan, places=places, files={}, folder=spec.parent, root=spec.parent, pages={}, committed=False
    )
    report(secrets.check(context))


def warn_of_unmounted(plan: Plan) -> None:
    """Print a warning where a receiver's file lies beyond what Alertmanager's container sees."""
    hidden = [name for name in plan.secrets if not name.startswith(_MOUNTED) or ".." in Path(name).parts]
    if hidden:
        click.echo(
            f"slostack: containers do not see {', '.join(hidden)} — put receivers' secrets below {_MOUNTED}", err=True
        )
