"""Programs that are stopped for a moment are up again afterwards: whatever breaks, and whoever interrupts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from engine_stand_in import BROKEN, SAVED
from engine_state import asked, change, contents, is_down, quiet

from slostack.failure import Failure
from slostack.live import backup, standstill
from slostack.live.clients import wait_until
from slostack.live.compose import UNCHECKED, Compose

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command in a process group of its own, as a terminal would start it."""
    argv = [sys.executable, "-m", "slostack", *arguments, "--spec", str(ROOT / "slo.yaml")]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, start_new_session=True) as running:
        try:
            yield running
        finally:
            running.kill()


def arrives(engine: Path, word: str) -> None:
    assert wait_until((engine / f"at-{word}").exists, PATIENCE), f"docker was not asked to {word}"


def all_up(engine: Path) -> bool:
    """Whether everything is up, and the engine has nothing left to do."""
    return (engine / "down").exists() and is_down(engine) == []


def test_ctrl_c_while_programs_stop_leaves_nothing_down(engine: Path, tmp_path: Path) -> None:
    (engine / "slow-stop").touch()
    with command("backup", str(tmp_path / "saved")) as running:
        arrives(engine, "stop")
        os.killpg(running.pid, signal.SIGINT)
        (engine / "go-on").touch()
        _, said = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130, said
    assert all_up(engine)
    assert not (tmp_path / "saved").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_data_are_saved_leaves_nothing_down_and_no_half_backup(
    engine: Path, tmp_path: Path, number: signal.Signals
) -> None:
    (engine / "run-hangs").touch()
    with command("backup", str(tmp_path / "saved")) as running:
        arrives(engine, "run")
        os.killpg(running.pid, number)
        _, said = running.communicate(timeout=PATIENCE)
    assert running.returncode == 128 + number, said
    assert all_up(engine)
    assert not (tmp_path / "saved").exists()
    assert f"rm --force of-test_prometheus-pack-{running.pid}" in asked(engine)


def test_an_interrupted_restore_waits_for_who_writes_and_says_what_is_restored(engine: Path, tmp_path: Path) -> None:
    backup.save(Compose(ROOT), tmp_path / "saved", quiet)
    newer = change(engine)
    (engine / "at-run").unlink()
    (engine / "run-hangs").touch()
    with command("restore", "--yes", str(tmp_path / "saved")) as running:
        arrives(engine, "run")
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130, said
    assert all_up(engine)
    assert contents(engine) == newer
    assert "restoring alertmanager" not in said
    waited = asked(engine).partition(f"wait of-test_alertmanager-2-empty-{running.pid}\n")
    assert "\nstart " not in waited[0]
    assert "\nstart " in waited[2]


def test_ctrl_c_while_programs_start_keeps_the_whole_backup(engine: Path, tmp_path: Path) -> None:
    (engine / "slow-start").touch()
    before = contents(engine)
    with command("backup", str(tmp_path / "saved")) as running:
        arrives(engine, "start")
        os.killpg(running.pid, signal.SIGINT)
        (engine / "go-on").touch()
        _, said = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130, said
    assert f"saved in {tmp_path / 'saved'}" in said
    assert all_up(engine)
    change(engine)
    assert backup.restore(Compose(ROOT), tmp_path / "saved", quiet) == list(SAVED)
    assert contents(engine) == {name: before[name] for name in SAVED}


def test_a_stop_that_fails_half_way_leaves_nothing_down(engine: Path, tmp_path: Path) -> None:
    (engine / "stop-fails").touch()
    with pytest.raises(Failure, match=f"docker compose stop failed: {BROKEN}"):
        backup.save(Compose(ROOT), tmp_path / "saved", quiet)
    assert is_down(engine) == []
    assert not (tmp_path / "saved").exists()


def test_a_start_that_fails_is_repeated(engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standstill, "_PAUSE", 0.1)
    (engine / "start-fails").write_text("2", encoding="utf-8")
    backup.save(Compose(ROOT), tmp_path / "saved", quiet)
    assert is_down(engine) == []
    assert asked(engine).count("\nstart ") == 3


def test_what_does_not_start_again_is_named_with_the_command_that_starts_it(
    engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standstill, "_START_SECONDS", 0)
    (engine / "start-fails").write_text("99", encoding="utf-8")
    with pytest.raises(Failure) as raised:
        backup.save(Compose(ROOT), tmp_path / "saved", quiet)
    names = ["alertmanager", "alertmanager-2", "grafana", "inbox", "jaeger", "prometheus"]
    assert str(raised.value) == (
        f"{', '.join(names)} stopped and did not start again ({BROKEN}) — "
        f"`docker compose start {' '.join(names)}` starts what is down"
    )
    assert raised.value.exit_code == 3
    assert (tmp_path / "saved/backup.json").exists()


def test_a_terminal_that_is_gone_leaves_nothing_down(engine: Path, tmp_path: Path) -> None:
    def gone(text: str) -> None:
        if not text.startswith("stopping"):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        backup.save(Compose(ROOT), tmp_path / "saved", gone)
    assert all_up(engine)


def test_a_program_that_crashes_again_and_again_is_named_with_its_last_words(
    engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup.save(Compose(ROOT), tmp_path / "saved", quiet)
    monkeypatch.setattr(standstill, "_READY_SECONDS", 0)
    (engine / "crashing").write_text("prometheus", encoding="utf-8")
    with pytest.raises(Failure) as raised:
        backup.restore(Compose(ROOT), tmp_path / "saved", quiet)
    assert str(raised.value) == (
        "prometheus not well; `docker compose logs prometheus` says more, its last words:\n"
        "prometheus (running):\nprometheus cannot read its data"
    )
    assert raised.value.exit_code == 3


def test_a_program_without_a_health_check_must_answer_its_neighbour(
    engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standstill, "_READY_SECONDS", 0)
    (engine / "silent").touch()
    with pytest.raises(Failure, match=r"^jaeger not well; "):
        backup.save(Compose(ROOT), tmp_path / "saved", quiet)


def test_what_went_wrong_first_is_told_too(engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standstill, "_READY_SECONDS", 0)
    (engine / "run-says").write_text("docker: no room", encoding="utf-8")
    (engine / "crashing").write_text("grafana", encoding="utf-8")
    with pytest.raises(Failure, match=r"^of-test_prometheus was not saved: docker: no room; grafana not well; "):
        backup.save(Compose(ROOT), tmp_path / "saved", quiet)


def test_what_counts_as_well_without_a_check_is_what_has_none() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    assert {name for name, service in services.items() if "healthcheck" not in service} == UNCHECKED | {"init"}
    assert {f"{name}-health" for name in UNCHECKED} <= services.keys()
