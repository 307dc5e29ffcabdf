"""`python -m archive pack DIR > FILE` and `python -m archive unpack DIR < FILE`.

Runs as the user that the folder belongs to, so that neither direction needs root. Unpacking replaces what is there, and
only after the whole stream has arrived and proved whole: half a backup changes nothing.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import sys
import tarfile
from pathlib import Path

_ARRIVING = ".arriving"  # beside what it will replace, on the same file system
_BROKEN = 3


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
    """Replace what is below `folder` by the stream on standard input. Raises TarError or OSError, with nothing lost."""
    arriving = folder / _ARRIVING
    shutil.rmtree(arriving, ignore_errors=True)
    arriving.mkdir()
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|gz") as archive:
        archive.extractall(arriving, filter="data")
    if not any(arriving.iterdir()):
        raise tarfile.ReadError("it is empty")
    for old in folder.iterdir():
        if old != arriving:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    for new in arriving.iterdir():
        new.rename(folder / new.name)
    arriving.rmdir()


def main(arguments: list[str] | None = None) -> int:
    """Pack or unpack. Returns 0, or 3 where the stream or the folder is broken."""
    parser = argparse.ArgumentParser(prog="archive", description="Saves and restores a folder.", allow_abbrev=False)
    parser.add_argument("what", choices=["pack", "unpack"])
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    try:
        (pack if options.what == "pack" else unpack)(options.folder)
    except (OSError, EOFError, tarfile.TarError) as error:
        shutil.rmtree(options.folder / _ARRIVING, ignore_errors=True)
        sys.stderr.write(f"archive: {options.folder} cannot be {options.what}ed: {error}\n")
        return _BROKEN
    return 0


if __name__ == "__main__":
    sys.exit(main())
