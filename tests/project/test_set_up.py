"""requirements/install.py where something is missing: one sentence with the remedy, and no half-made .venv."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE = 120  # seconds
_LOCK = "nothing-real==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    """A small project with the real script, and a lock file whose one package nobody has."""
    (tmp_path / "requirements").mkdir()
    shutil.copy(root / "requirements/install.py", tmp_path / "requirements")
    for lock in ("run", "dev"):
        (tmp_path / f"requirements/{lock}.lock").write_text(_LOCK, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "small"\nversion = "1"\n', encoding="utf-8")
    return tmp_path


def start(checkout: Path, index: str, before: str = "pass") -> subprocess.Popen[str]:
    """The script with an index of its own, after some Python that changes what it finds on this machine."""
    script = str(checkout / "requirements/install.py")
    run = f"sys.argv[:] = [{script!r}, 'run']; runpy.run_path({script!r}, run_name='__main__')"
    code = f"import runpy, sys\n{before}\n{run}"
    surroundings = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    surroundings |= {"PIP_INDEX_URL": index, "PIP_RETRIES": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    return subprocess.Popen([sys.executable, "-c", code], env=surroundings, stderr=subprocess.PIPE, text=True)


def complaint(process: subprocess.Popen[str]) -> str:
    """The one sentence that a failed set-up ends with, after it has said what it does."""
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3, said
    lines = [line for line in said.splitlines() if "setting up .venv" not in line]
    assert len(lines) == 1, said
    return lines[0].removeprefix("slostack: ")


NOWHERE = "http://127.0.0.1:9/simple"


def test_without_a_network_it_says_so_and_leaves_nothing(checkout: Path) -> None:
    said = complaint(start(checkout, NOWHERE))
    assert said.startswith("the package registry cannot be reached: the first set-up needs a network")
    assert not (checkout / ".venv").exists()


def test_without_the_venv_module_it_names_the_package(checkout: Path) -> None:
    said = complaint(start(checkout, NOWHERE, "sys.modules['ensurepip'] = None"))
    assert said.startswith("this Python has no venv module: install the package python3")
    assert not (checkout / ".venv").exists()


def test_without_certificates_it_names_the_package(checkout: Path, tmp_path: Path) -> None:
    missing = str(tmp_path / "no-certificates.crt")
    before = f"import os; os.environ['REQUESTS_CA_BUNDLE'] = {missing!r}"  # the strongest of pip's settings
    said = complaint(start(checkout, NOWHERE.replace("http:", "https:"), before))
    assert "install the package ca-certificates (`apt-get install ca-certificates`)" in said
    assert not (checkout / ".venv").exists()


def test_an_old_python_says_which_one_is_needed(checkout: Path) -> None:
    before = "import os; os.environ['PATH'] = ''; sys.version_info = (3, 8, 1)"
    said = complaint(start(checkout, NOWHERE, before))
    assert said.startswith("Python 3.11 or newer is needed and ")
    assert " is 3.8.1: install one" in said
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_set_up_that_is_stopped_leaves_nothing(checkout: Path, number: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # an index that never answers
        silent.settimeout(60)
        process = start(checkout, f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        asked, _ = silent.accept()
        assert (checkout / ".venv").exists()
        process.send_signal(number)
        process.communicate(timeout=PATIENCE)
        asked.close()
    assert process.returncode == 128 + number
    assert not (checkout / ".venv").exists()


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def python_that(does: str, folder: Path) -> str:
    """Code for `start`: every step is this line of shell."""
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
    python.chmod(0o755)
    return f"sys.executable = {str(python)!r}"


def test_a_stop_in_the_moment_in_which_a_step_starts_does_not_leave_it_behind(checkout: Path, tmp_path: Path) -> None:
    """Who starts a process knows of it only later; on a busy machine that can be seconds."""
    before = f"""
import pathlib, signal, subprocess
begin = subprocess.Popen._execute_child
def stopped_at_once(self, *given):
    begin(self, *given)
    pathlib.Path({str(tmp_path / "step")!r}).write_text(str(self.pid))
    signal.raise_signal(signal.SIGTERM)
subprocess.Popen._execute_child = stopped_at_once
"""
    process = start(checkout, NOWHERE, python_that("exec sleep 600", tmp_path) + before)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + signal.SIGTERM, said
    assert not is_alive(int((tmp_path / "step").read_text()))
    assert not (checkout / ".venv").exists()


def test_a_stop_ends_what_a_step_has_started_too(checkout: Path, tmp_path: Path) -> None:
    """ensurepip starts another Python, which would go on to write into what is being removed."""
    step = f"sleep 600 & echo $! >{tmp_path}/started; kill -TERM $PPID; wait"
    process = start(checkout, NOWHERE, python_that(step, tmp_path))
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + signal.SIGTERM, said
    assert not is_alive(int((tmp_path / "started").read_text()))
    assert not (checkout / ".venv").exists()


def test_a_stop_while_another_set_up_runs_is_heeded(checkout: Path) -> None:
    folder = os.open(checkout / "requirements", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        before = "import fcntl, os, signal; lock = fcntl.flock; "
        before += "fcntl.flock = lambda *given: (os.kill(os.getpid(), signal.SIGTERM), lock(*given))"
        process = start(checkout, NOWHERE, before)
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        os.close(folder)
    assert process.returncode == 128 + signal.SIGTERM, said
    assert not (checkout / ".venv").exists()


def test_what_a_killed_set_up_left_is_made_anew(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv/.unfinished").touch()
    complaint(start(checkout, NOWHERE))
    assert not (checkout / ".venv").exists()


def test_an_environment_of_somebody_else_is_not_removed(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv/mine").touch()
    said = complaint(start(checkout, NOWHERE))
    assert "was not made by `make`: remove it, or mend it" in said
    assert (checkout / ".venv/mine").exists()


def test_another_lock_than_run_or_dev_is_wrong_usage(root: Path) -> None:
    script = root / "requirements/install.py"
    done = subprocess.run([sys.executable, script, "other"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "slostack: usage: python3 requirements/install.py run|dev\n"
