"""`slostack demo` that does not get to its end: nothing of it runs on, and it says what it leaves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
from transcript import ROOT, slostack

from slostack.live import local
from slostack.live.processes import Process

if TYPE_CHECKING:
    from collections.abc import Iterator

TEN_LINES = ROOT / "tests/golden/ten-lines/slo.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in which nothing runs on after the test, whatever its outcome."""
    yield tmp_path
    local.down(tmp_path / local.DEMO_FOLDER)


def test_a_demo_that_is_terminated_stops_what_it_started(folder: Path) -> None:
    shutil.copy(ROOT / "slo.yaml", folder)
    shutil.copytree(ROOT / "runbooks", folder / "runbooks")
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "slostack", "demo"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "generator")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stderr is not None
        said = ""
        for line in demo.stderr:
            said += line
            if "waiting until every target is scraped" in line:
                state = orjson.loads((folder / local.DEMO_FOLDER / "state.json").read_bytes())
                demo.send_signal(signal.SIGTERM)
    assert demo.returncode == 128 + signal.SIGTERM, said
    started = [Process(**record) for record in state["processes"]]
    assert len(started) >= 5
    assert not any(process.running() for process in started)
    assert "the logs are kept in .slostack/demo/logs; `slostack down --demo` removes them" in said
    assert said.endswith("slostack: ended by SIGTERM\n")

    assert slostack(folder, "down", "--demo").code == 0
    assert not (folder / ".slostack").exists()


@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        (("  demo: #", "  other: #"), "the environment `demo`"),
        (("HighErrorRate", "TooManyErrors"), "the alert HighErrorRate"),
        (('"workload:8000"', '"api:8000"'), "a scrape job for the workload (workload:8000)"),
    ],
)
def test_a_spec_that_the_demo_cannot_play_is_refused_before_anything_is_written(
    tmp_path: Path, change: tuple[str, str], lacking: str
) -> None:
    text = (ROOT / "slo.yaml").read_text(encoding="utf-8")
    assert change[0] in text
    (tmp_path / "slo.yaml").write_text(text.replace(*change), encoding="utf-8")

    done = slostack(tmp_path, "demo")

    assert done.code == 2, done.err
    assert f"slo.yaml lacks {lacking} — `slostack up`" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["slo.yaml"]


def test_everything_that_is_lacking_is_said_at_once(tmp_path: Path) -> None:
    shutil.copy(TEN_LINES, tmp_path)

    done = slostack(tmp_path, "demo")

    assert done.code == 2
    for lacking in ("environment `demo`", "HighErrorRate", "workload:8000"):
        assert lacking in done.err


def test_a_spec_with_mistakes_gets_to_hear_of_them(tmp_path: Path) -> None:
    (tmp_path / "slo.yaml").write_text("version: 1\nnonsense: 2\n", encoding="utf-8")

    done = slostack(tmp_path, "demo")

    assert done.code == 1
    assert "nonsense" in done.err
    assert "lacks" not in done.err
