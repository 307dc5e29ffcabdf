"""Numbers of things, as sentences say them."""

from __future__ import annotations


def counted(number: int, thing: str) -> str:
    """`1 file`, `0 files`, `2 files`: a number with its noun, which takes an s in the plural."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
