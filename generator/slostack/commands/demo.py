"""`slostack demo`: the main job once, before one's eyes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import click

from slostack.commands.check import check
from slostack.commands.generate import generate
from slostack.commands.reading import plan_of, read, spec_options
from slostack.commands.stack import start, step
from slostack.failure import MISSING, USAGE, Failure
from slostack.live import grafana, history, local
from slostack.live.incident import Hop, Incident, settled
from slostack.live.lock import locked
from slostack.plan.build import build
from slostack.plan.model import Plan
from slostack.problems import failing
from slostack.spec.load import load

SCALE = 60
ALERT = "HighErrorRate"
FAULT = "errors"
BAD_SAMPLE = 'sum(increase(mcts_requests_total{status=~"5.."}[45s])) / sum(increase(mcts_requests_total[45s])) > 0.05'


@click.command()
@spec_options
@click.option("--keep", is_flag=True, help="Leave the stack running at the end, to look around.")
@click.pass_context
def demo(context: click.Context, spec: Path, environment: str | None, keep: bool) -> None:
    """Drive an incident from fault to delivered notification, in a time-lapse.

    Starts the stack on free ports, lets the API of the shipped spec fail, and shows each hop with its time: bad
    sample, firing alert, Alertmanager, inbox, runbook; then recovery. Needs no Docker.
    """
    folder = spec.parent / local.DEMO_FOLDER
    environment = environment or "demo"
    _check_suits(spec, environment)
    with locked(folder):
        _play(context, spec, environment, folder, keep)


def _play(context: click.Context, spec: Path, environment: str, folder: Path, keep: bool) -> None:
    began = time.monotonic()
    ports = local.choose_ports(True, keep and grafana.on_path() is not None)
    _say(f"{click.style('generate', bold=True)}  from {spec}: rules, routing, dashboards, runbook facts")
    context.invoke(generate, spec=spec, environment=None, out=None, check=False, diff=False)
    _say(f"{click.style('check', bold=True)}     with promtool, amtool and the runbooks")
    context.invoke(check, spec=spec, environment=None, strict=False, live=None, form="text")
    _say(f"{click.style('run', bold=True)}       Prometheus, Alertmanager, the workload, the inbox, the runbook pages")
    plan = plan_of(spec, environment, time_scale=SCALE, addresses=local.addresses(ports), without=local.missing(ports))
    _say(f"Time-lapse: the same rules, every duration divided by {SCALE}. A second here is a minute of theirs.")
    local.down(folder)
    try:
        stack = start(plan, folder, spec, ports)
        _tell(stack, plan, began)
    except BaseException:  # Ctrl-C too
        local.down(folder, keep=True)
        _say_where_logs_are(folder, spec)
        raise
    if keep:
        _say("\nThe stack is still up; `slostack down --demo` stops it:")
        for process in stack.processes:
            _say(f"  {process.name:13} {process.url}")
    else:
        local.down(folder)
        _say("The stack is stopped, and nothing of it is left. `slostack up` starts one to stay.")


def _check_suits(spec: Path, environment: str) -> None:
    """Raise Failure, before anything is written, where the spec lacks what the story is about."""
    lacks = []
    if any(problem.code == "unknown-environment" for problem in load(spec, environment).problems):
        lacks.append(f"the environment `{environment}`")
    loaded = read(spec, None if lacks else environment)
    if loaded.spec is None or failing(loaded.problems):
        return  # `generate` says so
    plan = build(loaded.spec, source=spec.name, environment=None if lacks else environment)
    if all(alert.name != ALERT for alert in plan.alerts):
        lacks.append(f"the alert {ALERT}")
    workload = local.KNOWN_AS["workload"]
    if all(workload not in scrape.targets for scrape in plan.scrapes):
        lacks.append(f"a scrape job for the workload ({workload})")
    if lacks:
        raise Failure(
            f"`slostack demo` plays an incident of the shipped spec, and {spec} lacks {' and '.join(lacks)}"
            " — `slostack up` starts a stack for any spec",
            USAGE,
        )


def _say_where_logs_are(folder: Path, spec: Path) -> None:
    if (folder / "logs").is_dir():
        which = "" if spec.parent == Path() else f" --spec {spec}"
        step(f"the logs are kept in {folder / 'logs'}; `slostack down --demo{which}` removes them")


def _tell(stack: local.LocalStack, plan: Plan, began: float) -> None:
    step("waiting until every target is scraped")
    if not settled(stack, 30):
        raise Failure(f"not every target came up; see {stack.prometheus.url}/targets", MISSING)
    samples = history.write(plan, stack.prometheus)
    step(f"the past 30 days, as {samples} back-dated samples")
    history.wait_until_recorded(plan, stack.prometheus)
    incident = Incident(stack, FAULT, ALERT, plan.lapse(BAD_SAMPLE), patience=60)
    _say("\nThe API begins to fail:")
    _show(incident.burn())
    _say("\nWhat the inbox shows:\n")
    assert incident.arrival is not None  # noqa: S101 - burn() ends with it
    _say(_indented(incident.arrival.text))
    _say("\nThe API recovers:")
    _show(incident.recover())
    _say(f"\nFrom fault to resolved, on real Prometheus and Alertmanager, in {time.monotonic() - began:.0f} s in all.")


def _show(hops: Iterable[Hop]) -> None:
    for hop in hops:
        minutes = hop.seconds * SCALE / 60
        _say(
            f"  {click.style(f'{hop.seconds:6.1f} s', bold=True)}  (minute {minutes:4.1f})  {hop.name:12}  {hop.detail}"
        )


def _indented(text: str) -> str:
    return "".join(f"  │ {line}\n" for line in text.splitlines())


def _say(text: str) -> None:
    click.echo(text)
