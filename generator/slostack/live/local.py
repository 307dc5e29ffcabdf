"""The stack as plain processes on loopback, for machines without Docker."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from slostack.failure import MISSING, Failure
from slostack.interruption import held_back
from slostack.live import grafana, heartbeat, ports, programs, time_lapse, tracing
from slostack.live.clients import Client, wait_until
from slostack.live.ports import HOST
from slostack.live.processes import Process, start, stop
from slostack.live.stack import Stack
from slostack.plan.model import Plan
from slostack.render.prometheus import CONFIG, for_version
from slostack.tools.catalogue import Name, Tool
from slostack.tools.find import find

FOLDER = ".slostack/local"
DEMO_FOLDER = ".slostack/demo"
_STATE = "state.json"
_READY = {
    "prometheus": "/-/ready",
    "alertmanager": "/-/ready",
    "inbox": "/healthz",
    "runbooks": "/healthz",
    "workload": "/healthz",
    "grafana": "/api/health",
    "jaeger": "/api/services",
    "llm-gateway": "/healthz",
}
_START_SECONDS = 60.0
# Where the spec and the stack's configuration know the programs; a local engine runs them elsewhere.
KNOWN_AS = {
    "prometheus": "prometheus:9090",
    "alertmanager": "alertmanager:9093",
    "inbox": "inbox:9099",
    "runbooks": "runbooks:9098",
    "workload": "workload:8000",
    "grafana": "grafana:3000",
}

Step = Callable[[str], None]


@dataclass(frozen=True)
class LocalStack(Stack):
    """A stack that runs, or ran, below a folder."""

    folder: Path
    processes: tuple[Process, ...]
    time_scale: int
    environment: str | None

    def url(self, name: str) -> str:
        """The address of a part. Raises Failure where the stack has no such part."""
        for process in self.processes:
            if process.name == name:
                return process.url
        raise Failure(f"the running stack has no {name} — `slostack status` lists what it has", MISSING)

    @property
    def logs(self) -> str:
        """Where its logs are, as the end of a sentence."""
        return f"the logs are in {self.folder / 'logs'}"


def addresses(taken: dict[str, int]) -> dict[str, str]:
    """Where the programs run, by the address that the spec knows; and by the links' usual address."""
    here = {known: f"{HOST}:{taken[name]}" for name, known in KNOWN_AS.items() if name in taken}
    here |= {known: f"{HOST}:{taken[name]}" for known, name in tracing.KNOWN_AS.items() if name in taken}
    everything = ports.USUAL | tracing.PORTS
    usual = {f"{HOST}:{port}": f"{HOST}:{taken[name]}" for name, port in everything.items() if name in taken}
    return usual | here


def missing(taken: dict[str, int]) -> frozenset[str]:
    """The links whose servers are not part of this stack."""
    programs_of = {"grafana": "grafana", "traces": "jaeger"}
    return frozenset(link for link, program in programs_of.items() if program not in taken)


def choose_ports(any_free: bool, with_grafana: bool, with_traces: bool = False) -> dict[str, int]:
    """The usual ports, or free ones. Raises Failure where a usual one is taken."""
    wanted = {name: port for name, port in ports.USUAL.items() if with_grafana or name != "grafana"}
    wanted |= tracing.PORTS if with_traces else {}
    if any_free:
        return ports.free(list(wanted))
    ports.check(wanted)
    return wanted


