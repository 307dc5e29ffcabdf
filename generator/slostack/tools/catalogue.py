"""What slostack needs from outside: programs in kits, their oldest usable versions, where they come from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Name = Literal["prometheus", "promtool", "alertmanager", "amtool", "jaeger", "otelcol"]
Version = tuple[int, int, int]

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True)
class Tool:
    """A program that can be run: `argv` is how to start it, `path` is the file, `source` says where it came from."""

    path: Path
    version: Version
    source: str
    argv: list[str]


@dataclass(frozen=True)
class Kit:
    """Programs that are released together and fetched together."""

    name: str
    """Its directory in the cache."""
    title: str
    """As people call it."""
    programs: dict[Name, tuple[str, ...]]
    """Each program with its file names; Debian's differs from upstream's."""
    minimum: Version
    """The oldest version whose behaviour the generated files rely on."""
    home: str
    """Where a person downloads it."""
    debian: tuple[str, ...]
    """Packages of Debian; none where Debian has none."""
    go_module: str
    go_version: str
    """A version that builds from its module alone (newer ones of Alertmanager lack the files of their UI there)."""
    go_packages: dict[Name, str]
    image: str
    """Tag and digest; the binaries inside are static."""
    in_image: dict[Name, str] = field(default_factory=dict)
    """Where the image keeps a program; `/bin/<name>` if it is not named here."""
    go_sum: bool = False
    """Whether it is built inside its module, so that the module's own go.sum verifies what it needs."""
    release: str | None = None
    """Its version, where the module's is another."""


PROMETHEUS = Kit(
    name="prometheus",
    title="Prometheus",
    programs={"prometheus": ("prometheus",), "promtool": ("promtool",)},
    minimum=(3, 5, 0),
    home="https://prometheus.io/download/",
    debian=("prometheus", "promtool"),
    go_module="github.com/prometheus/prometheus",
    go_version="v0.313.5",
    go_packages={"prometheus": "cmd/prometheus", "promtool": "cmd/promtool"},
    image="prom/prometheus:v3.13.3@sha256:6976aa8a60fec930796ce5772b8d12da7a318a5daa8d40d69c5c7819a05eeed7",
)

ALERTMANAGER = Kit(
    name="alertmanager",
    title="Alertmanager",
    programs={"alertmanager": ("alertmanager", "prometheus-alertmanager"), "amtool": ("amtool",)},
    minimum=(0, 28, 0),
    home="https://prometheus.io/download/",
    debian=("prometheus-alertmanager",),
    go_module="github.com/prometheus/alertmanager",
    go_version="v0.31.1",
    go_packages={"alertmanager": "cmd/alertmanager", "amtool": "cmd/amtool"},
    image="prom/alertmanager:v0.34.1@sha256:e9733bafb1bdef9b00e25a21f8f99dc26a22224bf16641ad754d1649f4c3357a",
)

JAEGER = Kit(
    name="jaeger",
    title="Jaeger",
    programs={"jaeger": ("jaeger",)},
    minimum=(2, 10, 0),
    home="https://www.jaegertracing.io/download/",
    debian=(),
    go_module="github.com/jaegertracing/jaeger",
    go_version="v1.76.0",
    go_packages={"jaeger": "cmd/jaeger"},
    image="jaegertracing/jaeger:2.20.0@sha256:46a886260e04002d8f45e213fc39063fa11a50446048fdaa64786fc0840cb9f8",
    in_image={"jaeger": "/cmd/jaeger/jaeger-linux"},
    go_sum=True,  # the checksum database does not know everything that it needs
    release="2.13.0",  # of the same commit; tags of version 2 are no versions of the module
)

COLLECTOR = Kit(
    name="otel-collector",
    title="the OpenTelemetry Collector",
    programs={"otelcol": ("otelcol-contrib",)},  # the one that is called otelcol lacks the span-metrics connector
    minimum=(0, 156, 0),
    home="https://github.com/open-telemetry/opentelemetry-collector-releases/releases",
    debian=(),
    go_module="go.opentelemetry.io/collector/cmd/builder",  # which puts it together from components
    go_version="v0.159.0",
    go_packages={},
    image="otel/opentelemetry-collector-contrib:0.161.0"
    "@sha256:fd328de2552466ad78385e1b1289c3f2402b1c45f265b252aab1955b42845ac1",
    in_image={"otelcol": "/otelcol-contrib"},
)

KITS: dict[Name, Kit] = {name: kit for kit in (PROMETHEUS, ALERTMANAGER, JAEGER, COLLECTOR) for name in kit.programs}


def parse_version(name: Name, printed: str) -> Version | None:
    """The version in what `name --version` printed, or None where the text is not this program's.

    >>> parse_version("promtool", "promtool, version 3.5.3+ds1 (branch: debian/sid, revision: 3.5.3+ds1-6)")
    (3, 5, 3)
    """
    match = re.search(rf"^{name}(?:-contrib)?,? version v?{_VERSION.pattern}", printed, re.MULTILINE)
    return _numbers(match) if match else None


def parse_package_version(text: str) -> Version | None:
    """The upstream part of a Debian version such as `3.5.3+ds1-6` or `1:0.33.1-5`, or None."""
    match = re.match(rf"(?:\d+:)?{_VERSION.pattern}", text)
    return _numbers(match) if match else None


def dotted(version: Version) -> str:
    """`(3, 5, 3)` as `3.5.3`."""
    return ".".join(map(str, version))


def _numbers(match: re.Match[str]) -> Version:
    major, minor, patch = match.groups()
    return int(major), int(minor), int(patch)
