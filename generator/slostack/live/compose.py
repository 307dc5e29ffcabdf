"""The stack in containers: `docker compose` with the project's own file, and what it needs to know from a plan."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from slostack.failure import MISSING, Failure
from slostack.live import programs
from slostack.tools.errors import ToolError
from slostack.tools.process import Outcome, run

FILE = "docker-compose.yml"
ONCE = frozenset({"init"})  # services that end when their work is done
# Services whose image holds nothing that could ask; their neighbours `…-health` ask instead.
UNCHECKED = frozenset({"jaeger", "otel-collector"})
# From this version on `ps --format json` prints a line for each container, and a first step that ends is waited for.
OLDEST = (2, 21)
_UNSET = "-unset-"
_QUICK = 120.0  # seconds for what answers at once


@dataclass(frozen=True)
class Container:
    """One container of the stack. `health` is empty where it has no check of its own, and while it starts anew."""

    service: str
    name: str
    state: str
    health: str
    exit_code: int
    ports: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Whether it does its work: runs and is healthy, or has done it (a first step that ended with 0)."""
        if self.state == "exited":
            return self.service in ONCE and self.exit_code == 0
        return self.state == "running" and (self.health == "healthy" or (not self.health and self.service in UNCHECKED))

    @property
    def waits(self) -> bool:
        """Whether it has only not got so far yet: it waits for others, or for its first answer."""
        return self.state == "created" or (self.state == "running" and self.health in {"", "starting"})


@dataclass(frozen=True)
class Compose:
    """`docker compose` on one file. Its project's name and knobs come from the environment and from `.env`."""

    project: Path
    """The folder of docker-compose.yml."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Environment variables on top of this process's own."""
    overrides: tuple[Path, ...] = ()
    profiles: tuple[str, ...] = ()
    apart: bool = False
    """Whether its processes get sessions of their own, where a terminal's Ctrl-C does not reach them."""

    def argv(self, *arguments: str) -> list[str]:
        """The command line."""
        files = [self.project / FILE, *self.overrides]
        chosen = [part for file in files for part in ("--file", str(file))]
        chosen += [part for profile in self.profiles for part in ("--profile", profile)]
        return ["docker", "compose", "--project-directory", str(self.project), *chosen, *arguments]

    def ask(self, *arguments: str, timeout: float = _QUICK) -> str:
        """What it prints. Raises Failure where it fails."""
        return _printed(self._run(list(arguments), timeout), arguments[0])

    def turned(self, knobs: Iterable[str], emptied: Collection[str] = ()) -> dict[str, str]:
        """Those of the knobs that the environment, `settings` or `.env` sets to something, as Compose reads them.

        An empty one counts where it is among `emptied`; elsewhere it means the default.
        Raises Failure where Compose cannot read `.env`.
        """
        read = {name: f"${{{name}-{_UNSET}}}" for name in knobs}
        question = {"name": "knobs", "services": {"knobs": {"image": "none", "labels": read}}}
        argv = ["docker", "compose", "--project-directory", str(self.project), "--file", "-"]
        argv += ["config", "--format", "json"]
        asked = run(argv, timeout=_QUICK, env=self.settings, stdin=orjson.dumps(question).decode())
        labels = orjson.loads(_printed(asked, "config"))["services"]["knobs"]["labels"]
        # What it prints could be read again: a `$` in it stands there twice.
        set_to = {name: value.replace("$$", "$") for name, value in labels.items() if value != _UNSET}
        return {name: value for name, value in set_to.items() if value or name in emptied}

    def published(self) -> dict[str, int]:
        """The ports that the file publishes on this machine's loopback, by service; by service and port if several."""
        found: dict[str, int] = {}
        for name, service in orjson.loads(self.ask("config", "--format", "json"))["services"].items():
            ports = [port for port in service.get("ports", []) if _on_loopback(port)]
            for port in ports:
                found[name if len(ports) == 1 else f"{name} {port['target']}"] = int(port["published"])
        return found

    def show(self, *arguments: str) -> None:
        """Run with its own progress on standard error, for as long as it takes. Raises Failure where it fails."""
        done = subprocess.run(self.argv(*arguments), check=False, env=os.environ | self.settings, stdout=2)
        if done.returncode != 0:
            raise Failure(f"docker compose {arguments[0]} failed{self._why()}", MISSING)

    def containers(self) -> list[Container]:
        """Every container of the stack, those that ended too."""
        printed = self.ask("ps", "--all", "--format", "json")
        return sorted((_container(line) for line in printed.splitlines() if line), key=lambda found: found.service)

    def url(self, service: str, port: int) -> str:
        """Where a published port is reached from this machine. Raises Failure where it is not published."""
        address = self.ask("port", service, str(port)).strip()
        if not address:
            raise Failure(f"{service} publishes no port {port} — `slostack status --engine docker` lists what is up", 3)
        return f"http://{address}"

    def _why(self) -> str:
        """The last words of every container that is not well."""
        try:
            unwell = [container for container in self.containers() if not container.well and not container.waits]
        except (Failure, ToolError):
            return "; what it said stands above"
        return "; what it said stands above" + "".join(map(self.last_words, unwell))

    def last_words(self, container: Container) -> str:
        """A paragraph: the container's name, how it is, and the end of its log."""
        tail = ["logs", "--no-color", "--no-log-prefix", "--tail=5", container.service]
        said = self._run(tail, _QUICK).text or "its log is empty"
        return f"\n{container.service} ({container.health or container.state}):\n{said}"

    def _run(self, arguments: list[str], timeout: float) -> Outcome:
        return run(self.argv(*arguments), timeout=timeout, env=self.settings, apart=self.apart)


