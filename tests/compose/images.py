"""Images for docker-compose.yml: the real ones where they can be pulled, else images of our own around real programs.

An image of our own has the program that slostack finds or builds (the same or the nearest version), the path, the user
and the folders that the official image has. Only Grafana has none, because nothing builds it from a package registry;
`GRAFANA_IMAGE` may name one.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException, ImageNotFound

from slostack.tools.apt_sources import debian_mirror, read
from slostack.tools.catalogue import Name
from slostack.tools.find import find

ROOT = Path(__file__).resolve().parents[2]
BASE = "slostack-test/base:trixie"
SUITE = "trixie"
PACKAGES = ("python3", "python3-venv", "ca-certificates")


@dataclass(frozen=True)
class Official:
    """An official image as docker-compose.yml uses it: the programs in it, who runs them, which folders it brings."""

    variable: str
    programs: tuple[Name, ...]
    entrypoint: Name
    user: int
    folders: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


OFFICIAL = (
    Official("PROMETHEUS_IMAGE", ("prometheus", "promtool"), "prometheus", 65534, ("/prometheus",)),
    Official("ALERTMANAGER_IMAGE", ("alertmanager", "amtool"), "alertmanager", 65534, ("/alertmanager",)),
    Official("JAEGER_IMAGE", ("jaeger",), "jaeger", 10001),
    Official("OTEL_COLLECTOR_IMAGE", ("otelcol",), "otelcol", 10001),
)


def references() -> dict[str, str]:
    """The image references that docker-compose.yml has by default, by the variable that replaces each."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    return dict(re.findall(r"\$\{([A-Z_]+_IMAGE):-([^}]+)\}", text))


def prepare(client: docker.DockerClient) -> dict[str, str]:
    """The environment that leads docker-compose.yml to images that this engine has.

    Without `GRAFANA_IMAGE` there is no Grafana: it cannot be pulled, and the environment names no other image of it.
    """
    wanted = references()
    made = {}
    if not all(_pulled(client, wanted[official.variable]) for official in OFFICIAL):
        made = {official.variable: _around(client, official) for official in OFFICIAL}
    if not _pulled(client, wanted["SLOSTACK_BASE_IMAGE"]):
        made["SLOSTACK_BASE_IMAGE"] = _base(client)
    grafana = os.environ.get("GRAFANA_IMAGE") or wanted["GRAFANA_IMAGE"]
    return made | {"GRAFANA_IMAGE": grafana} if _pulled(client, grafana) else made


def _pulled(client: docker.DockerClient, reference: str) -> bool:
    try:
        client.images.get(reference)
    except ImageNotFound:
        try:
            client.images.pull(reference)
        except DockerException:
            return False
    return True


def _base(client: docker.DockerClient) -> str:
    """A minimal Debian with Python, made once: by debootstrap, from the mirror that this machine uses."""
    try:
        client.images.get(BASE)
    except ImageNotFound:
        made = Path("/var/tmp/slostack-test-base")  # noqa: S108 - a root file system is too large for a tmpfs
        shutil.rmtree(made, ignore_errors=True)
        packages = f"--include={','.join(PACKAGES)}"
        try:
            subprocess.run(
                ["debootstrap", "--variant=minbase", packages, SUITE, str(made), debian_mirror(read()).uri],
                check=True,
                capture_output=True,
                timeout=900,
            )
            packed = subprocess.Popen(["tar", "-C", str(made), "-c", "."], stdout=subprocess.PIPE)
            subprocess.run(["docker", "import", "-", BASE], stdin=packed.stdout, check=True, capture_output=True)
            packed.wait()
        except FileNotFoundError as error:
            pytest.skip(f"there is no base image, and none can be made: {error.filename} is not installed")
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return BASE


def _around(client: docker.DockerClient, official: Official) -> str:
    """An image around the programs that slostack finds, named by what is in it."""
    tools = {name: find(name, print) for name in official.programs}
    main = tools[official.entrypoint]
    share = main.path.parent.parent / "share"
    # Debian's Alertmanager is started by a shell that opens its template folder (slostack.tools.alertmanager).
    argv = [
        {str(main.path): f"/bin/{official.entrypoint}", str(share): "/usr/share/slostack"}.get(part, part)
        for part in main.argv
    ]
    lines = [f"FROM {_base(client)}"]
    lines += [f"COPY {name} /bin/{name}" for name in tools]
    if argv[0] == "/bin/sh":
        lines.append("COPY share /usr/share/slostack")
    for folder in official.folders:
        lines.append(f"RUN mkdir -p {folder} && chown {official.user}:{official.user} {folder}")
    quoted = ", ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in argv)
    lines += [f"USER {official.user}", f"ENTRYPOINT [{quoted}]", ""]
    recipe = "\n".join(lines)
    versions = "-".join(".".join(map(str, tool.version)) for tool in (main,))
    digest = hashlib.sha256((recipe + str(main.path.stat().st_mtime_ns)).encode()).hexdigest()[:12]
    tag = f"slostack-test/{official.entrypoint}:{versions}-{digest}"
    try:
        client.images.get(tag)
    except ImageNotFound:
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as archive:
            _add(archive, "Dockerfile", recipe.encode())
            for name, tool in tools.items():
                archive.add(tool.path.resolve(), arcname=name)
            if argv[0] == "/bin/sh":
                archive.add(share, arcname="share")
        context.seek(0)
        client.images.build(fileobj=context, custom_context=True, tag=tag, rm=True)
    return tag


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
