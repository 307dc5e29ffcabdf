"""`python -m first_start --folder DIR`: make the secrets that are missing, and touch none that are there.

Nobody ever has a default password: each installation gets its own, made on its first start. The folder belongs to the
user that this runs as, which is the one that the reading program runs as; nobody else can read it.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from pathlib import Path

ADMIN_PASSWORD = "admin-password"  # noqa: S105 - the name of a file
SECRET_KEY = "secret-key"  # noqa: S105
_BYTES = {ADMIN_PASSWORD: 18, SECRET_KEY: 32}
_UNAVAILABLE = 3


def main(arguments: list[str] | None = None) -> int:
    """Make what is missing. Returns 0, or 3 where the folder cannot be used."""
    parser = argparse.ArgumentParser(
        prog="first_start", description="Makes Grafana's admin password and secret key once.", allow_abbrev=False
    )
    parser.add_argument("--folder", type=Path, required=True, metavar="DIR", help="where the secrets are kept")
    parser.add_argument("--show", action="store_true", help="print the admin password and make nothing")
    options = parser.parse_args(arguments)
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
