"""Problems that are found in what people write, and how they read: as text, for GitHub, as JSON.

Every checker makes `Problem`s, and `render` prints them, errors first and by place, so that all of them look the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import click
import orjson

Level = Literal["error", "warning"]
Format = Literal["text", "github", "json"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where, and how to mend it.

    `code` names the check and its page `docs/checks/<code>.md`. `sentence` and `remedy` are plain text without a full
    stop. `line` and `column` count from one; a whole file is at 1:1. `source` is the text of that line, if known.
    """

    code: str
    sentence: str
    remedy: str
    file: str
    line: int = 1
    column: int = 1
    severity: Level = "error"
    source: str | None = None

    @property
    def page(self) -> str:
        """The documentation page that explains the check, relative to the root of the repository."""
        return f"docs/checks/{self.code}.md"

    @property
    def message(self) -> str:
        """The sentence and its remedy on one line, safe to print."""
        return printable(f"{self.sentence} — {self.remedy}" if self.remedy else self.sentence)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """The problems without duplicates, by file, line and column."""
    return sorted(set(problems), key=lambda p: (p.file, p.line, p.column, p.code, p.sentence, p.remedy))


def failing(problems: Iterable[Problem], strict: bool = False) -> bool:
    """Whether any of them is an error; with `strict`, whether there is any at all."""
    return any(strict or problem.severity == "error" for problem in problems)


def render(problems: Iterable[Problem], form: Format = "text", *, colour: bool = False, source: bool = False) -> str:
    """The problems as text that ends in a newline (empty for none; `[]` as JSON).

    Errors come before warnings, so that what must be mended is not lost among what may be. `colour` and `source` (the
    offending line with a caret below) are for the text form on a terminal.
    """
    ordered = sorted(in_order(problems), key=lambda problem: problem.severity != "error")
    if form == "json":
        return orjson.dumps([_record(problem) for problem in ordered], option=orjson.OPT_INDENT_2).decode() + "\n"
    if form == "github":
        return "".join(_workflow_command(problem) + "\n" for problem in ordered)
    return "".join(_text(problem, colour, source) + "\n" for problem in ordered)


def printable(text: str) -> str:
    """`text` on one line, with control and invisible characters shown as escapes: it may come from anywhere."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _record(problem: Problem) -> dict[str, str | int]:
    return {
        "file": _encodable(problem.file),
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity,
        "code": problem.code,
        "sentence": _encodable(problem.sentence),
        "remedy": _encodable(problem.remedy),
        "page": problem.page,
    }


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _workflow_command(problem: Problem) -> str:
    """GitHub's workflow command; see "Workflow commands for GitHub Actions" in GitHub's documentation."""

    def property_(value: str) -> str:
        return _data(value).replace(":", "%3A").replace(",", "%2C")

    return (
        f"::{problem.severity} file={property_(problem.file)},line={problem.line},col={problem.column},"
        f"title={property_(problem.code)}::{_data(problem.message)}"
    )


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _text(problem: Problem, colour: bool, source: bool) -> str:
    def styled(text: str, **style: str | bool) -> str:
        return click.style(text, **style) if colour else text  # type: ignore[arg-type]

    paint = "red" if problem.severity == "error" else "yellow"
    place = styled(f"{printable(problem.file)}:{problem.line}:{problem.column}:", bold=True)
    word = "" if problem.severity == "error" else styled("warning: ", fg=paint)
    lines = [f"{place} {word}{styled(problem.code + ':', fg=paint)} {problem.message}"]
    if source and problem.source is not None:
        shown, caret = _excerpt(problem.source, problem.column)
        lines += [f"    {shown}", "    " + " " * caret + styled("^", fg=paint, bold=True)]
    return "\n".join(lines)


def _excerpt(line: str, column: int, width: int = 100) -> tuple[str, int]:
    """The part of a line around a column that fits a terminal, and the cell of the caret in it."""
    start = max(0, min(column - 1 - width // 2, len(line) - width))
    before = printable(line[start : column - 1].replace("\t", " "))
    after = printable(line[column - 1 : start + width].replace("\t", " "))
    cells = sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in before)
    return before + after, cells