def project(spec_folder: Path) -> Path:
    """The folder of docker-compose.yml: the spec's, else this checkout's. Raises Failure where there is none."""
    for folder in (spec_folder, programs.folder().parent):
        if (folder / FILE).is_file():
            return folder.resolve()
    raise Failure(f"there is no {FILE} beside the spec — run this in a checkout of slostack, or use --engine local", 3)


def check_engine(instead: str = ", or use --engine local") -> None:
    """Raise Failure, with what to install, where Docker or its Compose plugin is missing, too old or does not answer.

    `instead` ends the sentence: what else can be done.
    """
    if not shutil.which("docker"):
        raise Failure(f"Docker is not installed — install docker and its Compose plugin{instead}", MISSING)
    plugin = run(["docker", "compose", "version"], timeout=_QUICK)
    if plugin.code != 0:
        raise Failure(f"Docker has no Compose plugin — install docker-compose-plugin{instead}", MISSING)
    version = re.search(r"(\d+)\.(\d+)\S*", plugin.stdout)
    if version and (int(version[1]), int(version[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise Failure(f"Docker's Compose plugin is {version[0]} — install {oldest} or newer{instead}", MISSING)
    answer = run(["docker", "version", "--format", "{{.Server.Version}}"], timeout=_QUICK)
    if answer.code != 0:
        last = answer.text.splitlines()[-1] if answer.text else "no answer"
        raise Failure(f"the Docker engine does not answer ({last}) — start it{instead}", MISSING)


def _printed(done: Outcome, command: str) -> str:
    if done.code != 0:
        last = done.text.splitlines()[-1] if done.text else f"exit code {done.code}"
        raise Failure(f"docker compose {command} failed: {last}", MISSING)
    return done.stdout


def _on_loopback(port: Mapping[str, object]) -> bool:
    """Whether a port of `docker compose config` is one fixed TCP port that 127.0.0.1 reaches."""
    published, address = str(port.get("published", "")), port.get("host_ip", "")
    fixed = published.isdecimal() and int(published) > 0
    return fixed and port.get("protocol", "tcp") == "tcp" and address in {"", "0.0.0.0", "127.0.0.1"}  # noqa: S104


def _container(line: str) -> Container:
    found = orjson.loads(line)
    ports = {
        f"{publisher['URL']}:{publisher['PublishedPort']}"
        for publisher in found.get("Publishers") or []
        if publisher.get("PublishedPort")
    }
    return Container(
        service=found["Service"],
        name=found["Name"],
        state=found["State"],
        health=found.get("Health", ""),
        exit_code=int(found.get("ExitCode", 0)),
        ports=tuple(sorted(ports)),
    )
