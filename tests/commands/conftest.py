"""The stand-in for `docker`, installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import engine_stand_in
import pytest
from engine_stand_in import SAVED


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The stand-in's folder, with something in every volume."""
    home = tmp_path / "engine"
    for name in (*SAVED, "alertmanager-2"):
        volume = home / "volumes" / f"of-test_{name}"
        volume.mkdir(parents=True)
        (volume / "data").write_bytes(b"saved " + os.urandom(5_000))
    (home / "bin").mkdir()
    program = home / "bin/docker"
    program.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -I -S "{engine_stand_in.__file__}" "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("STAND_IN", str(home))
    yield home
    (home / "go-on").touch()  # else what a failed test left waiting would wait for ever
