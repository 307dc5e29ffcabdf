"""Many files as one change: whatever interrupts, the old files or the new ones are there, never a mixture for good."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from slostack import files
from slostack.files import MANIFEST, Change, WriteError, apply, changes, foreign, interrupted, recover

OLD = {"alerts/a.yml": b"old a", "dashboards/b.json": b"old b", "runbooks/P.md": b"page"}
NEW = {"alerts/a.yml": b"new a", "dashboards/c.json": b"new c", "runbooks/P.md": b"page"}
KEPT = frozenset({"runbooks/P.md"})


def write(root: Path, wanted: dict[str, bytes]) -> list[Change]:
    made = changes(root, wanted, KEPT)
    apply(root, made)
    return made


def content(root: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return {path: text for path, text in found.items() if path != MANIFEST}


def test_new_files_come_changed_ones_change_and_stale_ones_go(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    made = write(tmp_path, NEW)

    assert content(tmp_path) == NEW
    assert [(change.verb, change.path) for change in made if change.path != MANIFEST] == [
        ("changed", "alerts/a.yml"),
        ("removed", "dashboards/b.json"),
        ("new", "dashboards/c.json"),
    ]


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, NEW)

    assert changes(tmp_path, NEW, KEPT) == []


def test_files_of_others_and_pages_are_never_removed(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    (tmp_path / "alerts/own.yml").write_text("mine")
    write(tmp_path, {"alerts/a.yml": b"x"})

    assert content(tmp_path) == {"alerts/a.yml": b"x", "alerts/own.yml": b"mine", "runbooks/P.md": b"page"}


def test_a_page_that_is_to_go_goes(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    apply(tmp_path, changes(tmp_path, {"alerts/a.yml": b"x"}, KEPT, frozenset({"runbooks/P.md", "runbooks/None.md"})))

    assert content(tmp_path) == {"alerts/a.yml": b"x"}


def test_foreign_is_what_neither_the_manifest_nor_its_text_says_is_ours(tmp_path: Path) -> None:
    write(tmp_path, {"alerts/a.yml": b"listed"})
    for path, text in {"alerts/a.yml": b"edited", "b.yml": b"theirs", "c.yml": b"ours", "d.yml": b"same"}.items():
        (tmp_path / path).write_bytes(text)
    wanted = changes(tmp_path, {"alerts/a.yml": b"1", "b.yml": b"2", "c.yml": b"3", "d.yml": b"same", "e.yml": b"new"})

    assert foreign(tmp_path, wanted, lambda change: change.old == b"ours") == ["b.yml"]


def test_looking_for_an_interrupted_run_changes_nothing(tmp_path: Path) -> None:
    assert not interrupted(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    write(tmp_path, OLD)
    assert not interrupted(tmp_path)
    (tmp_path / ".slostack-journal").mkdir()
    assert interrupted(tmp_path)
    assert (tmp_path / ".slostack-journal").is_dir()
    recover(tmp_path)
    assert not interrupted(tmp_path)


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../outside"])
def test_a_manifest_cannot_remove_what_is_outside(tmp_path: Path, path: str) -> None:
    (tmp_path / "outside").write_text("precious")
    root = tmp_path / "root"
    (root / "alerts").mkdir(parents=True)
    (root / MANIFEST).write_text(f"{path}\n")
    write(root, NEW)

    assert (tmp_path / "outside").read_text() == "precious"


KILLED = """
import os, signal, sys
from pathlib import Path
from slostack import files
root, moment = Path(sys.argv[1]), int(sys.argv[2])
count = 0
def step(name):
    real = getattr(Path, name)
    def wrapped(self, *args, **kwargs):
        global count
        count += 1
        if count == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, *args, **kwargs)
    setattr(Path, name, wrapped)
wanted = files.changes(root, {NEW!r}, {KEPT!r})
for name in ("mkdir", "open", "rename", "replace", "unlink", "rmdir"):
    step(name)
files.apply(root, wanted)
print("finished after", count)
"""


def test_killed_at_any_step_the_next_run_finds_all_old_or_all_new(tmp_path: Path) -> None:
    outcomes = set()
    for moment in range(1, 60):
        root = tmp_path / str(moment)
        write(root, OLD)
        script = KILLED.replace("{NEW!r}", repr(NEW)).replace("{KEPT!r}", repr(KEPT))
        done = subprocess.run(
            [sys.executable, "-c", script, str(root), str(moment)],
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ | {"PYTHONPATH": str(Path(files.__file__).parents[1])},
            check=False,
        )
        recover(root)
        found = content(root)
        assert found in (OLD, NEW), (moment, found)
        assert not list(root.glob(".slostack-journal*"))
        outcomes.add(found == NEW)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
    else:
        pytest.fail("the run never finished: more steps than expected")

    assert outcomes == {False, True}


def test_a_folder_in_the_way_is_one_sentence_and_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    (tmp_path / "dashboards/c.json").mkdir()

    with pytest.raises(WriteError, match=r"dashboards/c\.json"):
        write(tmp_path, NEW)
    (tmp_path / "dashboards/c.json").rmdir()
    assert content(tmp_path) == OLD


def test_a_diff_shows_the_lines(tmp_path: Path) -> None:
    write(tmp_path, OLD)

    change = next(one for one in changes(tmp_path, {"alerts/a.yml": b"new a\n"}, KEPT) if one.path == "alerts/a.yml")

    assert change.diff().splitlines()[:2] == ["--- a/alerts/a.yml", "+++ b/alerts/a.yml"]
    assert "+new a\n" in change.diff()


@pytest.mark.parametrize("before", [OLD, {}], ids=["over old files", "into an empty folder"])
def test_interrupted_at_any_step_nothing_is_left_to_a_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: dict[str, bytes]
) -> None:
    """Ctrl-C: the old files without a trace of the new, or the new ones complete."""
    outcomes = set()
    for moment in range(1, 60):
        root = tmp_path / str(moment)
        if before:
            write(root, before)
        wanted = changes(root, NEW, KEPT)
        with monkeypatch.context() as patched:
            finished = _interrupted_at(moment, root, wanted, patched)
        found = content(root)
        assert found in (before, NEW), (moment, found)
        left = {path.name for path in tmp_path.rglob("*") if path.is_dir() and not any(path.iterdir())}
        assert not left, moment
        assert not list(tmp_path.rglob(".slostack-journal*")), moment
        outcomes.add(found == NEW)
        if finished:
            break
    else:
        pytest.fail("the run never finished: more steps than expected")

    assert outcomes == {False, True}


def _interrupted_at(moment: int, root: Path, wanted: list[Change], patched: pytest.MonkeyPatch) -> bool:
    """Apply, with Ctrl-C before the step of that number; whether all steps were done before it came."""
    count = 0

    def wrap(name: str) -> None:
        real = getattr(Path, name)

        def step(self: Path, *arguments: object, **options: object) -> object:
            nonlocal count
            count += 1
            if count == moment:
                signal.raise_signal(signal.SIGINT)
            return real(self, *arguments, **options)

        patched.setattr(Path, name, step)

    for name in ("mkdir", "open", "rename", "replace", "unlink", "rmdir"):
        wrap(name)
    try:
        apply(root, wanted)
    except KeyboardInterrupt:
        return False
    return True
