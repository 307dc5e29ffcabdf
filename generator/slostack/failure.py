"""How a command ends when it cannot do its work."""

from __future__ import annotations

FINDINGS = 1  # something was found that has to be mended
USAGE = 2  # wrong usage, or input that cannot be read
MISSING = 3  # a needed tool or server is missing or broken


class Failure(Exception):  # noqa: N818 - a command fails; an error is what a person made
    """One sentence with its remedy, and the exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code
