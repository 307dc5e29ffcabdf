"""A program of the stack as a real process that tests talk to over HTTP."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

STACK = Path(__file__).parents[2] / "stack"
PATIENCE = 30.0
"""Seconds for an answer: a process on a busy machine may stand still for a while."""
LIFETIME = 60.0
"""Seconds for a process to do its work and end."""


def command(module: str, *flags: str) -> list[str]:
    return [sys.executable, "-m", module, *flags]


def surroundings() -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": f"{STACK}{os.pathsep}{Path(__file__).parent}",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


class Program:
    """Started on any free port; use as a context manager."""

    def __init__(self, module: str, *flags: str) -> None:
        self.process = subprocess.Popen(
            command(module, "--port", "0", *flags), env=surroundings(), stderr=subprocess.PIPE, text=True
        )
        self.stderr = ""
        self.url = self._wait_until_it_listens()

    def _wait_until_it_listens(self) -> str:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.stderr += line
            if found := re.search(r"listening on (http://\S+)", line):
                return found.group(1)
        raise AssertionError(f"it ended without listening: {self.stderr}")

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        assert self.process.stderr is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(LIFETIME)
        if not self.process.stderr.closed:
            self.stderr += self.process.stderr.read()
            self.process.stderr.close()
        return code

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
