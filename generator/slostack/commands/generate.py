"""`slostack generate`."""

from __future__ import annotations

from pathlib import Path

import click

from slostack import files, outputs
from slostack.commands.reading import sound, spec_options
from slostack.commands.wording import counted
from slostack.failure import FINDINGS, USAGE, Failure
from slostack.plan.build import build
from slostack.plan.model import Plan
from slostack.render.runbooks import PageError
from slostack.spec.load import Loaded

_SHOWN = 40  # changed files listed one by one; more are counted


@click.command()
@spec_options
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Where to write.  [default: the spec's folder]"
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if anything would change.")
@click.option("--diff", is_flag=True, help="Show what changes, line by line.")
@click.option("--force", is_flag=True, help="Overwrite files of the same names that slostack has not written.")
def generate(spec: Path, environment: str | None, out: Path | None, check: bool, diff: bool, force: bool) -> None:
    """Write rules, routing, dashboards and runbook facts from the spec.

    All files change together or not at all. The same spec gives the same bytes. What people write in runbook pages
    is never touched; a page that is missing is created, and one that nobody wrote in goes with its alert. Files of
    the same names that slostack has not written are refused.

    \b
    Examples:
      slostack generate                 after every change of slo.yaml
      slostack generate --check         in CI: is what is committed what the spec says?
      slostack generate --env staging --out build/staging
    """
    loaded, plan = sound(spec, environment)
    root = out or spec.parent
    try:
        if not check:
            files.recover(root)
        elif files.interrupted(root):
            raise Failure(f"a run was interrupted in {root} — run `slostack generate`, which completes it", FINDINGS)
        wanted = _planned(loaded, plan, spec.parent, root)
        for change in wanted if diff else ():
            click.echo(change.diff(), nl=False)
        others = [] if force else files.foreign(root, wanted, outputs.ours)
        if others:
            raise Failure(_refusal(others), USAGE)
        if not check:
            files.apply(root, wanted)
    except (files.WriteError, PageError) as error:
        raise Failure(str(error), USAGE) from error
    _summary(plan, wanted, check)
    if check and wanted:
        differ = "differs" if len(wanted) == 1 else "differ"
        raise Failure(f"{counted(len(wanted), 'file')} {differ} from {spec} — run `slostack generate`", FINDINGS)


def _planned(loaded: Loaded, plan: Plan, home: Path, root: Path) -> list[files.Change]:
    """What generating `plan` into `root` would change; `home` is the spec's folder. Raises PageError, WriteError."""
    there = outputs.pages(root, plan.runbooks)
    # People write their pages beside the spec.
    pages = there if root == home else outputs.pages(home, plan.runbooks) | there
    made = outputs.render(plan, pages, plan.runbooks)
    kept = frozenset(path for path in made if path.startswith(f"{plan.runbooks}/"))
    gone = outputs.abandoned(there, plan.runbooks, {alert.name for alert in plan.alerts})
    if gone:  # another environment may have the alert
        gone = outputs.abandoned(there, plan.runbooks, _alert_names(loaded))
    return files.changes(root, made, kept, gone)


def _alert_names(loaded: Loaded) -> frozenset[str]:
    """The names of the alerts of every environment."""
    plans = (build(variant.spec, environment=variant.environment) for variant in loaded.variants if variant.spec)
    return frozenset(alert.name for plan in plans for alert in plan.alerts)


def _refusal(others: list[str]) -> str:
    them, were = ("it", "was") if len(others) == 1 else ("them", "were")
    return (
        f"{', '.join(others)} {were} not written by slostack, and would be lost; nothing was written"
        f" — move {them}, write elsewhere with `--out DIR`, or overwrite {them} with `--force`"
    )


def _summary(plan: Plan, wanted: list[files.Change], check: bool) -> None:
    for change in wanted[:_SHOWN]:
        click.echo(f"{change.verb:8} {change.path}", err=True)
    if len(wanted) > _SHOWN:
        click.echo(f"… and {len(wanted) - _SHOWN} more", err=True)
    names = len({alert.name for alert in plan.alerts})
    done = "nothing differs" if not wanted else "would change" if check else "written"
    slos, services = (counted(len(plan.slos), "SLO"), counted(len(plan.services), "service"))
    changed = f"{counted(len(wanted), 'file')} " if wanted else ""
    click.echo(f"{slos} of {services}, {counted(names, 'alert')}: {changed}{done}", err=True)
