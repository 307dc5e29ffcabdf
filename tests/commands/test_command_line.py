"""What holds for the command whatever it does: its help, its output, its end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from transcript import ROOT, slostack


def test_without_a_command_it_prints_its_help_plainly(tmp_path: Path) -> None:
    done = slostack(tmp_path)

    assert done.code == 2
    assert done.err.startswith("Usage: slostack")
    assert done.err == slostack(tmp_path, "--help").out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [("schema",), ("--version",), ("explain", "--help")])
def test_an_output_that_takes_nothing_is_one_sentence(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "slostack", *arguments],
            env=os.environ | {"PYTHONPATH": str(ROOT / "generator")},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == 3
    assert done.stderr.count("\n") == 1, done.stderr
    assert "cannot use the output: No space left on device" in done.stderr
