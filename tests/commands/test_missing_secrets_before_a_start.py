"""What `slostack up` says where a receiver's secret is not there: the stack starts, and could page nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from slostack import cli
from slostack.failure import Failure
from slostack.live import local

ROOT = Path(__file__).resolve().parents[2]
LINE = "the secret file secrets/pager is not there"


def stop_here(*_: object) -> None:
    raise Failure("nothing is started here", 3)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spec whose pages go to an address in a file; processes are not started."""
    text = (ROOT / "tests/golden/ten-lines/slo.yaml").read_text(encoding="utf-8")
    inline = 'webhook: "http://127.0.0.1:9099/hooks/shop"}, ticket'
    assert inline in text
    file = tmp_path / "slo.yaml"
    file.write_text(text.replace(inline, "webhook_file: secrets/pager}, ticket"), encoding="utf-8")
    monkeypatch.setattr(local, "up", stop_here)
    return file


def said_before_a_start(spec: Path) -> str:
    result = CliRunner().invoke(cli.slostack, ["up", "--spec", str(spec), "--free-ports", "--no-traces"])
    assert str(result.exception) == "nothing is started here", result.output
    return result.output


def test_a_missing_secret_is_told_with_its_place_before_anything_starts(spec: Path) -> None:
    assert f"{spec}:3:31: warning: secret-missing: {LINE}" in said_before_a_start(spec)


def test_a_secret_that_is_there_is_not_spoken_of(spec: Path) -> None:
    (spec.parent / "secrets").mkdir()
    (spec.parent / "secrets/pager").touch(mode=0o600)
    assert "secret" not in said_before_a_start(spec)
