"""make is the way in: what it lists is what it can do."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

TARGETS = ["help", "demo", "test", "check", "lock", "clean"]


def make(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # A make that runs these tests hands its own flags down.
    outside = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}}
    return subprocess.run(
        ["make", *arguments], cwd=root, env=outside | environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("arguments", [[], ["help"]], ids=["make", "make help"])
def test_make_lists_its_targets_and_changes_nothing(root: Path, arguments: list[str]) -> None:
    listed = make(root, *arguments)
    assert listed.returncode == 0, listed.stderr
    assert re.findall(r"^make (\w+) +\S", listed.stdout, re.MULTILINE) == TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_every_listed_target_can_be_made(root: Path, target: str) -> None:
    planned = make(root, "--dry-run", target)
    assert planned.returncode == 0, planned.stderr


def test_check_asks_every_judge(root: Path) -> None:
    planned = make(root, "--dry-run", "check").stdout
    for judge in ("ruff check", "ruff format --check", "mypy", "slostack generate --check", "slostack check --strict"):
        assert f".venv/bin/{judge}" in planned


@pytest.mark.parametrize(("actions", "form"), [("", "text"), ("true", "github")])
def test_findings_become_annotations_on_github(root: Path, actions: str, form: str) -> None:
    assert f"--format {form}\n" in make(root, "--dry-run", "check", GITHUB_ACTIONS=actions).stdout


def test_a_machine_without_python_hears_what_to_install(root: Path) -> None:
    failed = make(root, "demo", "PYTHON=python-that-is-not-there")
    assert failed.returncode != 0
    assert "install Python 3.11 or newer (`apt-get install python3 python3-venv`)" in failed.stderr


def test_ci_runs_the_same_two_commands_everywhere(root: Path) -> None:
    for file in (".ci/run", ".github/workflows/ci.yml"):
        text = (root / file).read_text(encoding="utf-8")
        assert re.search(r"\bmake --keep-going check\b", text), file
        assert re.search(r"\bmake test\b", text), file


def test_actions_are_pinned_to_commits(root: Path) -> None:
    uses = re.findall(r"uses: *(\S+)", (root / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    assert uses
    assert [action for action in uses if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action)] == []
