"""What tests see of the stand-in for `docker`, and what they do to it."""

from __future__ import annotations

from pathlib import Path


def contents(engine: Path) -> dict[str, bytes]:
    files = (engine / "volumes").rglob("data")
    return {path.parent.name.removeprefix("of-test_"): path.read_bytes() for path in files}


def change(engine: Path) -> dict[str, bytes]:
    """Let every volume hold something newer, and forget what was asked so far."""
    for path in (engine / "volumes").rglob("data"):
        path.write_bytes(b"newer")
    (engine / "asked").unlink()
    return contents(engine)


def asked(engine: Path) -> str:
    """Every command line that the stand-in got."""
    return (engine / "asked").read_text(encoding="utf-8")


def is_down(engine: Path) -> list[str]:
    """The services that the stand-in has stopped and not started again."""
    return (engine / "down").read_text().split()


def quiet(_text: str) -> None:
    """Nobody watches."""
