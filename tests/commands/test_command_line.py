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


SPEC = """\
version: 1
teams:
  shop: {page: {webhook: "https://h.example/p"}, ticket: {webhook: "https://h.example/t"}}
services:
  checkout:
    team: shop
    slos: {requests: {promise: Checkouts succeed, objective: 99.9, events: {bad: failed_total, total: all_total}}}
"""


def without_a_reader(folder: Path, *arguments: str, error: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """Run a command whose standard output is a pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            [sys.executable, "-m", "slostack", *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT / "generator")},
            stdout=writer,
            stderr=writer if error == subprocess.STDOUT else error,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)


@pytest.mark.parametrize(
    "arguments",
    [("explain", "requests"), ("schema",), ("--help",), ("explain", "--help"), ("--version",), ("generate", "--diff")],
    ids=" ".join,
)
def test_an_output_that_nobody_reads_is_no_finding(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "slo.yaml").write_text(SPEC, encoding="utf-8")

    done = without_a_reader(tmp_path, *arguments)

    assert done.returncode == 0, done.stderr
    assert "Error" not in done.stderr
    assert "slostack:" not in done.stderr


@pytest.mark.parametrize("error", [subprocess.PIPE, subprocess.STDOUT], ids=["output", "output and error"])
@pytest.mark.parametrize("arguments", [("check", "--format", "json"), ("generate", "--check", "--diff")], ids=" ".join)
def test_findings_that_nobody_reads_are_findings(tmp_path: Path, arguments: tuple[str, ...], error: int) -> None:
    (tmp_path / "slo.yaml").write_text(SPEC.replace("99.9", "100") if "json" in arguments else SPEC, encoding="utf-8")

    done = without_a_reader(tmp_path, *arguments, error=error)

    assert done.returncode == 1, done.stderr
    assert "Traceback" not in (done.stderr or "")
