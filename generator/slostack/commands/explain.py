"""`slostack explain`."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from pathlib import Path

import click

from slostack.commands.reading import mistaken, read, report, spec_options
from slostack.failure import USAGE, Failure
from slostack.plan.build import build
from slostack.plan.model import SloPlan

# Mistakes about which the explanation itself tells more: it says which error rate a tier would need.
_EXPLAINED = frozenset({"unreachable-tier"})


@click.command()
@click.argument("slo")
@spec_options
@click.option(
    "--events-per-hour",
    type=click.IntRange(1, 10**12),
    metavar="N",
    help="How many events there usually are; then the failures needed are numbers, and their time is in the times.",
)
def explain(slo: str, spec: Path, environment: str | None, events_per_hour: int | None) -> None:
    """Show an SLO's budget, tiers, detection times and defaults.

    SLO is its id (service-name), or its name where only one service has it.

    \b
    Examples:
      slostack explain checkout-requests
      slostack explain requests --events-per-hour 1200
    """
    from slostack.explanation import explain as parts_of  # noqa: PLC0415 - help needs none of it

    loaded = read(spec, environment)
    report(loaded.problems)
    errors = [problem for problem in loaded.problems if problem.severity == "error"]
    if loaded.spec is None or any(problem.code not in _EXPLAINED for problem in errors):
        raise mistaken(spec, errors, "nothing was explained")
    plan = build(loaded.spec, source=spec.name, environment=environment)
    chosen = _chosen(slo, plan.slos)
    written = loaded.spec.services[chosen.service].slos[chosen.name]
    bold = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for number, part in enumerate(parts_of(chosen, written, loaded.spec, events_per_hour)):
        heading = click.style(part.heading, bold=True) if bold else part.heading
        click.echo(("\n" if number else "") + heading)
        for line in part.lines:
            click.echo(line)
    if errors:
        raise mistaken(spec, errors, "what can never fire is explained above")


def _chosen(wanted: str, slos: tuple[SloPlan, ...]) -> SloPlan:
    """The SLO of that id, or of that name. Raises Failure where there is none, or more than one."""
    found = [slo for slo in slos if slo.id == wanted] or [slo for slo in slos if slo.name == wanted]
    if len(found) == 1:
        return found[0]
    ids = [slo.id for slo in found or slos]
    if found:
        raise Failure(f"several services have an SLO `{wanted}` — choose {' or '.join(ids)}", USAGE)
    names = [slo.name for slo in slos]
    near = get_close_matches(wanted, ids + names, 2)
    remedy = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(ids) or 'none'}"
    raise Failure(f"there is no SLO `{wanted}` — {remedy}", USAGE)