def up(plan: Plan, folder: Path, spec_folder: Path, taken: dict[str, int], step: Step) -> LocalStack:
    """Start everything and return when all of it answers. `plan` was built with `addresses(taken)`.

    Raises Failure, with nothing left running, where a program is missing or does not come up.
    """
    check_down(folder)
    plan = replace(plan, parts=frozenset(taken))
    needed: list[Name] = ["prometheus", "alertmanager"]
    if "jaeger" in taken:
        needed.append("jaeger")
    tools: dict[str, Tool] = {name: find(name, step) for name in needed}
    if "jaeger" in tools and tools["jaeger"].source.startswith("Go module"):
        step("this Jaeger was built from its Go module, without its pages; Grafana and /api/traces show the traces")
    try:
        _write_configuration(plan, folder, spec_folder)
    except OSError as error:
        raise Failure(f"cannot write {error.filename}: {error.strerror} — make {folder} writable", MISSING) from error
    started: list[Process] = []
    try:
        for name, argv, env in _commands(plan, folder, taken, tools):
            if name == "prometheus":
                for process in started:  # what has not come up yet would be down to it
                    _await(process)
            step(f"starting {name} on port {taken[name]}")
            url = f"http://{HOST}:{taken[name]}"
            log = folder / "logs" / f"{name}.log"
            # Receivers' secrets are named relative to the spec's folder. What lies there is nobody else's business.
            cwd = (spec_folder if name == "alertmanager" else folder).resolve()
            with held_back():  # a process that is not in `started` would never be stopped
                started.append(start(name, argv, cwd=cwd, env=env, log=log, url=url))
                _save(LocalStack(folder, tuple(started), plan.time_scale, plan.environment))
        for process in started:
            _await(process)
    except OSError as error:
        stop(started)
        raise Failure(
            f"cannot start {error.filename}: {error.strerror}; the logs are in {folder / 'logs'}", MISSING
        ) from error
    except BaseException:
        stop(started)
        raise
    return LocalStack(folder, tuple(started), plan.time_scale, plan.environment)


def is_up(folder: Path) -> bool:
    """Whether a process of the stack below `folder` runs."""
    stack = load(folder)
    return stack is not None and any(process.running() for process in stack.processes)


def check_down(folder: Path) -> None:
    """Raise Failure where a stack runs below `folder`."""
    if is_up(folder):
        raise Failure(f"a stack is up already in {folder} — `slostack down` stops it", MISSING)


def _write_configuration(plan: Plan, folder: Path, spec_folder: Path) -> None:
    from slostack import outputs  # noqa: PLC0415 - `status` and `down` need no renderer

    if folder.exists():
        shutil.rmtree(folder)
    config = folder / "config"
    for path, content in outputs.render(plan, outputs.pages(spec_folder, plan.runbooks), plan.runbooks).items():
        (config / path).parent.mkdir(parents=True, exist_ok=True)
        (config / path).write_bytes(content)
    guides = spec_folder / plan.runbooks / "guides"
    if guides.is_dir():
        shutil.copytree(guides, config / plan.runbooks / "guides")
    (folder / "logs").mkdir()


def down(folder: Path, keep: bool = False) -> int:
    """Stop what runs below `folder` and remove the folder, unless `keep`. Returns how many processes were stopped."""
    stack = load(folder)
    running = [process for process in stack.processes if process.running()] if stack else []
    stop(running)
    if not keep and folder.exists():
        shutil.rmtree(folder)
        with contextlib.suppress(OSError):  # another engine's folder may be beside it
            folder.parent.rmdir()
    return len(running)


