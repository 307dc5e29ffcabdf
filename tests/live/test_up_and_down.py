"""`slostack up`, `status` and `down` with real programs: one stack at a time, and nothing but our own code in it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from transcript import ROOT, slostack

from slostack.live import local, programs
from slostack.live.lock import locked
from slostack.live.processes import Process, _started

if TYPE_CHECKING:
    from collections.abc import Iterator

SPEC = (ROOT / "tests/golden/ten-lines/slo.yaml").read_text(encoding="utf-8")
HIJACK = "raise SystemExit('the file beside the spec was run')\n"


def lay_traps(folder: Path) -> None:
    """Files with the names of our programs, and of what they import."""
    for name in ("inbox", "runbook_site", "workload", "webpage", "json", "argparse"):
        (folder / f"{name}.py").write_text(HIJACK, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "slo.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.LocalStack]:
    """A stack of a small spec, beside which lie traps."""
    folder = tmp_path_factory.mktemp("up")
    (folder / "slo.yaml").write_text(SPEC, encoding="utf-8")
    lay_traps(folder)
    # Not `python -m slostack`, which would itself import what lies in the folder.
    done = slostack(ROOT, "up", "--spec", str(folder / "slo.yaml"), "--free-ports", "--no-traces")
    try:
        assert done.code == 0, done.err
        running = local.load(folder / local.FOLDER)
        assert running is not None
        yield running
    finally:
        local.down(folder / local.FOLDER)


def spec_of(stack: local.LocalStack) -> str:
    return str(stack.folder.parents[1] / "slo.yaml")


def test_files_beside_the_spec_are_not_run(stack: local.LocalStack) -> None:
    for process in stack.processes:
        assert process.running(), process.last_words()
        assert "was run" not in Path(process.log).read_text(encoding="utf-8")


def test_only_alertmanager_starts_in_the_folder_of_the_spec(stack: local.LocalStack) -> None:
    """There it finds receivers' secrets; the others would only find what is none of their business."""
    where = {process.name: Path(f"/proc/{process.pid}/cwd").readlink() for process in stack.processes}
    assert {name for name, cwd in where.items() if cwd != stack.folder.resolve()} == {"alertmanager"}


@pytest.mark.parametrize("path", ["/-/reload", "/-/quit"])
def test_prometheus_is_not_stopped_by_a_request(stack: local.LocalStack, path: str) -> None:
    assert requests.post(stack.url("prometheus") + path, timeout=5).status_code == 403


@pytest.mark.parametrize(
    ("origin", "may_read"),
    [
        ("http://127.0.0.1:3000", True),
        ("http://localhost", True),
        ("https://evil.example", False),
        ("http://127.0.0.1.evil.example", False),
    ],
)
def test_only_pages_of_this_machine_may_read_prometheus(stack: local.LocalStack, origin: str, may_read: bool) -> None:
    query = f"{stack.url('prometheus')}/api/v1/query?query=up"
    answer = requests.get(query, headers={"Origin": origin}, timeout=5)
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if may_read else None)


def test_a_second_up_says_that_a_stack_is_up(stack: local.LocalStack) -> None:
    """And not that its own ports are taken."""
    for ports in ((), ("--free-ports",)):
        done = slostack(ROOT, "up", "--spec", spec_of(stack), "--no-traces", *ports)
        assert done.code == 3
        assert "a stack is up already" in done.err
        assert "`slostack down`" in done.err
    assert all(process.running() for process in stack.processes)


@pytest.mark.parametrize("program", ["inbox", "runbook_site", "workload", "workload.provider"])
def test_a_program_imports_nothing_from_the_folder_in_which_it_starts(tmp_path: Path, program: str) -> None:
    lay_traps(tmp_path)
    argv = programs.command(program, "--help")
    done = subprocess.run(argv, cwd=tmp_path, env=programs.environment(), capture_output=True, text=True, check=False)
    assert done.stdout.startswith(f"usage: {program} "), done.stderr


@pytest.mark.parametrize("command", [("up", "--free-ports", "--no-traces"), ("down",)])
def test_two_commands_at_once_do_not_collide(folder: Path, command: tuple[str, ...]) -> None:
    with locked(folder / local.FOLDER):
        done = slostack(folder, *command)
    assert done.code == 3
    assert "another slostack is starting or stopping the stack" in done.err
    assert not (folder / ".slostack").exists()


def test_down_without_a_stack_leaves_nothing(folder: Path) -> None:
    done = slostack(folder, "down")
    assert (done.code, done.out) == (0, "nothing was running\n")
    assert [path.name for path in folder.iterdir()] == ["slo.yaml"]


def test_a_spec_in_no_folder_is_one_sentence(folder: Path) -> None:
    done = slostack(folder, "up", "--spec", "nowhere/slo.yaml", "--free-ports")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "there is no folder nowhere" in done.err
    assert not (folder / "nowhere").exists()


def test_status_and_down_tell_of_a_demo_that_is_up(folder: Path) -> None:
    demo = folder / local.DEMO_FOLDER
    demo.mkdir(parents=True)
    me = Process("inbox", os.getpid(), _started(os.getpid()) or "", "http://127.0.0.1:1", "log")
    local._save(local.LocalStack(demo, (me,), 60, "demo"))

    status, down = slostack(folder, "status"), slostack(folder, "down")

    assert status.code == 3
    assert "`slostack status --demo`" in status.err
    assert down.code == 0
    assert "`slostack down --demo`" in down.out
