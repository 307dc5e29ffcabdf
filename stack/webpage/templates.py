"""Jinja2 environments: everything is escaped, a name that is not there is an error."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_SHARED = Path(__file__).parent / "templates"


def environment(directory: Path) -> Environment:
    """Templates of `directory`, and those that all programs share (`layout.html`)."""
    return Environment(
        loader=FileSystemLoader([directory, _SHARED]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
