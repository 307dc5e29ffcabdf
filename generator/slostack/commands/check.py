"""`slostack check`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import click

from slostack.commands.reading import read, report, spec_options
from slostack.commands.wording import counted
from slostack.failure import FINDINGS, MISSING, Failure
from slostack.problems import Format, Problem, failing, printable
from slostack.spec.load import Loaded


def _address(_context: click.Context, _parameter: click.Parameter, url: str | None) -> str | None:
    """The value of `--live`: http or https with a host. Raises BadParameter."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # a port that is no number, half of an IPv6 address
        good = False
    if not good:
        raise click.BadParameter(f"`{printable(url)}` is no address — write one such as http://127.0.0.1:9090")
    return url


@click.command()
@spec_options
@click.option("--strict", is_flag=True, help="Warnings count as errors (but for secrets, which only servers have).")
@click.option(
    "--live",
    metavar="URL",
    callback=_address,
    help="Also ask the Prometheus at this address whether metrics, labels and buckets exist.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="text on standard error; json and github (annotations of a pull request) on standard output.",
)
def check(spec: Path, environment: str | None, strict: bool, live: str | None, form: Format) -> None:
    """Find every mistake in the spec and in what is generated from it.

    Rules and configurations are judged by promtool and amtool, every route is walked, every notification is rendered,
    every runbook page is read. Nothing is written. All environments of the spec are checked unless --env names one.

    \b
    Examples:
      slostack check                            every problem at once, as file:line:column
      slostack check --strict --format github   what CI runs before a merge
      slostack check --live http://127.0.0.1:9090
    """
    loaded = read(spec, environment)
    problems = list(loaded.problems)
    counts: dict[str, int] = {}
    unable: list[Exception] = []
    if loaded.spec is not None and not failing(problems):
        found, counts, unable = _derived(loaded, spec, live)
        problems += found
    if strict:
        problems = [_strict(problem) for problem in problems]
    report(problems, form)
    summary = _summary(counts, problems)
    if unable:
        click.echo(summary, err=True)
        raise Failure(str(unable[0]), MISSING)
    if failing(problems):
        raise Failure(summary, FINDINGS)
    click.echo(summary, err=True)


def _derived(loaded: Loaded, spec: Path, live: str | None) -> tuple[list[Problem], dict[str, int], list[Exception]]:
    """Problems of what a sound spec gives, how much of what was looked at, and what kept checks from running."""
    from slostack.checks.generated import check_generated  # noqa: PLC0415 - a broken spec never gets here
    from slostack.checks.live import check_live  # noqa: PLC0415

    findings = check_generated(loaded, spec)
    problems, unable = findings.problems, list[Exception](findings.missing)
    if live is not None and loaded.spec is not None:
        try:
            problems = problems + check_live(loaded.spec, loaded.places, live)
        except Failure as failure:
            unable.append(failure)
    return problems, findings.counts, unable


def _strict(problem: Problem) -> Problem:
    from slostack.checks.generated import NEVER_STRICT  # noqa: PLC0415

    return problem if problem.code in NEVER_STRICT else replace(problem, severity="error")


def _summary(counts: dict[str, int], problems: list[Problem]) -> str:
    errors = sum(problem.severity == "error" for problem in set(problems))
    warnings = len(set(problems)) - errors
    said = [counted(number, word) for number, word in ((errors, "problem"), (warnings, "warning")) if number]
    result = " and ".join(said) or "no problems"
    if not counts:
        return f"{result} in the spec; what is generated from it was not checked"
    looked_at = ", ".join(counted(number, word) for word, number in counts.items())
    return f"checked {looked_at}: {result}"
