"""Writing many files as one change: all of them or none, whatever interrupts.

New contents are staged beside the old ones in a journal folder, the journal is sealed by one rename, and only then do
the files change place, each by a rename. A run that finds a sealed journal completes it; an unsealed one is rolled
back, which is to delete it, because nothing had changed yet.
"""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import orjson

from slostack.interruption import held_back

MANIFEST = "alerts/.generated"  # the generated files, so that a later run can remove what is not generated any more
_JOURNAL = ".slostack-journal"
_SEAL = "sealed.json"


class WriteError(Exception):
    """The files cannot be written; the message says which and why, and that nothing was changed."""


@dataclass(frozen=True)
class Change:
    """One file that differs from what would be generated. `old` or `new` is None where the file is absent."""

    path: str
    old: bytes | None
    new: bytes | None

    @property
    def verb(self) -> Literal["new", "changed", "removed"]:
        """What happens to the file."""
        if self.old is None:
            return "new"
        return "removed" if self.new is None else "changed"

    def diff(self) -> str:
        """A unified diff; binary content does not occur."""
        old, new = ((side or b"").decode("utf-8", "replace").splitlines(keepends=True) for side in (self.old, self.new))
        return "".join(difflib.unified_diff(old, new, f"a/{self.path}", f"b/{self.path}"))


def changes(
    root: Path, files: dict[str, bytes], kept: frozenset[str] = frozenset(), gone: frozenset[str] = frozenset()
) -> list[Change]:
    """What writing `files` below `root` would change, in path order.

    Files that an earlier run generated and this one does not are removed. `kept` are pages in which people write:
    they are changed but never removed, and so stay out of the manifest. `gone` are those to remove all the same.
    """
    wanted = dict(files)
    wanted[MANIFEST] = "".join(f"{path}\n" for path in sorted(set(files) - kept)).encode()
    out = []
    for path in sorted(set(wanted) | _stale(root, wanted) | gone):
        old = _read(root / path)
        new = wanted.get(path)
        if old != new:
            out.append(Change(path, old, new))
    return out


def foreign(root: Path, wanted: list[Change], ours: Callable[[Change], bool]) -> list[str]:
    """The paths of files that would be overwritten and that no earlier run has written.

    Known are those that the manifest names, and those of which `ours` says so by their text: a manifest can get lost.
    """
    listed = _listed(root)
    return [
        change.path
        for change in wanted
        if change.verb == "changed" and change.path != MANIFEST and change.path not in listed and not ours(change)
    ]


def apply(root: Path, wanted: list[Change]) -> None:
    """Make the changes below `root`, all or none. Raises WriteError."""
    if not wanted:
        return
    made = _missing(root)
    try:
        with _locked(root):
            _recover(root)
            try:
                _stage(root, wanted, made)
                with held_back():
                    (root / _JOURNAL / "unsealed.json").rename(root / _JOURNAL / _SEAL)
                    _sync(root / _JOURNAL)
                    _complete(root)
            except BaseException:  # Ctrl-C too
                with held_back():
                    _roll_back(root, made)
                raise
    except OSError as error:
        where = error.filename or root
        raise WriteError(f"cannot write {where}: {error.strerror} — make it writable, then run again") from error


def interrupted(root: Path) -> bool:
    """Whether an interrupted run left something below `root` that `recover` would change. Raises WriteError.

    Nothing is changed; a run that goes on at this moment is waited for.
    """
    if not (root / _JOURNAL).exists():
        return False
    try:
        with _locked(root):
            return (root / _JOURNAL).exists()
    except OSError as error:
        raise WriteError(f"cannot read {root}: {error.strerror} — make it readable, then run again") from error


def recover(root: Path) -> None:
    """Complete or roll back what an interrupted run left below `root`. Raises WriteError."""
    if not (root / _JOURNAL).exists():
        return
    try:
        with _locked(root):
            _recover(root)
    except OSError as error:
        raise WriteError(
            f"cannot complete an interrupted run in {root}: {error.strerror} — make it writable, then run again"
        ) from error


def _stage(root: Path, wanted: list[Change], made: list[Path]) -> None:
    """Write the new contents into the journal. Folders that this makes are added to `made`, outer ones first."""
    journal = root / _JOURNAL
    journal.mkdir()
    steps = []
    for number, change in enumerate(wanted):
        if change.new is None:
            steps.append({"path": change.path, "staged": None})
            continue
        folder = (root / change.path).parent
        made += _missing(folder)
        folder.mkdir(parents=True, exist_ok=True)
        _write(journal / str(number), change.new)
        steps.append({"path": change.path, "staged": str(number)})
    _write(journal / "unsealed.json", orjson.dumps(steps))


def _roll_back(root: Path, made: list[Path]) -> None:
    """Remove an unsealed journal and the folders that were made for it. A sealed one is for the next run."""
    if (root / _JOURNAL / _SEAL).exists():
        return
    shutil.rmtree(root / _JOURNAL, ignore_errors=True)
    for folder in reversed(made):
        with contextlib.suppress(OSError):  # someone else has put a file into it
            folder.rmdir()


def _missing(folder: Path) -> list[Path]:
    """The folder and those above it, as far as they are not there; the outermost first."""
    return [one for one in reversed([folder, *folder.parents]) if not one.exists()]


def _recover(root: Path) -> None:
    if (root / _JOURNAL / _SEAL).exists():
        _complete(root)
    elif (root / _JOURNAL).exists():
        shutil.rmtree(root / _JOURNAL)


def _complete(root: Path) -> None:
    journal = root / _JOURNAL
    folders = set()
    for step in orjson.loads((journal / _SEAL).read_bytes()):
        target = root / step["path"]
        folders.add(target.parent)
        if step["staged"] is None:
            target.unlink(missing_ok=True)
        elif (journal / step["staged"]).exists():  # else an interrupted run moved it already
            (journal / step["staged"]).replace(target)
    for folder in folders:
        _sync(folder)
        with contextlib.suppress(OSError):  # a folder with files in it stays
            folder.rmdir()
    (journal / _SEAL).unlink()
    shutil.rmtree(journal)


def _stale(root: Path, wanted: dict[str, bytes]) -> set[str]:
    return {path for path in _listed(root) if path not in wanted and _inside(path) and (root / path).is_file()}


def _listed(root: Path) -> frozenset[str]:
    """The paths that the manifest names."""
    manifest = _read(root / MANIFEST)
    return frozenset(manifest.decode("utf-8", "replace").splitlines()) if manifest else frozenset()


def _inside(path: str) -> bool:
    parts = PurePosixPath(path)
    return bool(path) and not parts.is_absolute() and ".." not in parts.parts


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise WriteError(f"cannot read {path}: {error.strerror} — it stands where a generated file belongs") from error


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[None]:
    """One writer at a time below `root`; a second one waits."""
    root.mkdir(parents=True, exist_ok=True)
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
