"""A runbook page as data: what a checker asks about, with line numbers. Pure; no I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from runbook_site.markdown import COMMENT, PLACEHOLDER, Slugs, parser, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

DRAFT = "slostack:draft"
FACTS_BEGIN = "slostack:facts begin"
FACTS_END = "slostack:facts end"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it, deeper headings included. `line` is the heading's, from 1."""

    heading: str
    level: int
    slug: str
    line: int
    body: str
    """Markdown source, without the heading."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A code block. `kind` is the first word after the fence (`promql`, `sh`, `text`; empty if there is none)."""

    kind: str
    danger: bool
    """The block changes something: the word `danger` follows the kind."""
    text: str
    line: int
    """Line of the opening fence, from 1; the text begins on the next one."""
    section: str
    """Heading of the section it stands in; empty before the first."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link or image; `target` as written, placeholders included."""

    target: str
    text: str
    line: int
    image: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment's text without its marks, its first and its last line."""

    text: str
    line: int
    last: int


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`{{name}}` and where it stands."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Facts:
    """The generated block: lines of its two markers, from 1, and the Markdown between them."""

    begin: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page. `facts` is None when there is no complete pair of markers."""

    source: str
    title: str
    preamble: str
    """Markdown between the title and the first section."""
    sections: tuple[Section, ...]
    fences: tuple[Fence, ...]
    links: tuple[Link, ...]
    comments: tuple[Comment, ...]
    placeholders: tuple[Placeholder, ...]
    facts: Facts | None
    draft: bool
    slugs: frozenset[str]
    """Every anchor of the page, the title's included."""

    def section(self, heading: str) -> Section | None:
        """The first section with that heading, whatever its case."""
        return next((part for part in self.sections if part.heading.casefold() == heading.casefold()), None)


@dataclass(frozen=True, slots=True)
class _Heading:
    text: str
    level: int
    slug: str
    begin: int
    end: int


def parse(text: str) -> Page:
    """Read a page. Never fails: whatever is missing is empty. Line numbers count from 1."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "�")
    lines = text.split("\n")
    tokens = parser().parse(text)
    headings = list(_headings(tokens))
    title = headings[0] if headings and headings[0].level == 1 else None
    rest = headings[1:] if title else headings
    comments = tuple(_comments(tokens))
    first = rest[0].begin if rest else len(lines)
    return Page(
        source=text,
        title=title.text if title else "",
        preamble="\n".join(lines[title.end if title else 0 : first]).strip(),
        sections=tuple(_sections(rest, lines)),
        fences=tuple(_fences(tokens)),
        links=tuple(_links(tokens)),
        comments=comments,
        placeholders=tuple(_placeholders(tokens)),
        facts=_facts(comments, lines),
        draft=any(comment.text.startswith(DRAFT) for comment in comments),
        slugs=frozenset(heading.slug for heading in headings),
    )


def first_sentence(markdown: str) -> str:
    """The first sentence of the first paragraph, as plain text; empty when there is none."""
    tokens = parser().parse(markdown)
    for index, token in enumerate(tokens):
        if token.type == "paragraph_open":
            words = " ".join(plain_text(tokens[index + 1]).split())
            if words:
                end = re.search(r"[.!?](?=\s|$)", words)
                return words[: end.end()] if end else words
    return ""


def _headings(tokens: Sequence[Token]) -> Iterator[_Heading]:
    slugs = Slugs()
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.map:
            text = plain_text(tokens[index + 1])
            yield _Heading(text, int(token.tag[1]), slugs.make(text), token.map[0], token.map[1])


def _sections(headings: Sequence[_Heading], lines: Sequence[str]) -> Iterator[Section]:
    for index, heading in enumerate(headings):
        later = (other.begin for other in headings[index + 1 :] if other.level <= heading.level)
        body = "\n".join(lines[heading.end : next(later, len(lines))]).strip()
        yield Section(heading.text, heading.level, heading.slug, heading.begin + 1, body)


def _fences(tokens: Sequence[Token]) -> Iterator[Fence]:
    section, level_one_seen = "", False
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            if token.tag != "h1" or level_one_seen:
                section = plain_text(tokens[index + 1])
            level_one_seen = True
        elif token.type in {"fence", "code_block"} and token.map:
            kind, danger = fence_kind(token.info)
            yield Fence(kind, danger, token.content, token.map[0] + 1, section)


def fence_kind(info: str) -> tuple[str, bool]:
    """`sh danger` → (`sh`, True)."""
    words = info.split()
    return (words[0].lower() if words else ""), "danger" in words[1:]


def _leaves(tokens: Sequence[Token]) -> Iterator[tuple[Token, int]]:
    """Every token that holds text, with its line from 1. Cells of a table have their row's line."""
    line = 0
    for token in tokens:
        if token.map:
            line = token.map[0]
        if token.type == "inline":
            here = line
            for child in token.children or []:
                yield child, here + 1
                here += child.type in {"softbreak", "hardbreak"} or child.content.count("\n")
        else:
            yield token, line + 1


def _comments(tokens: Sequence[Token]) -> Iterator[Comment]:
    for token, line in _leaves(tokens):
        if token.type == COMMENT:
            last = token.map[1] if token.map else line + token.content.count("\n")
            yield Comment(token.content.strip(), line, last)


def _links(tokens: Sequence[Token]) -> Iterator[Link]:
    target, words, at = "", [""], 0
    for token, line in _leaves(tokens):
        if token.type == "link_open":
            target, words, at = written(str(token.attrs.get("href", ""))), [], line
        elif token.type == "link_close":
            yield Link(target, "".join(words), at)
        elif token.type == "image":
            yield Link(written(str(token.attrs.get("src", ""))), token.content, line, image=True)
        elif token.type in {"text", "code_inline"}:
            words.append(token.content)


def written(target: str) -> str:
    """A link's target with its placeholders as they were written: the parser percent-encodes braces."""
    return re.sub(r"%7B%7B(?:%20)*\w+(?:%20)*%7D%7D", lambda match: unquote(match.group(0)), target)


def _placeholders(tokens: Sequence[Token]) -> Iterator[Placeholder]:
    for token, line in _leaves(tokens):
        if token.type in {"text", "code_inline", "fence", "code_block"}:
            first = line + (token.type == "fence")
            for match in PLACEHOLDER.finditer(token.content):
                yield Placeholder(match.group(1), first + token.content.count("\n", 0, match.start()))
        elif token.type == "link_open":
            for match in PLACEHOLDER.finditer(written(str(token.attrs.get("href", "")))):
                yield Placeholder(match.group(1), line)


def _facts(comments: Sequence[Comment], lines: Sequence[str]) -> Facts | None:
    begin = next((item for item in comments if item.text.startswith(FACTS_BEGIN)), None)
    if begin is None:
        return None
    end = next((item for item in comments if item.text.startswith(FACTS_END) and item.line > begin.last), None)
    return Facts(begin.line, end.line, "\n".join(lines[begin.last : end.line - 1])) if end else None
