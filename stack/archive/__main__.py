"""`python -m archive pack DIR > FILE`, `python -m archive unpack DIR < FILE` and `python -m archive empty DIR`.

Runs as the user that the folder belongs to, so that neither direction needs root. Unpacking replaces what is there, and
only after the whole stream has arrived and proved whole: half a backup changes nothing.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import sys
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

_ARRIVING = ".arriving"  # beside what it will replace, on the same file system
_BROKEN = 3
_PIECE = 1 << 20  # bytes read at once
_ERRORS = (OSError, EOFError, tarfile.TarError, zlib.error)  # the disk's, and a broken stream's


def pack(folder: Path) -> None:
    """Write everything below `folder` to standard output as a compressed tar stream."""
    with (
        gzip.open(sys.stdout.buffer, "wb", compresslevel=1) as squeezed,  # most of it is compressed already
        tarfile.open(fileobj=squeezed, mode="w|") as archive,
    ):
        for path in sorted(folder.iterdir()):
            if path.name not in {_ARRIVING, "lock", "LOCK"}:  # a lock is the running program's, not data
                archive.add(path, arcname=path.name)


def unpack(folder: Path) -> None:
    """Replace what is below `folder` by the stream on standard input. Raises one of `_ERRORS`, with nothing lost."""
    arriving = folder / _ARRIVING
    shutil.rmtree(arriving, ignore_errors=True)
    arriving.mkdir()
    with gzip.open(sys.stdin.buffer) as squeezed:
        with tarfile.open(fileobj=squeezed, mode="r|") as archive:
            archive.extractall(arriving, filter="data")
        while squeezed.read(_PIECE):  # the checksum stands at the very end; tarfile does not read that far
            continue
    empty(folder, but=arriving)
    for new in arriving.iterdir():
        new.rename(folder / new.name)
    arriving.rmdir()


def empty(folder: Path, but: Path | None = None) -> None:
    """Remove everything below `folder`, except for `but`. Raises OSError."""
    for old in folder.iterdir():
        if old != but:
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()


_WORK: dict[str, tuple[Callable[[Path], None], str]] = {
    "pack": (pack, "packed"),
    "unpack": (unpack, "unpacked"),
    "empty": (empty, "emptied"),
}


def main(arguments: list[str] | None = None) -> int:
    """Pack, unpack or empty. Returns 0, or 3 where the stream or the folder is broken."""
    parser = argparse.ArgumentParser(
        prog="archive", description="Saves, restores and empties a folder.", allow_abbrev=False
    )
    parser.add_argument("what", choices=sorted(_WORK))
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    work, done = _WORK[options.what]
    try:
        work(options.folder)
    except _ERRORS as error:
        shutil.rmtree(options.folder / _ARRIVING, ignore_errors=True)
        sys.stderr.write(f"archive: {options.folder} cannot be {done}: {error}\n")
        return _BROKEN
    return 0


if __name__ == "__main__":
    sys.exit(main())