def load(folder: Path) -> LocalStack | None:
    """The stack whose state is kept in `folder`, running or not; None where there is none."""
    try:
        state = orjson.loads((folder / _STATE).read_bytes())
        processes = tuple(Process(**record) for record in state["processes"])
        return LocalStack(folder, processes, state["time_scale"], state["environment"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failure(
            f"{folder / _STATE} cannot be understood — stop its processes by hand and delete it", MISSING
        ) from error


def _save(stack: LocalStack) -> None:
    state = {
        "processes": [process.record() for process in stack.processes],
        "time_scale": stack.time_scale,
        "environment": stack.environment,
    }
    path = stack.folder / _STATE
    path.with_suffix(".new").write_bytes(orjson.dumps(state, option=orjson.OPT_INDENT_2))
    path.with_suffix(".new").replace(path)


def _await(process: Process) -> None:
    client = Client(process.url)
    path = _READY[process.name]
    wait_until(lambda: client.answers(path) or not process.running(), _START_SECONDS)
    if not process.running() or not client.answers(path):
        what = "did not come up" if process.running() else "ended at once"
        raise Failure(f"{process.name} {what}; its log ({process.log}) says:\n{process.last_words()}", MISSING)


def _commands(
    plan: Plan, folder: Path, taken: dict[str, int], tools: dict[str, Tool]
) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """Every part with its command line and environment, in the order in which they start."""
    config, data, env = (folder / "config").resolve(), (folder / "data").resolve(), programs.environment()
    for name in ("prometheus", "alertmanager", "inbox"):
        (data / name).mkdir(parents=True)
    listen = {name: ["--host", HOST, "--port", str(port)] for name, port in taken.items()}
    yield (
        "inbox",
        [*programs.command("inbox"), *listen["inbox"], "--data", str(data / "inbox"), *_heartbeat(plan, taken)],
        env,
    )
    bases = plan.links.model_dump() | {"inbox": f"http://{HOST}:{taken['inbox']}"}
    bases |= {"workload": f"http://{HOST}:{taken['workload']}", "jaeger": plan.links.traces}
    settings = [part for name, url in bases.items() for part in ("--set", f"{name}={url}")]
    site = [*programs.command("runbook_site"), *listen["runbooks"], f"--allow-host={plan.links.runbooks}"]
    yield "runbooks", [*site, "--pages", str(config / plan.runbooks), *settings], env
    if "jaeger" in taken:
        yield from tracing.commands(plan, tools["jaeger"], config, taken)
    scale = ["--time-scale", str(plan.time_scale)]
    sends = tracing.environment(plan, taken)
    yield "workload", [*programs.command("workload"), *listen["workload"], *scale], sends
    yield "alertmanager", _alertmanager(plan, tools["alertmanager"], config, data, taken), env
    yield "prometheus", _prometheus(plan, tools["prometheus"], config, data, taken), env
    if "grafana" in taken:
        password = data / "grafana-password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(18), encoding="utf-8")
        yield "grafana", *grafana.command(plan, config, data, taken, password)


def _alertmanager(plan: Plan, tool: Tool, config: Path, data: Path, taken: dict[str, int]) -> list[str]:
    return [
        *tool.argv,
        f"--config.file={config / 'alerts/alertmanager.yml'}",
        f"--storage.path={data / 'alertmanager'}",
        f"--web.listen-address={HOST}:{taken['alertmanager']}",
        f"--web.external-url={plan.links.alertmanager}",
        "--cluster.listen-address=",
        "--enable-feature=utf8-strict-mode",
    ]


def _prometheus(plan: Plan, tool: Tool, config: Path, data: Path, taken: dict[str, int]) -> list[str]:
    file = config / CONFIG
    text, flags = for_version(file.read_text(encoding="utf-8"), tool.version)
    file.write_text(text, encoding="utf-8")
    arguments = [
        *tool.argv,
        *flags,
        f"--config.file={file}",
        f"--storage.tsdb.path={data / 'prometheus'}",
        f"--storage.tsdb.retention.time={plan.retention}s",
        f"--web.listen-address={HOST}:{taken['prometheus']}",
        f"--web.external-url={plan.links.prometheus}",
        r"--web.cors.origin=https?://(localhost|127\.0\.0\.1)(:\d+)?",  # else any page in a browser may read it
        "--enable-feature=exemplar-storage",
    ]
    if plan.time_scale > 1:
        arguments += time_lapse.prometheus(plan)
    return arguments


def _heartbeat(plan: Plan, taken: dict[str, int]) -> list[str]:
    name = heartbeat.expected(plan, f"{HOST}:{taken['inbox']}")
    return [*time_lapse.inbox(plan), f"--expect-heartbeat={name}"]
