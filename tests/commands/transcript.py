"""The real command in a folder of its own, as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Run:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


def slostack(folder: Path, *arguments: str, **variables: str) -> Run:
    """Run `slostack` in `folder`; `variables` are added to the environment."""
    done = subprocess.run(
        [sys.executable, "-m", "slostack", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "generator")} | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)
