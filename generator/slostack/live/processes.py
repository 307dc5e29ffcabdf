"""Processes that outlive the command that starts them, and are found and stopped by a later one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from slostack.interruption import held_back

_GRACE = 10.0  # seconds between asking a process to stop and stopping it
_STEP = 0.02


@dataclass(frozen=True)
class Process:
    """A started process. `started` is the kernel's start time: a later process with the same number is another."""

    name: str
    pid: int
    started: str
    url: str
    log: str

    def running(self) -> bool:
        """Whether it is still there (a zombie is not)."""
        return _started(self.pid) == self.started

    def record(self) -> dict[str, Any]:
        """As it is kept in the state file."""
        return asdict(self)

    def last_words(self, lines: int = 5) -> str:
        """The end of its log."""
        try:
            text = Path(self.log).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "no log"
        return "\n".join(text.splitlines()[-lines:]) or "its log is empty"


def start(name: str, argv: list[str], *, cwd: Path, env: Mapping[str, str], log: Path, url: str) -> Process:
    """Start a process in a session of its own, so that closing the terminal does not stop it. Raises OSError."""
    with log.open("ab") as out:
        child = subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Process(name, child.pid, _started(child.pid) or "", url, str(log))


def stop(processes: list[Process]) -> None:
    """Stop processes: ask all, wait, then insist. A signal to this process meanwhile takes effect afterwards."""
    with held_back():
        _stop(processes)


def _stop(processes: list[Process]) -> None:
    for process in processes:
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE
    while any(process.running() for process in processes) and time.monotonic() < deadline:
        _reap()
        time.sleep(_STEP)
    for process in processes:
        _signal(process, signal.SIGKILL)
    while any(process.running() for process in processes):
        _reap()
        time.sleep(_STEP)


def _signal(process: Process, number: signal.Signals) -> None:
    if process.running():
        with contextlib.suppress(ProcessLookupError):  # it ended by itself in between
            os.killpg(process.pid, number)


def _reap() -> None:
    """Collect children of this very process that have ended; else they stay zombies until it ends."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _started(pid: int) -> str | None:
    """The start time in clock ticks since boot, field 22 of proc(5)'s stat; None for no process or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]
