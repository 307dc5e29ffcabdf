"""Backup and restore with a stand-in for `docker`: volumes are folders, and the real archive program works on them."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from slostack.failure import Failure
from slostack.live import backup
from slostack.live.compose import Compose

ROOT = Path(__file__).resolve().parents[2]
SAVED = ("prometheus", "alertmanager", "grafana", "secrets", "inbox", "jaeger")
SERVICES = ("prometheus", "alertmanager", "alertmanager-2", "grafana", "inbox", "jaeger")
STAND_IN = """#!{python}
import json, os, pathlib, re, subprocess, sys

home = pathlib.Path({home!r})
words = sys.argv[1:]
with (home / "asked").open("a") as log:
    log.write(" ".join(words) + "\\n")
volumes = sorted(path.name for path in (home / "volumes").iterdir())
down = home / "down"
if words[0] == "volume":
    print("\\n".join(volumes))
elif words[0] == "run":
    (volume,) = re.findall("source=([^,]+)", " ".join(words))
    folder = home / "volumes" / volume
    argv = [sys.executable, "-m", "archive", words[-2], str(folder)]
    sys.exit(subprocess.run(argv, env=os.environ | {{"PYTHONPATH": {stack!r}}}).returncode)
elif "config" in words:
    named = {{name: {{"name": "of-test_" + name}} for name in [*{saved!r}, "alertmanager-2"]}}
    print(json.dumps({{"volumes": named, "services": {{"init": {{"image": "programs"}}}}}}))
elif "ps" in words:
    stopped = down.read_text().split() if down.exists() else []
    for name in {services!r}:
        state = "exited" if name in stopped else "running"
        print(json.dumps({{"Service": name, "Name": name, "State": state, "ExitCode": 0}}))
elif "stop" in words:
    named = words[words.index("stop") + 1 :]
    if (home / "stop-fails").exists():
        down.write_text(named[0])
        sys.exit("the engine went away")
    down.write_text(" ".join(named))
elif "start" in words:
    down.write_text("")
else:
    sys.exit("unexpected: " + " ".join(words))
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in's folder: `volumes/`, the services that are `down`, and what was `asked`."""
    home = tmp_path / "engine"
    for name in (*SAVED, "alertmanager-2"):
        volume = home / "volumes" / f"of-test_{name}"
        volume.mkdir(parents=True)
        (volume / "data").write_bytes(b"saved " + os.urandom(5_000))
    (home / "bin").mkdir()
    script = STAND_IN.format(
        python=sys.executable, home=str(home), stack=str(ROOT / "stack"), saved=SAVED, services=SERVICES
    )
    (home / "bin/docker").write_text(script, encoding="utf-8")
    (home / "bin/docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return home


def contents(engine: Path) -> dict[str, bytes]:
    files = (engine / "volumes").rglob("data")
    return {path.parent.name.removeprefix("of-test_"): path.read_bytes() for path in files}


def change(engine: Path) -> dict[str, bytes]:
    """Let every volume hold something newer, and forget what was asked so far."""
    for path in (engine / "volumes").rglob("data"):
        path.write_bytes(b"newer")
    (engine / "asked").unlink()
    return contents(engine)


def quiet(_text: str) -> None:
    """Nobody watches."""


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def test_what_was_saved_comes_back_and_the_second_alertmanager_forgets(engine: Path, tmp_path: Path) -> None:
    before = contents(engine)
    compose = Compose(ROOT)
    assert backup.save(compose, tmp_path / "saved", quiet) == list(SAVED)
    change(engine)
    assert backup.restore(compose, tmp_path / "saved", quiet) == list(SAVED)
    assert contents(engine) == {name: before[name] for name in SAVED}
    assert (engine / "volumes/of-test_alertmanager-2").is_dir()
    assert (engine / "down").read_text() == ""


def test_a_stack_without_a_second_alertmanager_is_restored(engine: Path, tmp_path: Path) -> None:
    (engine / "volumes/of-test_alertmanager-2/data").unlink()
    (engine / "volumes/of-test_alertmanager-2").rmdir()
    before = contents(engine)
    backup.save(Compose(ROOT), tmp_path / "saved", quiet)
    change(engine)
    backup.restore(Compose(ROOT), tmp_path / "saved", quiet)
    assert contents(engine) == before


@pytest.mark.parametrize("damage", [truncated, flipped], ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("summed", ["whole", "damaged"])
def test_a_damaged_file_is_refused_before_anything_is_touched(
    engine: Path, tmp_path: Path, damage: Callable[[bytes], bytes], summed: str
) -> None:
    saved = tmp_path / "saved"
    backup.save(Compose(ROOT), saved, quiet)
    newer = change(engine)
    why = {"whole": "is not what was saved", "damaged": r"cannot be read \(.+\)"}[summed]
    last = saved / "jaeger.tar.gz"
    last.write_bytes(damage(last.read_bytes()))
    if summed == "damaged":
        record = orjson.loads((saved / "backup.json").read_bytes())
        record["volumes"]["jaeger"]["sha256"] = hashlib.sha256(last.read_bytes()).hexdigest()
        (saved / "backup.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(Failure, match=rf"is not whole: jaeger\.tar\.gz {why} — use another backup") as raised:
        backup.restore(Compose(ROOT), saved, quiet)
    assert raised.value.exit_code == 2
    assert contents(engine) == newer
    assert not (engine / "asked").exists()


def test_a_stop_that_fails_half_way_leaves_nothing_down(engine: Path, tmp_path: Path) -> None:
    (engine / "stop-fails").touch()
    with pytest.raises(Failure, match="docker compose stop failed: the engine went away"):
        backup.save(Compose(ROOT), tmp_path / "saved", quiet)
    assert (engine / "down").read_text() == ""
    assert not (tmp_path / "saved").exists()


def test_a_backup_without_checksums_is_of_another_version(tmp_path: Path) -> None:
    (tmp_path / "backup.json").write_text('{"format": 1, "volumes": ["prometheus"]}', encoding="utf-8")
    with pytest.raises(Failure, match="was written by another version of slostack"):
        backup.restore(Compose(ROOT), tmp_path, quiet)
