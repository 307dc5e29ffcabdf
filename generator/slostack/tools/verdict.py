"""What a checking program thinks of a file: data, because a finding is not a failure of the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slostack.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from slostack.tools.process import Outcome


@dataclass(frozen=True)
class Verdict:
    """`ok`, and in the program's own words what is wrong (empty when `ok`)."""

    ok: bool
    problems: str


def must_exist(files: Iterable[Path]) -> None:
    """Refuse a file that is not there before a program answers with its usage text.

    Raises:
        ToolError: a file is missing.
    """
    for file in files:
        if not file.is_file():
            msg = f"{file} is not there; run `slostack generate` first"
            raise ToolError(msg)


def broke(program: str, done: Outcome) -> ToolError:
    """The error for a program that ended in a way that is neither yes nor no."""
    lines = done.text.splitlines()
    return ToolError(
        f"{program} broke with exit code {done.code} ({lines[-1] if lines else 'no output'}); "
        f"see that it is a working {program}, or set SLOSTACK_{program.upper()} to one"
    )
