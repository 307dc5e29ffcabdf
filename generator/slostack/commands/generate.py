"""`slostack generate`."""

from __future__ import annotations

from pathlib import Path

import click

from slostack import files, outputs
from slostack.commands.reading import plan_of, spec_options
from slostack.failure import FINDINGS, USAGE, Failure
from slostack.plan.model import Plan
from slostack.render.runbooks import PageError

_SHOWN = 40  # changed files listed one by one; more are counted


@click.command()
@spec_options
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Where to write.  [default: the spec's folder]"
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if anything would change.")
@click.option("--diff", is_flag=True, help="Show what changes, line by line.")
def generate(spec: Path, environment: str | None, out: Path | None, check: bool, diff: bool) -> None:
    """Write rules, routing, dashboards and runbook facts from the spec.

    All files change together or not at all. The same spec gives the same bytes. What people write in runbook pages
    is never touched; a page that is missing is created as a draft.

    \b
    Examples:
      slostack generate                 after every change of slo.yaml
      slostack generate --check         in CI: is what is committed what the spec says?
      slostack generate --env staging --out build/staging
    """
    plan = plan_of(spec, environment)
    root = out or spec.parent
    try:
        files.recover(root)
        wanted = planned_changes(plan, spec, root)
        for change in wanted if diff else ():
            click.echo(change.diff(), nl=False)
        if not check:
            files.apply(root, wanted)
    except (files.WriteError, PageError) as error:
        raise Failure(str(error), USAGE) from error
    _summary(plan, wanted, check)
    if check and wanted:
        raise Failure(f"{len(wanted)} files differ from {spec} — run `slostack generate`", FINDINGS)


def planned_changes(plan: Plan, spec: Path, root: Path) -> list[files.Change]:
    """What generating `plan` into `root` would change. Raises PageError, WriteError."""
    pages = outputs.pages(root, plan.runbooks)
    if root != spec.parent:  # people write their pages beside the spec
        pages = outputs.pages(spec.parent, plan.runbooks) | pages
    made = outputs.render(plan, pages, plan.runbooks)
    kept = frozenset(path for path in made if path.startswith(f"{plan.runbooks}/"))
    return files.changes(root, made, kept)


def _summary(plan: Plan, wanted: list[files.Change], check: bool) -> None:
    for change in wanted[:_SHOWN]:
        click.echo(f"{change.verb:8} {change.path}", err=True)
    if len(wanted) > _SHOWN:
        click.echo(f"… and {len(wanted) - _SHOWN} more", err=True)
    names = len({alert.name for alert in plan.alerts})
    done = "nothing differs" if not wanted else "would change" if check else "written"
    slos, services = (_count(len(plan.slos), "SLO"), _count(len(plan.services), "service"))
    click.echo(
        f"{slos} of {services}, {_count(names, 'alert')}: {f'{len(wanted)} files ' if wanted else ''}{done}",
        err=True,
    )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")
