"""The small programs of the stack (workload, inbox, runbook site) and how they are started from Python."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def folder() -> Path:
    """Where the programs' packages are: in the wheel beside this package, in a checkout in `stack/`."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_stack"
    return installed if installed.is_dir() else package.parents[1] / "stack"


def command(program: str, *arguments: str) -> list[str]:
    """The command line of a program of the stack. `-P`: no file of the folder in which it starts is ever imported."""
    return [sys.executable, "-P", "-m", program, *arguments]


def environment() -> dict[str, str]:
    """The environment in which `command` finds its program."""
    return os.environ | {"PYTHONPATH": str(folder()), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
