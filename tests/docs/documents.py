"""The documentation as data: its pages, sections, tables and code blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]

_FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>[^\n`]*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Block:
    """A fenced block: its kind (`yaml`, `sh danger`), its text, and the line on which it begins."""

    page: Path
    kind: str
    text: str
    line: int

    @property
    def id(self) -> str:
        """Where it stands, as a test's name."""
        return f"{self.page.name}:{self.line}"

    @property
    def of_a_spec(self) -> bool:
        """Whether it is a spec or part of one: another file says its name in its first line."""
        return self.kind == "yaml" and not re.match(r"# \S+\.yml\n", self.text)


@dataclass(frozen=True)
class Table:
    """A table: the heading and the last line of text above it, its head and its rows."""

    heading: str
    above: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def first_column(self) -> list[str]:
        """What the first column names, without the marks of code."""
        return [row[0].strip("`") for row in self.rows]


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, match["kind"].strip(), match["text"], text.count("\n", 0, match.start()) + 1)
        for match in _FENCE.finditer(text)
    ]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def tables(page: Path) -> list[Table]:
    """Every table of a page, in order."""
    out: list[Table] = []
    heading = above = ""
    rows: list[tuple[str, ...]] = []
    for line in [*prose(page).splitlines(), ""]:
        if line.startswith("|"):
            rows.append(tuple(cell.strip().replace("\\|", "|") for cell in _CELL.split(line.strip())[1:-1]))
            continue
        if rows:
            out.append(Table(heading, above, rows[0], tuple(rows[2:])))
            rows = []
        if line.startswith("#"):
            heading, above = line.lstrip("# "), ""
        elif line.strip():
            above = line
    return out


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as Git hosts make them."""
    found = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}
