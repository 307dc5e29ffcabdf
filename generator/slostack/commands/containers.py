"""What `slostack up`, `down` and `status` do with `--engine docker`."""

from __future__ import annotations

from pathlib import Path

import click

from slostack.commands.reading import plan_of
from slostack.commands.receivers import warn_of_secrets, warn_of_unmounted
from slostack.failure import FINDINGS, MISSING, Failure
from slostack.live import containers, knobs, ports
from slostack.tools.errors import ToolError

_OTLP = ("otlp_grpc", "otlp_http", "alertmanager_2")


def start(spec: Path, environment: str | None, time_scale: int, free_ports: bool) -> None:
    """Start or update the containers, with Docker's own progress, and print where the parts are."""
    settings: dict[str, str] = {}
    try:
        if free_ports:
            taken = ports.free([*containers.DOORS, *_OTLP])
            settings = {knobs.port(name): str(port) for name, port in taken.items()}
        else:
            taken = containers.chosen_doors(spec.parent)
        plan = plan_of(spec, environment, time_scale=time_scale, addresses=containers.moved(taken))
        warn_of_secrets(spec, environment, plan)
        warn_of_unmounted(plan)
        stack = containers.up(plan, spec.parent, settings)
    except ToolError as error:
        raise Failure(str(error), MISSING) from error
    show(stack)


def stop(spec: Path, data: bool) -> None:
    """Remove the containers; their data too if asked for."""
    count = containers.down(spec.parent, data)
    kept = "their data is gone too" if data else "their data is kept (--data removes it)"
    click.echo(f"{count} containers removed; {kept}" if count else "nothing was running")


def status(spec: Path) -> None:
    """Print the containers that there are. Raises Failure where there is none, or one is not well."""
    show(containers.find(spec.parent))


def show(stack: containers.ContainerStack) -> None:
    """Print every container's state and address. Raises Failure where one is not well."""
    found = stack.compose.containers()
    for container in found:
        state = "up  " if container.well and container.state == "running" else "done" if container.well else "DOWN"
        where = ", ".join(f"http://{port}" for port in container.ports)
        click.echo(f"{state} {container.service:22} {where}".rstrip())
    if any(container.service == "grafana" for container in found):
        click.echo("     Grafana's user is admin; the password: docker compose run --rm init first_start", nl=False)
        click.echo(" --folder /data/secrets --show")
    unwell = [container.service for container in found if not container.well]
    if unwell:
        raise Failure(f"{', '.join(unwell)} not well; `docker compose logs {unwell[0]}` says why", FINDINGS)
