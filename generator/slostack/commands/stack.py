"""`slostack up`, `down` and `status`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from slostack.commands import containers
from slostack.commands.reading import plan_of, spec_options
from slostack.commands.receivers import warn_of_secrets
from slostack.failure import FINDINGS, MISSING, USAGE, Failure
from slostack.live import grafana, local, tracing
from slostack.live.lock import locked
from slostack.plan.model import Plan
from slostack.render.runbooks import PageError
from slostack.tools.errors import ToolError

_engine = click.option(
    "--engine",
    type=click.Choice(["local", "docker"]),
    default="local",
    show_default=True,
    help="local: plain processes on this machine; docker: docker-compose.yml.",
)
_demo = click.option(
    "--demo", is_flag=True, help="With the local engine: the stack that `slostack demo --keep` left running."
)


def _folder(spec: Path, demo: bool) -> Path:
    return spec.parent / (local.DEMO_FOLDER if demo else local.FOLDER)


def _refuse(engine: str, given: Mapping[str, bool]) -> None:
    """Raise UsageError for options that were given and that this engine has no use for."""
    other = "local" if engine == "docker" else "docker"
    for option in (option for option, is_given in given.items() if is_given):
        raise click.UsageError(f"{option} is for --engine {other} — leave it out with --engine {engine}")


def step(text: str) -> None:
    """Say what is going on."""
    click.echo(f"  {text}", err=True)


def start(plan: Plan, folder: Path, spec: Path, ports: dict[str, int]) -> local.LocalStack:
    """Start the local engine and wait until it answers. Raises Failure with the sentence of whatever is in the way."""
    try:
        return local.up(plan, folder, spec.parent, ports, step)
    except ToolError as error:
        raise Failure(str(error), MISSING) from error
    except PageError as error:
        raise Failure(str(error), USAGE) from error


@click.command()
@spec_options
@_engine
@click.option("--time-scale", type=click.IntRange(1, 600), default=1, help="Run everything this many times faster.")
@click.option("--free-ports", is_flag=True, help="Take any free ports instead of the usual or chosen ones.")
@click.option(
    "--traces/--no-traces",
    default=None,
    help="With the local engine: run Jaeger too, built from its Go module if need be; Docker always has it."
    "  [default: where Jaeger is at hand]",
)
def up(
    spec: Path, environment: str | None, engine: str, time_scale: int, free_ports: bool, traces: bool | None
) -> None:
    """Start the stack with everything loaded, on loopback, and return when it answers.

    With the local engine: Prometheus and Alertmanager (from PATH, else fetched once), the workload, the notification
    inbox and the runbook pages; Grafana too where it is on PATH, and Jaeger where it is on PATH, named by
    SLOSTACK_JAEGER or built before. Logs are in .slostack/local/logs.

    With Docker: every service of docker-compose.yml, hardened, with data that survive. Knobs are in .env.example; one
    that contradicts the spec, or a port that is taken, ends the command before anything starts. Run it again after a
    change of the spec or of a receiver's secret: what is generated is picked up without a restart.

    \b
    Examples:
      slostack up --engine docker       everything, in containers
      slostack up                       the usual ports, real time
      slostack up --time-scale 60       a minute passes in a second
      slostack up --traces              with Jaeger; the first time it is built, which takes minutes and Go
    """
    if engine == "docker":
        _refuse("docker", {"--traces" if traces else "--no-traces": traces is not None})
        containers.start(spec, environment, time_scale, free_ports)
        return
    try:
        traced = tracing.wanted(traces)
    except ToolError as error:
        raise Failure(str(error), MISSING) from error
    folder = _folder(spec, demo=False)
    with locked(folder):
        local.check_down(folder)
        ports = local.choose_ports(free_ports, grafana.on_path() is not None, traced)
        plan = plan_of(
            spec, environment, time_scale=time_scale, addresses=local.addresses(ports), without=local.missing(ports)
        )
        warn_of_secrets(spec, environment, plan)
        stack = start(plan, folder, spec, ports)
    if time_scale > 1:
        click.echo(
            f"Time-lapse: everything runs {time_scale} times faster; every duration in the rules is divided by it."
        )
    _print(stack)


@click.command()
@_engine
@click.option("--spec", type=click.Path(path_type=Path), default=Path("slo.yaml"), help="The spec it was started with.")
@click.option("--keep", is_flag=True, help="With the local engine: keep data and logs below .slostack.")
@click.option("--data", is_flag=True, help="With Docker: remove the volumes, and all that was recorded, as well.")
@_demo
def down(engine: str, spec: Path, keep: bool, data: bool, demo: bool) -> None:
    """Stop the stack. Of processes nothing stays behind (unless --keep); containers' data stay (unless --data)."""
    if engine == "docker":
        _refuse("docker", {"--keep": keep, "--demo": demo})
        containers.stop(spec, data)
        return
    _refuse("local", {"--data": data})
    folder = _folder(spec, demo)
    count = 0
    if folder.parent.exists():
        with locked(folder):
            count = local.down(folder, keep)
    click.echo(f"{count} processes stopped" if count else "nothing was running")
    if not count and not demo and local.is_up(_folder(spec, demo=True)):
        click.echo("the stack of `slostack demo` is up; `slostack down --demo` stops it")


@click.command()
@_engine
@click.option("--spec", type=click.Path(path_type=Path), default=Path("slo.yaml"), help="The spec it was started with.")
@_demo
def status(engine: str, spec: Path, demo: bool) -> None:
    """Say what of the stack runs, and where. Exits with 1 if a part has died, with 3 if there is no stack."""
    if engine == "docker":
        _refuse("docker", {"--demo": demo})
        containers.status(spec)
        return
    stack = local.load(_folder(spec, demo))
    if stack is None and not demo and local.is_up(_folder(spec, demo=True)):
        raise Failure("only the stack of `slostack demo` is up — `slostack status --demo` shows it", MISSING)
    if stack is None:
        raise Failure("no stack is up — `slostack up` starts one", MISSING)
    _print(stack)
    dead = [process.name for process in stack.processes if not process.running()]
    if dead:
        raise Failure(f"{', '.join(dead)} not running; the logs are in {stack.folder / 'logs'}", FINDINGS)


def _print(stack: local.LocalStack) -> None:
    for process in stack.processes:
        state = "up  " if process.running() else "DOWN"
        click.echo(f"{state} {process.name:13} {process.url}")
    password = stack.folder / "data/grafana-password"
    if password.exists():
        click.echo(f"     Grafana's user is admin, the password is in {password}")
