"""`python -m first_start --folder DIR`: make the secrets that are missing, and touch none that are there.

Nobody ever has a default password: each installation gets its own, made on its first start. The folder belongs to the
user that this runs as, which is the one that the reading program runs as; nobody else can read it.

With `--readable DIR`, what is below that folder must be readable too. Programs run as users who own none of what is
mounted into them, so a checkout made under a strict umask keeps them out; each would say so in its own way, much later.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

ADMIN_PASSWORD = "admin-password"  # noqa: S105 - the name of a file
SECRET_KEY = "secret-key"  # noqa: S105
_BYTES = {ADMIN_PASSWORD: 18, SECRET_KEY: 32}
_UNAVAILABLE = 3


def main(arguments: list[str] | None = None) -> int:
    """Make what is missing. Returns 0, or 3 where a folder cannot be used."""
    parser = argparse.ArgumentParser(
        prog="first_start", description="Makes Grafana's admin password and secret key once.", allow_abbrev=False
    )
    parser.add_argument("--folder", type=Path, required=True, metavar="DIR", help="where the secrets are kept")
    parser.add_argument("--show", action="store_true", help="print the admin password and make nothing")
    parser.add_argument("--readable", type=Path, metavar="DIR", help="fail unless everything below it can be read")
    options = parser.parse_args(arguments)
    closed = _closed(options.readable) if options.readable else ()
    names = sorted({_checkout_folder(options.readable, path) for path in closed})
    if names:
        sys.stderr.write(
            f"first_start: the containers' users cannot read all of {', '.join(names)} — "
            "`chmod -R go+rX alerts dashboards runbooks stack` where docker-compose.yml is lets them.\n"
        )
        return _UNAVAILABLE
    try:
        if options.show:
            sys.stdout.write((options.folder / ADMIN_PASSWORD).read_text(encoding="utf-8") + "\n")
        else:
            for name, size in _BYTES.items():
                _make(options.folder / name, size)
    except OSError as error:
        sys.stderr.write(
            f"first_start: {error.filename} cannot be used ({error.strerror}); "
            "it must belong to the user this runs as — a volume made anew does.\n"
        )
        return _UNAVAILABLE
    return 0


def _closed(path: Path) -> Iterator[Path]:
    """What this process cannot read, or enter: the path itself, or what is below it.

    A folder that cannot be entered hides what is below it, and stands for that. The kernel is asked, because modes do
    not tell everything: some engines share folders from a machine on which the containers' users mean nothing.
    """
    if not os.access(path, os.R_OK | os.X_OK if path.is_dir() else os.R_OK):
        yield path
    elif path.is_dir():
        for below in sorted(path.iterdir()):
            yield from _closed(below)


def _checkout_folder(root: Path, path: Path) -> str:
    """The folder of the checkout that a path is in, such as `alerts`."""
    parts = path.relative_to(root).parts
    return f"{parts[0]}/" if parts else f"{root}/"


def _make(path: Path, size: int) -> None:
    """Write a new secret beside and link it into place: it is there whole or not at all, and never replaced."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w", encoding="utf-8") as out:
        out.write(secrets.token_urlsafe(size))
        out.flush()
        os.fsync(out.fileno())
    try:
        path.hardlink_to(fresh)
        sys.stderr.write(f"first_start: made {path.name}\n")
    except FileExistsError:
        sys.stderr.write(f"first_start: {path.name} is there already\n")
    finally:
        fresh.unlink()


if __name__ == "__main__":
    sys.exit(main())
