"""Builds a kit from its Go module, where Go is: minutes instead of seconds, but it works without Debian and Docker."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from slostack.tools.errors import ToolError
from slostack.tools.process import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slostack.tools.catalogue import Kit

_OLDEST_GO = (1, 25)
_BUILD_SECONDS = 1800.0
_OTEL = "go.opentelemetry.io/collector"
_CONTRIB = "github.com/open-telemetry/opentelemetry-collector-contrib"
# What stack/otel-collector/config.yaml names, and the debug exporter for whoever looks for a fault.
_COMPONENTS = {
    "receivers": (f"{_OTEL}/receiver/otlpreceiver",),
    "processors": (f"{_OTEL}/processor/batchprocessor", f"{_OTEL}/processor/memorylimiterprocessor"),
    "exporters": (
        f"{_OTEL}/exporter/debugexporter",
        f"{_OTEL}/exporter/otlpexporter",
        f"{_CONTRIB}/exporter/prometheusexporter",
    ),
    "connectors": (f"{_CONTRIB}/connector/spanmetricsconnector",),
    "extensions": (f"{_CONTRIB}/extension/healthcheckextension",),
}
_PROVIDERS = ("env", "file", "yaml")
_PROVIDERS_VERSION = "v1.65.0"  # released with 0.159


def fetch(kit: Kit, into: Path, on_step: Callable[[str], None]) -> str:
    """Build the kit's programs into `into`/bin and say where they came from, e.g. `Go module …@v0.31.1`.

    Go's checksum database, or the module's own sums, verify every part.

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
    work = into / "module"
    work.mkdir(parents=True)
    (into / "bin").mkdir()
    if not kit.go_packages:
        _distribution(kit, work, into / "bin")
    elif kit.go_sum:
        _in_its_module(kit, work, into / "bin")
    else:
        module = f"module slostack.invalid/{kit.name}\n\ngo {match[1]}.{match[2]}\n"
        (work / "go.mod").write_text(module, encoding="utf-8")
        _as_tools(kit, work, into / "bin")
    shutil.rmtree(work)
    return f"Go module {kit.go_module}@{kit.go_version}"


def _as_tools(kit: Kit, work: Path, bins: Path) -> None:
    """A module of our own names the programs as tools, because `go install` refuses modules with a `replace`."""
    packages = [f"{kit.go_module}/{package}" for package in kit.go_packages.values()]
    _go(["get", "-tool", *(f"{package}@{kit.go_version}" for package in packages)], work)
    _go(["build", "-trimpath", "-ldflags", _stamp(kit), "-o", f"{bins}/", *packages], work)


def _in_its_module(kit: Kit, work: Path, bins: Path) -> None:
    """Inside the downloaded module, so that its own go.sum serves; nothing is written there."""
    found = _go(["mod", "download", "-json", f"{kit.go_module}@{kit.go_version}"], work)
    source = Path(json.loads(found.stdout)["Dir"])
    for name, package in kit.go_packages.items():
        _go(
            ["build", "-trimpath", "-ldflags", _stamp(kit), "-o", str(bins / name), f"./{package}"],
            source,
            "-mod=readonly",
        )


def _distribution(kit: Kit, work: Path, bins: Path) -> None:
    """A collector of exactly the components that are needed, by OpenTelemetry's own builder."""
    (program,) = kit.programs
    dist = {
        "name": kit.programs[program][0],
        "module": f"slostack.invalid/{kit.name}",
        "version": kit.go_version.removeprefix("v"),
        "output_path": str(work / "made"),
    }
    parts = {
        kind: [{"gomod": f"{module} {kit.go_version}"} for module in modules] for kind, modules in _COMPONENTS.items()
    }
    providers = [{"gomod": f"{_OTEL}/confmap/provider/{name}provider {_PROVIDERS_VERSION}"} for name in _PROVIDERS]
    config = work / "builder.yaml"
    config.write_text(json.dumps({"dist": dist, **parts, "providers": providers}), encoding="utf-8")
    _go(["run", f"{kit.go_module}@{kit.go_version}", f"--config={config}"], work)
    (work / "made" / dist["name"]).rename(bins / program)


def _go(arguments: Sequence[str], folder: Path, flags: str = "-mod=mod") -> Outcome:
    env = {"CGO_ENABLED": "0", "GOFLAGS": flags, "GOWORK": "off", "GOTOOLCHAIN": "local"}
    done = run(["go", *arguments], timeout=_BUILD_SECONDS, cwd=folder, env=env)
    if done.code != 0:
        last = done.text.splitlines()[-1] if done.text else f"exit code {done.code}"
        msg = f"go {arguments[0]} failed: {last}"
        raise ToolError(msg)
    return done


def _stamp(kit: Kit) -> str:
    """The version is otherwise empty: upstream's release build stamps it the same way."""
    if kit.release:
        return f"-s -w -X {kit.go_module}/internal/version.latestVersion={kit.release}"
    release = kit.go_version
    folded = re.fullmatch(r"v0\.(\d)(\d\d)\.(\d+)", release)  # Prometheus 3.13.5 is module version v0.313.5
    version = f"{folded[1]}.{int(folded[2])}.{folded[3]}" if folded else release.removeprefix("v")
    return f"-s -w -X github.com/prometheus/common/version.Version={version}"
