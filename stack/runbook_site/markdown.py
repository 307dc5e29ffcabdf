"""The Markdown that runbooks are written in: CommonMark with tables, without HTML; comments are dropped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

PLACEHOLDER = re.compile(r"\{\{[ ]*([A-Za-z_][A-Za-z0-9_]{0,63})[ ]*\}\}")
COMMENT = "comment"
GUIDES = "guides"
"""The one folder below that of the pages."""
PAGE_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.md")
"""The file names that are served."""


def parser() -> MarkdownIt:
    """A parser that makes `comment` tokens of comments and text of all other HTML."""
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    made.block.ruler.before("html_block", COMMENT, _comment_block, {"alt": ["paragraph", "reference", "blockquote"]})
    made.inline.ruler.before("html_inline", COMMENT, _comment_inline)
    return made


def plain_text(inline: Token) -> str:
    """The words of a heading or a paragraph without their markup; line ends become spaces."""
    words = []
    for child in inline.children or []:
        if child.type in {"text", "code_inline", "image"}:
            words.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            words.append(" ")
    return "".join(words).strip()


class Slugs:
    """Anchors of one page's headings, made as GitHub makes them, so that a link works there and here."""

    def __init__(self) -> None:
        """No heading was seen yet."""
        self._seen: dict[str, int] = {}

    def make(self, heading: str) -> str:
        """Lower case, spaces to hyphens, punctuation gone; a repeated one gets `-1`, `-2`."""
        base = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        slug = base
        while slug in self._seen:
            self._seen[base] += 1
            slug = f"{base}-{self._seen[base]}"
        self._seen[slug] = 0
        return slug


def _comment_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A comment that begins a line and after whose end nothing follows. One that is never closed stays visible."""
    position = state.bMarks[start] + state.tShift[start]
    if state.is_code_block(start) or not state.src.startswith("<!--", position):
        return False
    closing = state.src.find("-->", position + 4, state.eMarks[end - 1])
    if closing < 0:
        return False
    last = next(line for line in range(start, end) if state.eMarks[line] >= closing + 3)
    if state.src[closing + 3 : state.eMarks[last]].strip():
        return False
    if silent:
        return True
    token = state.push(COMMENT, "", 0)
    token.content = state.src[position + 4 : closing].strip()
    token.map = [start, last + 1]
    state.line = last + 1
    return True


def _comment_inline(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("<!--", state.pos):
        return False
    closing = state.src.find("-->", state.pos + 4, state.posMax)
    if closing < 0:
        return False
    if not silent:
        token = state.push(COMMENT, "", 0)
        token.content = state.src[state.pos + 4 : closing]
    state.pos = closing + 3
    return True
