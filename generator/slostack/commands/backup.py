"""`slostack backup` and `restore`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from slostack.failure import MISSING, Failure
from slostack.live import backup as volumes
from slostack.live.compose import Compose, check_engine, project
from slostack.tools.errors import ToolError

_spec = click.option(
    "--spec",
    type=click.Path(path_type=Path),
    default=Path("slo.yaml"),
    help="The spec that the stack was started with.",
)


@click.command()
@_spec
@click.argument("folder", type=click.Path(path_type=Path), required=False)
def backup(spec: Path, folder: Path | None) -> None:
    """Save the data of the containers' stack to a new FOLDER (default: backups/<time>).

    Saved are samples, silences and what was notified, Grafana's database with its secrets, the inbox and the traces.
    The programs stop for the seconds that it takes, and are up again whatever interrupts it. The folder holds secrets:
    it is readable by you alone.

    \b
    Examples:
      slostack backup
      slostack backup /mnt/backups/before-upgrade
    """
    into = folder or Path("backups") / datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    with _engine(spec) as compose:
        saved = volumes.save(compose, into, _step)
    size = sum(file.stat().st_size for file in into.iterdir())
    click.echo(f"saved {', '.join(saved)} to {into} ({size / 1e6:.1f} MB); `slostack restore {into}` puts it back")


@click.command()
@_spec
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(spec: Path, folder: Path, yes: bool) -> None:
    """Replace the data of the containers' stack by what `slostack backup` saved to FOLDER.

    Programs of other versions than those that wrote the data may refuse them: where they differ you are told first.

    \b
    Examples:
      slostack restore backups/2026-11-20T11-00-00Z
    """
    with _engine(spec) as compose:
        for difference in volumes.differences(compose, folder):
            click.echo(f"Beware: {difference}.", err=True)
        if not yes:
            question = f"Replace the stack's data by {folder}? What was recorded since is lost"
            click.confirm(question, abort=True, err=True)
        restored = volumes.restore(compose, folder, _step)
    click.echo(f"restored {', '.join(restored)} from {folder}")


@contextmanager
def _engine(spec: Path) -> Iterator[Compose]:
    """The stack on Docker, optional services included. Raises Failure where Docker is missing or breaks meanwhile."""
    try:
        check_engine(instead="")
        yield Compose(project(spec.parent), profiles=("*",))
    except ToolError as error:
        raise Failure(str(error), MISSING) from error


def _step(text: str) -> None:
    click.echo(f"  {text}", err=True)
