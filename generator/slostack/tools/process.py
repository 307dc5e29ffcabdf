"""Runs one program to its end: always with a time limit, always in plain English, never with a shell."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slostack.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """How a program ended: its exit code, and what it wrote."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """Everything it wrote, standard output first, without surrounding blank lines."""
        return "\n".join(part for part in (self.stdout.strip(), self.stderr.strip()) if part)


def run(
    argv: Sequence[str],
    *,
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    merged: bool = False,
    apart: bool = False,
) -> Outcome:
    """Run `argv` and wait at most `timeout` seconds.

    `env` is added to the caller's environment. Messages are asked for in English, because some are read by us.
    `merged` puts both outputs into `stdout` in the order in which they were written. `apart` starts it in a session of
    its own, where a terminal's Ctrl-C does not reach it.

    Raises:
        ToolError: the program cannot be started, or does not end in time (it is then killed).
    """
    try:
        done = subprocess.run(
            argv,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=timeout,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "C", **(env or {})},
            start_new_session=apart,
            input=stdin,  # without one it is empty: a program that asks must not wait for an answer
        )
    except subprocess.TimeoutExpired as error:
        msg = f"{argv[0]} did not end within {timeout:g} s; try again when the machine is less busy"
        raise ToolError(msg) from error
    except OSError as error:
        msg = f"{argv[0]} cannot be started ({error.strerror}); install it again"
        raise ToolError(msg) from error
    return Outcome(done.returncode, done.stdout, done.stderr or "")
