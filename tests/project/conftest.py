"""The project as a whole: its files, its version, the way in and the wheel."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def tracked(root: Path) -> list[Path]:
    """Every file that is committed and still there."""
    # safe.directory: CI's clone may belong to another user.
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False
    )
    if listing.returncode != 0:
        pytest.skip(f"only a git checkout knows which files are the project's: {listing.stderr.strip()}")
    return [root / name for name in listing.stdout.split("\0") if name and (root / name).is_file()]
