"""Takes a kit's static binaries out of its official image, where a Docker engine answers."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from slostack.tools.errors import ToolError
from slostack.tools.process import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from slostack.tools.catalogue import Kit

_PULL_SECONDS = 900.0


def fetch(kit: Kit, into: Path, on_step: Callable[[str], None]) -> str:
    """Copy the kit's programs into `into`/bin and name the image; no container is ever started.

    Raises:
        ToolError: Docker is missing or does not answer, or the image cannot be pulled; the message says which.
    """
    if not shutil.which("docker"):
        msg = "Docker is not installed"
        raise ToolError(msg)
    _checked(
        run(["docker", "version", "--format", "{{.Server.Version}}"], timeout=30), "the Docker engine does not answer"
    )
    tag = kit.image.split("@", 1)[0]
    on_step(f"fetching {kit.title} from the image {tag} …")
    made = _checked(run(["docker", "create", kit.image], timeout=_PULL_SECONDS), f"{tag} cannot be pulled")
    container = made.stdout.split()[-1]
    (into / "bin").mkdir(parents=True)
    try:
        for name in kit.programs:
            copied = run(
                ["docker", "cp", f"{container}:{kit.in_image.get(name, f'/bin/{name}')}", str(into / "bin" / name)],
                timeout=120,
            )
            _checked(copied, f"{name} cannot be copied out of {tag}")
    finally:
        run(["docker", "rm", container], timeout=60)
    return f"image {tag}"


def _checked(done: Outcome, what: str) -> Outcome:
    if done.code != 0:
        last = done.text.splitlines()[-1] if done.text else f"exit code {done.code}"
        msg = f"{what} ({last})"
        raise ToolError(msg)
    return done
