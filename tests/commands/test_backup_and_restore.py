"""Backup and restore with a stand-in for `docker`: volumes are folders, and the real archive program works on them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from engine_stand_in import IMAGE, SAVED
from engine_state import asked, change, contents, is_down, quiet

from slostack import version
from slostack.cli import slostack
from slostack.failure import Failure
from slostack.live import backup
from slostack.live.compose import Compose

ROOT = Path(__file__).resolve().parents[2]


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
    assert is_down(engine) == []


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


def test_without_the_image_nothing_is_stopped_and_no_registry_is_asked(engine: Path, tmp_path: Path) -> None:
    backup.save(Compose(ROOT), tmp_path / "saved", quiet)
    change(engine)
    (engine / "no-image").touch()
    missing = f"the image {IMAGE} is not here — build it: `docker compose build init`"
    with pytest.raises(Failure, match=missing) as raised:
        backup.save(Compose(ROOT), tmp_path / "again", quiet)
    with pytest.raises(Failure, match=missing):
        backup.restore(Compose(ROOT), tmp_path / "saved", quiet)
    assert raised.value.exit_code == 3
    assert not (tmp_path / "again").exists()
    assert not re.search(r" stop |^run ", asked(engine), re.MULTILINE)


def test_no_registry_is_asked_for_the_image(engine: Path, tmp_path: Path) -> None:
    backup.save(Compose(ROOT), tmp_path / "saved", quiet)
    backup.restore(Compose(ROOT), tmp_path / "saved", quiet)
    runs = [line for line in asked(engine).splitlines() if line.startswith("run ")]
    assert len(runs) == 2 * len(SAVED) + 1
    assert all("--pull=never" in line for line in runs)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("docker: no such volume\n\nRun 'docker run --help' for more information\n", "docker: no such volume"),
        ("docker: out of memory.\nSee 'docker run --help'.\n", "docker: out of memory."),
        ("archive: /volume cannot be packed: it broke\n", "archive: /volume cannot be packed: it broke"),
    ],
)
def test_the_line_that_says_why_is_told(engine: Path, tmp_path: Path, said: str, why: str) -> None:
    (engine / "run-says").write_text(said, encoding="utf-8")
    with pytest.raises(Failure) as raised:
        backup.save(Compose(ROOT), tmp_path / "saved", quiet)
    assert str(raised.value) == f"of-test_prometheus was not saved: {why}"
    assert is_down(engine) == []
    assert not (tmp_path / "saved").exists()


def test_a_backup_says_what_its_data_were_written_by(engine: Path, tmp_path: Path) -> None:
    backup.save(Compose(ROOT), tmp_path / "saved", quiet)
    record = orjson.loads((tmp_path / "saved/backup.json").read_bytes())
    assert record["slostack"] == version()
    assert record["images"]["grafana"] == "grafana:1"  # its container's, whatever the file says by now
    assert record["images"]["never-started"] == "never-started:as-written"
    assert backup.differences(Compose(ROOT), tmp_path / "saved") == []


@pytest.mark.parametrize("agreed", [True, False])
def test_a_restore_into_other_versions_is_told_and_confirmed(engine: Path, tmp_path: Path, agreed: bool) -> None:
    old = {"prometheus": "prometheus:3@sha256:aa", "jaeger-health": "other:2", "grafana": "grafana:13@sha256:bb"}
    (engine / "images").write_text(json.dumps(old), encoding="utf-8")
    backup.save(Compose(ROOT), tmp_path / "saved", quiet)
    (engine / "images").write_text(json.dumps(old | {"grafana": "grafana:12@sha256:cc", "jaeger-health": "other:3"}))
    record = orjson.loads((tmp_path / "saved/backup.json").read_bytes())
    (tmp_path / "saved/backup.json").write_bytes(orjson.dumps(record | {"slostack": "99.0"}))
    newer = change(engine)
    arguments = ["restore", "--spec", str(ROOT / "slo.yaml"), str(tmp_path / "saved")]
    done = CliRunner().invoke(slostack, [*arguments, *(["--yes"] if agreed else [])], input="n\n")
    assert done.stderr.splitlines()[:2] == [
        f"Beware: the backup was made by slostack 99.0, and this is {version()}.",
        "Beware: the data of grafana were written by grafana:13, and grafana:12 is to read them.",
    ]
    assert (contents(engine) != newer) is agreed
    assert (done.exit_code == 0) is agreed


def test_images_with_one_tag_are_told_apart_by_their_digests(engine: Path, tmp_path: Path) -> None:
    (engine / "images").write_text('{"grafana": "grafana:13@sha256:aa"}', encoding="utf-8")
    backup.save(Compose(ROOT), tmp_path / "saved", quiet)
    (engine / "images").write_text('{"grafana": "grafana:13@sha256:bb"}', encoding="utf-8")
    (told,) = backup.differences(Compose(ROOT), tmp_path / "saved")
    assert told.endswith("were written by grafana:13@sha256:aa, and grafana:13@sha256:bb is to read them")


def test_a_backup_without_checksums_is_of_another_version(tmp_path: Path) -> None:
    (tmp_path / "backup.json").write_text('{"format": 1, "volumes": ["prometheus"]}', encoding="utf-8")
    with pytest.raises(Failure, match="was written by another version of slostack"):
        backup.restore(Compose(ROOT), tmp_path, quiet)
