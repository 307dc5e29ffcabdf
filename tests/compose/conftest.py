"""A stack of containers on this machine's engine; without an engine every test here is skipped, and says so."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException, ImageNotFound
from docker.models.containers import Container

from slostack.failure import Failure
from slostack.live import containers, history, ports
from slostack.live.compose import Compose, check_engine
from slostack.plan.build import build
from slostack.plan.components import PARTS
from slostack.plan.model import Plan
from slostack.spec.load import load
from slostack.tools.errors import ToolError
from tests.compose import images

ROOT = images.ROOT
ONCE = "init"  # ends when its work is done


@dataclass
class Running:
    """A composed stack under test, apart from every other on this engine: its own name, ports and volumes."""

    folder: Path
    time_scale: int
    settings: dict[str, str]
    addresses: dict[str, str]
    overrides: tuple[Path, ...]
    client: docker.DockerClient
    stack: containers.ContainerStack = field(init=False)

    @property
    def name(self) -> str:
        """The project's name."""
        return self.settings["COMPOSE_PROJECT_NAME"]

    @property
    def compose(self) -> Compose:
        """`docker compose` for it, optional services included."""
        return replace(self.stack.compose, profiles=("*",))

    def plan(self, spec: Path | None = None) -> Plan:
        """The plan of the shipped spec in the environment `demo`, in which tickets notify at any hour."""
        loaded = load(spec or ROOT / "slo.yaml", "demo")
        assert loaded.spec is not None, loaded.problems
        made = build(loaded.spec, environment="demo", time_scale=self.time_scale, addresses=self.addresses)
        return made if "GRAFANA_IMAGE" in self.settings else replace(made, parts=PARTS - {"grafana"})

    def up(self, plan: Plan | None = None) -> None:
        """Start it, or let what runs take over a changed plan."""
        self.stack = containers.up(plan or self.plan(), self.folder, self.settings, self.overrides)

    def container(self, service: str) -> Container:
        """The container of a service."""
        (found,) = self.client.containers.list(
            all=True,
            filters={
                "label": [f"com.docker.compose.project={self.name}", f"com.docker.compose.service={service}"],
            },
        )
        return found

    def containers(self) -> dict[str, Container]:
        """Every container that stays, by its service."""
        found = self.client.containers.list(filters={"label": f"com.docker.compose.project={self.name}"})
        return {container.labels["com.docker.compose.service"]: container for container in found}


@pytest.fixture(scope="session")
def client() -> docker.DockerClient:
    """This machine's engine."""
    try:
        check_engine()
        found = docker.from_env()
        found.ping()
    except (Failure, DockerException) as error:
        pytest.skip(f"no Docker engine to test docker-compose.yml on: {error}")
    return found


@pytest.fixture(scope="session")
def built(client: docker.DockerClient) -> dict[str, str]:
    """The image references that docker-compose.yml gets here. The first time, programs may have to be built."""
    try:
        with _alone():
            return images.prepare(client)
    except ToolError as error:
        pytest.skip(f"there is no image, and none can be made: {error}")


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time makes images, of several that test at once."""
    with (Path(tempfile.gettempdir()) / f"slostack-test-images-{os.getuid()}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def start(
    client: docker.DockerClient, built: dict[str, str], folder: Path, name: str, time_scale: int
) -> Iterator[Running]:
    """A stack for a module's tests; its containers, networks and volumes are gone afterwards."""
    shutil.copytree(ROOT / "runbooks", folder / "runbooks")
    image = f"slostack-test/programs:tested-{os.getpid()}"  # not another run's
    settings = built | {"COMPOSE_PROJECT_NAME": f"slostack-test-{name}-{os.getpid()}", "SLOSTACK_IMAGE": image}
    if os.environ.get("SSL_CERT_FILE"):
        settings["SLOSTACK_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"]
    overrides: tuple[Path, ...] = ()
    if "GRAFANA_IMAGE" not in built:  # nothing builds it, and it cannot be pulled
        without = folder / "without-grafana.json"
        without.write_text(json.dumps({"services": {"grafana": {"profiles": ["grafana"]}}}), encoding="utf-8")
        overrides = (without,)
    plain = Compose(ROOT, settings, overrides, ("*",))
    try:
        with _alone():
            plain.ask("build", "init", timeout=900)
        # As late as can be: nobody holds them until the containers start.
        taken = ports.free([*containers.DOORS, "otlp_grpc", "otlp_http", "alertmanager_2"])
        settings |= {f"{part.upper()}_PORT": str(port) for part, port in taken.items()}
        running = Running(folder, time_scale, settings, containers.moved(taken), overrides, client)
        running.up()
        history.write(running.plan(), running.stack.prometheus)  # else the first failure burns the whole budget
        yield running
    finally:
        project = f"com.docker.compose.project={settings['COMPOSE_PROJECT_NAME']}"
        for found in client.containers.list(all=True, filters={"label": project}):
            found.remove(force=True)
        plain.ask("down", "--volumes", "--remove-orphans", timeout=300)
        with suppress(ImageNotFound):  # where it could not be built
            client.images.remove(image, force=True, noprune=True)  # the layers below make the next build quick
