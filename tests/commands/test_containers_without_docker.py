"""What is said where there is no Docker, or one that does not work."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from slostack import cli
from slostack.failure import Failure
from slostack.live.compose import Compose

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


@pytest.mark.parametrize(
    ("printed", "refused"),
    [
        ("Docker Compose version v2.0.1", "2.0.1"),
        ("Docker Compose version 2.20.3-1", "2.20.3-1"),
        ("Docker Compose version v2.21.0", None),
        ("Docker Compose version v5.0.0-desktop.1", None),
        ("Docker Compose version dev", None),
    ],
)
def test_a_compose_that_is_too_old_is_named_with_the_version_to_install(
    programs: Path, printed: str, refused: str | None
) -> None:
    docker(programs, f'[ "$*" = "compose version" ] && echo "{printed}" || exit 1')
    failure = failure_of("status", "--engine", "docker")
    assert failure.exit_code == 3
    said = f"Docker's Compose plugin is {refused} — install 2.21 or newer, or use --engine local"
    assert (str(failure) == said) is (refused is not None), failure


@pytest.mark.parametrize(
    ("command", "option", "engine"),
    [
        ("up", "--traces", "docker"),
        ("up", "--no-traces", "docker"),
        ("down", "--keep", "docker"),
        ("down", "--demo", "docker"),
        ("status", "--demo", "docker"),
        ("down", "--data", "local"),
    ],
)
def test_an_option_of_the_other_engine_is_wrong_usage(command: str, option: str, engine: str) -> None:
    result = CliRunner().invoke(cli.slostack, [command, "--engine", engine, option])
    assert result.exit_code == 2
    other = {"docker": "local", "local": "docker"}[engine]
    assert f"{option} is for --engine {other} — leave it out with --engine {engine}" in result.output


def test_a_failed_start_blames_none_that_only_waits(programs: Path, tmp_path: Path) -> None:
    states = [("inbox", "running", "unhealthy"), ("reloader", "running", "starting"), ("grafana", "created", "")]
    lines = [
        f'{{"Service": "{name}", "Name": "{name}", "State": "{state}", "Health": "{health}"}}'
        for name, state, health in states
    ]
    listed = "\n".join(lines)
    docker(programs, f"case \"$*\" in *' ps '*) echo '{listed}';; *' logs '*) echo 'disk full';; *) exit 1;; esac")
    with pytest.raises(Failure) as raised:
        Compose(tmp_path).show("up", "--detach", "--wait")
    assert str(raised.value) == ("docker compose up failed; what it said stands above\ninbox (unhealthy):\ndisk full")


def test_an_engine_that_does_not_answer_is_told_in_its_own_words(programs: Path) -> None:
    docker(programs, '[ "$1" = compose ] || { echo "Cannot connect to the Docker daemon" >&2; exit 1; }')
    failure = failure_of("status", "--engine", "docker")
    assert str(failure) == (
        "the Docker engine does not answer (Cannot connect to the Docker daemon) — start it, or use --engine local"
    )
    assert failure.exit_code == 3


def test_a_backup_that_is_none_is_refused_before_anything_stops(programs: Path, tmp_path: Path) -> None:
    docker(programs, '[ "$*" = "compose version" ] || [ "$1" = version ] || { echo "unexpected: $*" >&2; exit 9; }')
    (tmp_path / "backup.json").write_text(
        '{"format": 2, "slostack": "0", "volumes": {"prometheus": {"sha256": ""}}}', encoding="utf-8"
    )
    failure = failure_of("restore", str(tmp_path), "--yes")
    assert failure.exit_code == 2
    assert str(failure) == f"{tmp_path} is not whole: prometheus is missing — use another backup"
    (tmp_path / "backup.json").write_text("[]", encoding="utf-8")
    assert "is no backup — name a folder that `slostack backup` has written" in str(
        failure_of("restore", str(tmp_path), "--yes")
    )
