"""What is said where there is no Docker, or one that does not work."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from slostack import cli
from slostack.failure import Failure

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    ("up", "--engine", "docker"),
    ("down", "--engine", "docker"),
    ("status", "--engine", "docker"),
    ("backup",),
    ("restore", "anywhere", "--yes"),
)


def failure_of(*arguments: str) -> Failure:
    """The sentence and the exit code that a command ends with."""
    result: Result = CliRunner().invoke(cli.slostack, [*arguments, "--spec", str(ROOT / "slo.yaml")])
    assert isinstance(result.exception, Failure), result.output
    return result.exception


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH; empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def docker(programs: Path, script: str) -> None:
    program = programs / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_missing_docker_is_told_with_what_to_do(programs: Path, command: tuple[str, ...]) -> None:
    failure = failure_of(*command)
    assert failure.exit_code == 3
    instead = ", or use --engine local" if "--engine" in command else ""
    assert str(failure) == f"Docker is not installed — install docker and its Compose plugin{instead}"


def test_a_docker_without_compose_is_told(programs: Path) -> None:
    docker(programs, "echo \"docker: 'compose' is not a docker command.\" >&2; exit 1")
    assert str(failure_of("status", "--engine", "docker")).startswith("Docker has no Compose plugin — install ")


def test_an_engine_that_does_not_answer_is_told_in_its_own_words(programs: Path) -> None:
    docker(programs, '[ "$1" = compose ] || { echo "Cannot connect to the Docker daemon" >&2; exit 1; }')
    failure = failure_of("status", "--engine", "docker")
    assert str(failure) == (
        "the Docker engine does not answer (Cannot connect to the Docker daemon) — start it, or use --engine local"
    )
    assert failure.exit_code == 3


def test_a_backup_that_is_none_is_refused_before_anything_stops(programs: Path, tmp_path: Path) -> None:
    docker(programs, '[ "$*" = "compose version" ] || [ "$1" = version ] || { echo "unexpected: $*" >&2; exit 9; }')
    (tmp_path / "backup.json").write_text('{"format": 2, "volumes": {"prometheus": {"sha256": ""}}}', encoding="utf-8")
    failure = failure_of("restore", str(tmp_path), "--yes")
    assert failure.exit_code == 2
    assert str(failure) == f"{tmp_path} is not whole: prometheus is missing — use another backup"
    (tmp_path / "backup.json").write_text("[]", encoding="utf-8")
    assert "is no backup — name a folder that `slostack backup` has written" in str(
        failure_of("restore", str(tmp_path), "--yes")
    )
