"""Builds a kit from its Go module, where Go is: minutes instead of seconds, but it works without Debian and Docker."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from slostack.tools.errors import ToolError
from slostack.tools.process import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from slostack.tools.catalogue import Kit

_OLDEST_GO = (1, 25)
_BUILD_SECONDS = 1800.0


def fetch(kit: Kit, into: Path, on_step: Callable[[str], None]) -> str:
    """Build the kit's programs into `into`/bin and say where they came from, e.g. `Go module …@v0.31.1`.

    A module of our own names them as tools, because `go install` refuses modules with a `replace`; Go's checksum
    database verifies every part.

    Raises:
        ToolError: Go is missing or too old, or the build fails; the message says which.
    """
    if not shutil.which("go"):
        msg = "Go is not installed"
        raise ToolError(msg)
    said = run(["go", "env", "GOVERSION"], timeout=60).stdout
    match = re.search(r"go(\d+)\.(\d+)", said)
    if not match or (int(match[1]), int(match[2])) < _OLDEST_GO:
        msg = f"Go {said.strip().removeprefix('go')} is older than {'.'.join(map(str, _OLDEST_GO))}"
        raise ToolError(msg)
    on_step(f"building {kit.title} {kit.go_version} from its Go module (some minutes) …")
    module = into / "module"
    module.mkdir(parents=True)
    (module / "go.mod").write_text(
        f"module slostack.invalid/{kit.name}\n\ngo {match[1]}.{match[2]}\n", encoding="utf-8"
    )
    env = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=mod", "GOWORK": "off"}
    packages = {name: f"{kit.go_module}/{package}" for name, package in kit.go_packages.items()}
    for argv in (
        ["go", "get", "-tool", *(f"{package}@{kit.go_version}" for package in packages.values())],
        # The version is otherwise empty: upstream's release build stamps it the same way.
        ["go", "build", "-trimpath", "-ldflags", _stamp(kit), "-o", f"{into / 'bin'}/", *packages.values()],
    ):
        done = run(argv, timeout=_BUILD_SECONDS, cwd=module, env=env)
        if done.code != 0:
            last = done.text.splitlines()[-1] if done.text else f"exit code {done.code}"
            msg = f"{' '.join(argv[:2])} failed: {last}"
            raise ToolError(msg)
    shutil.rmtree(module)
    return f"Go module {kit.go_module}@{kit.go_version}"


def _stamp(kit: Kit) -> str:
    release = kit.go_version
    folded = re.fullmatch(r"v0\.(\d)(\d\d)\.(\d+)", release)  # Prometheus 3.13.5 is module version v0.313.5
    version = f"{folded[1]}.{int(folded[2])}.{folded[3]}" if folded else release.removeprefix("v")
    return f"-s -w -X github.com/prometheus/common/version.Version={version}"
