"""Generated files, byte for byte, through the real command; `SLOSTACK_UPDATE_GOLDEN=1` writes them anew, for a diff."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CASES = sorted(folder.name for folder in HERE.iterdir() if (folder / "slo.yaml").exists())


def generate(spec: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "slostack", "generate", "--spec", str(spec), "--out", str(out), *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("case", CASES)
def test_the_same_spec_gives_the_same_bytes(case: str, tmp_path: Path) -> None:
    done = generate(HERE / case / "slo.yaml", tmp_path)
    assert done.returncode == 0, done.stderr
    made = tree(tmp_path)
    expected = HERE / case / "expected"
    if os.environ.get("SLOSTACK_UPDATE_GOLDEN"):
        shutil.rmtree(expected, ignore_errors=True)
        shutil.copytree(tmp_path, expected)

    assert made.keys() == tree(expected).keys()
    for path, content in tree(expected).items():
        assert made[path].decode() == content.decode(), path


@pytest.mark.parametrize("case", CASES)
def test_a_second_run_changes_nothing(case: str, tmp_path: Path) -> None:
    generate(HERE / case / "slo.yaml", tmp_path)
    again = generate(HERE / case / "slo.yaml", tmp_path, "--check", "--diff")

    assert (again.returncode, again.stdout) == (0, ""), again.stderr
