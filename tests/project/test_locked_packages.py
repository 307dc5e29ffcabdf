"""The lock files are what pyproject.toml asks for, complete and with hashes."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from slostack import version

_PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; [^\\]+?)? \\\n(?:    --hash=\S+(?: \\)?\n)+", re.MULTILINE
)


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def pins(root: Path, lock: str) -> dict[str, Version]:
    text = (root / f"requirements/{lock}.lock").read_text(encoding="utf-8")
    found: dict[str, Version] = {canonicalize_name(pin["name"]): Version(pin["version"]) for pin in _PIN.finditer(text)}
    assert _PIN.sub("", text) == "", "a line that is neither a pin nor its hash"
    return found


def asked(project: dict[str, Any], lock: str) -> list[Requirement]:
    """What the lock must satisfy: dependencies and the lock's group, with the groups that it includes."""
    groups = project["dependency-groups"]

    def members(name: str) -> list[str]:
        return [
            one
            for entry in groups[name]
            for one in ([entry] if isinstance(entry, str) else members(entry["include-group"]))
        ]

    texts = [*project["project"]["dependencies"], *members({"run": "build", "dev": "dev"}[lock])]
    return [Requirement(text) for text in [*texts, *project["build-system"]["requires"]]]


@pytest.mark.parametrize("lock", ["run", "dev"])
def test_everything_that_is_asked_for_is_pinned_with_hashes(root: Path, project: dict[str, Any], lock: str) -> None:
    pinned = pins(root, lock)
    for requirement in asked(project, lock):
        found = pinned.get(canonicalize_name(requirement.name))
        assert found is not None, f"{requirement.name} is not in requirements/{lock}.lock: run `make lock`"
        assert found in requirement.specifier, f"{requirement} is pinned to {found}: run `make lock`"


def test_developers_test_with_the_versions_that_users_run(root: Path) -> None:
    developers = pins(root, "dev")
    for name, pinned in pins(root, "run").items():
        assert developers[name] == pinned


def test_an_optional_dependency_is_tested(root: Path, project: dict[str, Any]) -> None:
    developers = pins(root, "dev")
    for extra in project["project"]["optional-dependencies"].values():
        for requirement in map(Requirement, extra):
            assert developers[canonicalize_name(requirement.name)] in requirement.specifier


def test_the_version_is_the_same_everywhere(root: Path, project: dict[str, Any]) -> None:
    stated = project["project"]["version"]
    assert version() == installed_version("slostack") == stated
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.search(r"^## \[(\d+\.\d+\.\d+)\]", changes, re.MULTILINE)
    coming = re.search(r"^To become (\d+\.\d+\.\d+)\b", changes, re.MULTILINE)
    newest = coming or released
    assert newest is not None
    assert newest[1] == stated, "CHANGELOG.md and pyproject.toml disagree about the version"
