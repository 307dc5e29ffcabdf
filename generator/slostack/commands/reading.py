"""What every command that reads the spec does first."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from slostack.commands.wording import counted
from slostack.failure import FINDINGS, USAGE, Failure
from slostack.plan.build import build
from slostack.plan.model import Plan
from slostack.problems import Format, Problem, failing, render
from slostack.spec.load import Loaded, load

Command = Callable[..., Any]


def spec_options(command: Command) -> Command:
    """`--spec` and `--env`, the same for every command."""
    command = click.option(
        "--env",
        "environment",
        metavar="NAME",
        help="The environment whose overrides apply (`environments` in the spec).",
    )(command)
    return click.option(
        "--spec", "spec", type=click.Path(path_type=Path), default=Path("slo.yaml"), show_default=True, help="The spec."
    )(command)


def read(path: Path, environment: str | None) -> Loaded:
    """The spec, loaded and checked by itself. Raises Failure where it cannot be read at all."""
    from slostack.checks.spec import check_spec  # noqa: PLC0415 - the checks import the PromQL parser

    loaded = load(path, environment)
    if loaded.refused:
        report(loaded.problems)
        raise Failure(f"{path} cannot be used", USAGE)
    return Loaded(
        loaded.spec,
        [*loaded.problems, *check_spec(loaded)],
        loaded.places,
        loaded.variants,
        loaded.environment,
    )


def plan_of(path: Path, environment: str | None, **options: Any) -> Plan:
    """The plan of a spec without errors; its warnings are shown. Raises Failure with every problem shown."""
    return sound(path, environment, **options)[1]


def sound(path: Path, environment: str | None, **options: Any) -> tuple[Loaded, Plan]:
    """As `plan_of`, with what the file held."""
    loaded = read(path, environment)
    report(loaded.problems)
    if loaded.spec is None or failing(loaded.problems):
        raise mistaken(path, loaded.problems, "nothing was written")
    return loaded, build(loaded.spec, source=path.name, environment=environment, **options)


def mistaken(path: Path, problems: Iterable[Problem], consequence: str) -> Failure:
    """The end of a command whose spec has errors, with what follows from them."""
    count = sum(problem.severity == "error" for problem in problems)
    return Failure(f"{path} has {counted(count, 'mistake')}; {consequence}", FINDINGS)


def report(problems: Iterable[Problem], form: Format = "text") -> None:
    """Print problems: on standard error as text, on standard output in a form for programs."""
    if form != "text":
        click.echo(render(problems, form), nl=False)
        return
    terminal = sys.stderr.isatty()
    click.echo(
        render(problems, form, colour=terminal and "NO_COLOR" not in os.environ, source=terminal), nl=False, err=True
    )
