"""The rule that docs/security.md gives shuts the machine to its containers, and to nothing else."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import docker
import pytest
import yaml
from docker.models.containers import Container
from docker.models.networks import Network

from slostack.live.clients import wait_until
from tests.compose import images

COMPOSE: dict[str, Any] = yaml.safe_load((images.ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
PORT = 8000
SERVE = ["python3", "-m", "http.server", str(PORT)]
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2)"

pytestmark = [
    pytest.mark.timeout(300, func_only=True),  # images may have to be made
    pytest.mark.skipif("SLOSTACK_TEST_FIREWALL" not in os.environ, reason="SLOSTACK_TEST_FIREWALL=1 allows rules"),
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("iptables"), reason="only root sets rules, with iptables"),
]


@dataclass
class Neighbours:
    """A container in each network of docker-compose.yml, all in the inner one too, and a port of this machine."""

    name: str
    networks: dict[str, Network]
    containers: dict[str, Container]
    published: dict[str, int]
    port: int

    def reaches(self, service: str, host: str, port: int) -> bool:
        """Whether a container gets through to a port."""
        asked = self.containers[service].exec_run(["python3", "-c", CONNECT, host, str(port)])
        return bool(asked.exit_code == 0)

    def machine(self, network: str) -> str:
        """The machine's own address in a network."""
        found: str = self.networks[network].attrs["IPAM"]["Config"][0]["Gateway"]
        return found


@pytest.fixture
def neighbours(client: docker.DockerClient, built: dict[str, str]) -> Iterator[Neighbours]:
    image = (images.references() | built)["SLOSTACK_BASE_IMAGE"]
    found = Neighbours(f"slostack-test-firewall-{os.getpid()}", {}, {}, {}, 0)
    with closing(socket.create_server(("0.0.0.0", 0))) as listening:
        found.port = listening.getsockname()[1]
        try:
            for name, told in COMPOSE["networks"].items():
                found.networks[name] = client.networks.create(
                    f"{found.name}_{name}", internal=told.get("internal", False), options=told.get("driver_opts")
                )
                found.networks[name].reload()
            for name, network in found.networks.items():
                ports = {} if network.attrs["Internal"] else {PORT: ("127.0.0.1", None)}
                made = client.containers.run(
                    image, SERVE, name=f"{found.name}-{name}", network=network.name, ports=ports, detach=True, init=True
                )
                found.containers[name] = made
                if ports:
                    found.networks["inside"].connect(made)
                    made.reload()
                    found.published[name] = int(made.ports[f"{PORT}/tcp"][0]["HostPort"])
            yield found
        finally:
            for made in found.containers.values():
                made.remove(force=True)
            for network in found.networks.values():
                network.remove()


def _rule() -> str:
    """The commands, for the usual name of the stack."""
    text = (images.ROOT / "docs/security.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^  ```sh\n(.*?)^  ```$", text, re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if "INPUT" in block]
    return str(found)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as asking:
        asking.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return asking.recv(4) == b"HTTP"
    return False


def test_the_rule_shuts_the_machine_to_every_network_and_leaves_the_rest_open(neighbours: Neighbours) -> None:
    said = _rule()
    networks = re.search(r"^ *for network in ([^;]+); do$", said, re.MULTILINE)
    assert networks
    assert set(networks[1].split()) == COMPOSE["networks"].keys()
    assert f'"{COMPOSE["name"]}_$network"' in said
    rule = said.replace(f'"{COMPOSE["name"]}_', f'"{neighbours.name}_')

    for name in neighbours.containers:
        assert wait_until(partial(neighbours.reaches, name, "127.0.0.1", PORT), 60), name
    if not neighbours.reaches("inside", neighbours.machine("inside"), neighbours.port):
        pytest.skip("a firewall on this machine lets in no container as it is")
    subprocess.run(["sh", "-euc", rule], check=True, capture_output=True)
    try:
        for name in neighbours.containers:
            for network in neighbours.networks:
                assert not neighbours.reaches(name, neighbours.machine(network), neighbours.port), (name, network)
            assert wait_until(partial(neighbours.reaches, name, f"{neighbours.name}-inside", PORT), 60), name
        for name, port in neighbours.published.items():
            assert wait_until(partial(_answers, port), 60), name
    finally:
        subprocess.run(["sh", "-euc", rule.replace("iptables -I", "iptables -D")], check=True, capture_output=True)
