"""Starts and stops the containers' stack for a plan: the same docker-compose.yml, with the plan's files mounted."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from slostack.failure import MISSING, Failure
from slostack.live import knobs, ports, time_lapse
from slostack.live.compose import Compose, check_engine, project
from slostack.live.stack import Stack
from slostack.plan.model import Plan

FOLDER = ".slostack/docker"
_TIME_LAPSE = "time-lapse.json"
_READABLE, _SEARCHABLE = 0o444, 0o555
_SHIPPED = ("stack/jaeger", "stack/otel-collector")  # mounted from the checkout; no plan changes them
# Services that people open, and the port that each has inside.
DOORS = {
    "grafana": 3000,
    "prometheus": 9090,
    "alertmanager": 9093,
    "jaeger": 16686,
    "inbox": 9099,
    "runbooks": 9098,
    "workload": 8000,
}


def moved(taken: Mapping[str, int]) -> dict[str, str]:
    """Where links must lead when the parts' doors have other ports than the usual ones."""
    usual = ports.USUAL | {"jaeger": 16686}
    return {f"{ports.HOST}:{usual[name]}": f"{ports.HOST}:{port}" for name, port in taken.items() if name in usual}


class ContainerStack(Stack):
    """A stack of containers that runs."""

    def __init__(self, compose: Compose) -> None:
        self.compose = compose

    def url(self, name: str) -> str:
        """The address of a part. Raises Failure where the stack has no such part."""
        return self.compose.url(name, DOORS[name])

    @property
    def logs(self) -> str:
        """Where its logs are, as the end of a sentence."""
        return "`docker compose logs` shows what its containers said"


def up(
    plan: Plan, spec_folder: Path, settings: Mapping[str, str] | None = None, overrides: tuple[Path, ...] = ()
) -> ContainerStack:
    """Write the plan's files, start every container and return when all are healthy. Shows Docker's own progress.

    A stack that is up takes over what changed. `settings` are knobs of .env.example; `overrides` further Compose files.
    Raises Failure, with nothing started or written, where Docker is missing, a knob that somebody turned contradicts
    the plan or a port is taken; and where a container does not become healthy.
    """
    check_engine()
    folder = (spec_folder / FOLDER).resolve()
    config = folder / "config"
    compose = Compose(project(spec_folder), dict(settings or {}), overrides)
    settled = knobs.settle(plan, compose.turned(knobs.SHARED, knobs.MAY_BE_EMPTY), config)
    compose = replace(compose, settings=settled | dict(compose.settings))
    _check_ports(compose)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # receivers' secrets are below; a container sees only what is mounted into it
    _write(plan, spec_folder, config)
    for part in _SHIPPED:
        _open(compose.project / part)
    if plan.time_scale > 1:
        lapse = folder / _TIME_LAPSE
        lapse.write_bytes(orjson.dumps(_time_lapse(plan, compose), option=orjson.OPT_INDENT_2))
        compose = replace(compose, overrides=(*overrides, lapse))
    compose.show("up", "--detach", "--build", "--wait", "--remove-orphans")  # a checkout may have newer programs
    return ContainerStack(compose)


def chosen_doors(spec_folder: Path) -> dict[str, int]:
    """The ports that the environment or `.env` chooses for parts. Raises Failure where Docker does not answer."""
    check_engine()
    compose = Compose(project(spec_folder))
    return knobs.doors(compose.turned([*map(knobs.port, DOORS), *knobs.LINKS]), DOORS)


def _check_ports(compose: Compose) -> None:
    """Raise Failure where something else than this project's own containers has a port of the stack."""
    own = {address for one in replace(compose, profiles=("*",)).containers() for address in one.ports}
    held = {int(address.rpartition(":")[2]) for address in own}
    ports.check({name: port for name, port in compose.published().items() if port not in held})


def find(spec_folder: Path) -> ContainerStack:
    """The stack of containers as it is. Raises Failure where Docker does not answer or none is up."""
    check_engine()
    stack = ContainerStack(Compose(project(spec_folder)))
    if not stack.compose.containers():
        raise Failure("no stack is up — `slostack up --engine docker` starts one", MISSING)
    return stack


def down(spec_folder: Path, data: bool) -> int:
    """Stop and remove the containers, and with `data` their volumes too. Returns how many there were."""
    check_engine()
    compose = Compose(project(spec_folder), profiles=("*",))
    count = len(compose.containers())
    compose.show("down", "--remove-orphans", *(["--volumes"] if data else []))
    shutil.rmtree(spec_folder / FOLDER, ignore_errors=True)
    return count


def _write(plan: Plan, spec_folder: Path, config: Path) -> None:
    """The plan's files, as folders that containers mount: readable by their users, whatever this one's umask is."""
    from slostack import files, outputs  # noqa: PLC0415 - `status` and `down` need no renderer

    pages = outputs.pages(spec_folder, plan.runbooks)
    made = outputs.render(plan, pages, plan.runbooks)
    guides = spec_folder / plan.runbooks / "guides"
    for page in sorted(guides.rglob("*")):
        if page.is_file():
            made[f"{plan.runbooks}/guides/{page.relative_to(guides)}"] = page.read_bytes()
    for secret in plan.secrets:
        source = spec_folder / secret
        if not Path(secret).is_absolute() and ".." not in Path(secret).parts and source.is_file():
            made[secret] = source.read_bytes()
    (config / "secrets").mkdir(parents=True, exist_ok=True)
    files.recover(config)
    files.apply(config, files.changes(config, made))
    _open(config)


def _open(folder: Path) -> None:
    """Let every user read a folder and what is below it."""
    for path in [folder, *folder.rglob("*")]:
        mode = path.stat().st_mode
        wanted = mode | (_SEARCHABLE if path.is_dir() else _READABLE)
        if wanted != mode:  # a checkout of another user's cannot be changed, and need not be
            path.chmod(wanted)


def _time_lapse(plan: Plan, compose: Compose) -> dict[str, Any]:
    """What a time-lapse changes in the services: longer command lines, shorter intervals."""
    services = orjson.loads(compose.ask("config", "--format", "json"))["services"]
    more = {
        "prometheus": [*time_lapse.prometheus(plan), "--config.auto-reload-interval=1s"],
        "workload": ["--time-scale", str(plan.time_scale)],
        "inbox": time_lapse.inbox(plan),
        "reloader": ["--every=1"],
    }
    changed: dict[str, Any] = {}
    for name, arguments in more.items():
        named = {argument.partition("=")[0] for argument in arguments}
        before = [part for part in services[name]["command"] if part.partition("=")[0] not in named]
        # Compose reads a `$` in an override as the start of a variable.
        changed[name] = {"command": [part.replace("$", "$$") for part in [*before, *arguments]]}
    changed["otel-collector"] = {"environment": {"SPAN_METRICS_INTERVAL": "1s"}}
    return {"services": changed}
