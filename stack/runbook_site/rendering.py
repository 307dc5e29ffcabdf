"""A parsed page as HTML with its placeholders filled. Every value is untrusted; everything is escaped. Pure; no I/O."""

# ruff: noqa: ARG002 - the library calls every rule with the same four arguments

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode

from markdown_it.renderer import RendererHTML
from markupsafe import Markup, escape

from runbook_site.markdown import GUIDES, PAGE_FILE, PLACEHOLDER, Slugs, parser, plain_text
from runbook_site.parsing import fence_kind, written
from runbook_site.values import Values, fill_target, is_web_address, safe_in_code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markdown_it.token import Token
    from markdown_it.utils import OptionsDict

    from runbook_site.parsing import Page

_SERVED = re.compile(rf"({GUIDES}/)?{PAGE_FILE.pattern}")
_KINDS = {"promql": "Query", "sh": "Command", "text": "Example"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """The page's HTML without its title heading; what could not be filled, by name."""

    title: Markup
    title_slug: str
    body: Markup
    unfilled: tuple[str, ...]
    """Placeholders without a value."""
    unset: tuple[str, ...]
    """Placeholders at the beginning of a link that no setting fills; the address may not."""
    refused: tuple[str, ...]
    """Placeholders whose value is not safe in a block that is copied; they are filled in text only."""
    contents: tuple[tuple[str, str], ...]
    """(slug, heading) of each second-level heading."""


def render_html(
    page: Page, values: Mapping[str, str], settings: Mapping[str, str] | None = None, path: str = "Page.md"
) -> Rendered:
    """Fill and render `page`.

    `values` come from the address and are untrusted; `settings` come from the operator, win over values and are the
    only ones that may be the beginning of a link. `path` is the page's place below the runbooks folder
    (`HighErrorRate.md`, `guides/x.md`): links that leave the folder, which the site does not serve, become text.
    """
    renderer = _Renderer(Values.of(values, settings or {}), path, _foldable(page))
    made = parser()
    tokens = made.parse(page.source)
    title, title_slug = Markup(""), ""
    if page.title:  # `parse` took the first heading for it
        at = next(index for index, token in enumerate(tokens) if token.type == "heading_open")
        title = Markup(renderer.render(tokens[at + 1 : at + 2], made.options, {}))  # noqa: S704 - the renderer escapes
        title_slug = renderer.slugs.make(page.title)
        tokens[at : at + 3] = []
    body = Markup(renderer.render(tokens, made.options, {}))  # noqa: S704 - the renderer escapes
    return Rendered(
        title=title,
        title_slug=title_slug,
        body=body,
        unfilled=tuple(renderer.unfilled),
        unset=tuple(renderer.unset),
        refused=tuple(renderer.refused),
        contents=tuple(renderer.contents),
    )


def _foldable(page: Page) -> tuple[int, int] | None:
    """Lines of the generated block's markers, when something stands between them."""
    return (page.facts.begin, page.facts.end) if page.facts and page.facts.text.strip() else None


class _Renderer(RendererHTML):
    """The library calls the method named as the token's type."""

    def __init__(self, values: Values, path: str, folds: tuple[int, int] | None) -> None:
        super().__init__()
        self.slugs = Slugs()
        self.unfilled: dict[str, None] = {}
        self.unset: dict[str, None] = {}
        self.refused: dict[str, None] = {}
        self.contents: list[tuple[str, str]] = []
        self._values = values
        self._folder = posixpath.dirname(path)
        self._folds = folds
        self._closers: list[str] = []

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        content = tokens[idx].content
        if idx == 0 and env.get("item"):
            content = _box(content)
        return self._fill(content, code=False)

    def comment(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """Dropped, but for the generated block, which folds: the reader needs what to do before the reference."""
        token = tokens[idx]
        if self._folds and token.level == 0 and token.map:
            line = token.map[0] + 1
            if line == self._folds[0]:
                return '<details class="facts"><summary>Facts and links</summary>\n'
            if line == self._folds[1]:
                return "</details>\n"
        return ""

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return f"<code>{self._fill(tokens[idx].content, code=True)}</code>"

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return self.fence(tokens, idx, options, env)

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        kind, danger = fence_kind(tokens[idx].info)
        text = tokens[idx].content.rstrip("\n")
        head = f'<span class="kind">{escape(_KINDS.get(kind, kind or "Example"))}</span>'
        if danger:
            head += '<strong class="danger-badge">▲ changes something</strong>'
        if kind == "promql" and (address := self._graph(text)):
            head += f'<a href="{escape(address)}" rel="noreferrer noopener">Run in Prometheus</a>'
        return (
            f'<div class="block{" danger" if danger else ""}" data-copy><div class="block-head">{head}</div>'
            f"<pre><code>{self._fill(text, code=True)}</code></pre></div>\n"
        )

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        heading = plain_text(tokens[idx + 1])
        slug = self.slugs.make(heading)
        if tokens[idx].tag == "h2":
            self.contents.append((slug, heading))
        return f'<{tokens[idx].tag} id="{escape(slug)}">'

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return '<div class="table" tabindex="0" role="region" aria-label="Table"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return "<th>"  # alignment would be a style attribute, which the content policy forbids

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return "<td>"

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return f"<em>{self._fill(tokens[idx].content, code=False)}</em>"

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        target = written(str(tokens[idx].attrs.get("href", "")))
        filled = fill_target(target, self._values)
        if filled is None:
            marks = " ".join(self._open_places(target))
            self._closers.append(f"</span> ({marks})")
            return '<span class="no-link">'
        if is_web_address(filled) or filled.lower().startswith("mailto:"):
            self._closers.append("</a>")
            return f'<a href="{escape(filled)}" rel="noreferrer noopener">'
        address = self._internal(filled)
        if address is None:
            self._closers.append(f'</span> <span class="quiet">({escape(filled)})</span>')
            return '<span class="no-link">'
        self._closers.append("</a>")
        return f'<a href="{escape(address)}">'

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return self._closers.pop()

    def renderInline(self, tokens: Sequence[Token], options: OptionsDict, env: Any) -> str:  # noqa: N802 - the library's own name
        return super().renderInline(tokens, options, {"item": bool(tokens) and tokens[0].type == "text"})

    def _open_places(self, target: str) -> list[str]:
        """The marked placeholders of a link that cannot be filled."""
        marks = []
        for match in PLACEHOLDER.finditer(target):
            name = match.group(1)
            if match.start() == 0 and name not in self._values.settings:
                self._note(self.unset, [name])
            elif self._values.get(name) is None:
                self._note(self.unfilled, [name])
            else:
                continue
            marks.append(f"<mark>{escape(match.group(0))}</mark>")
        return marks

    def _internal(self, target: str) -> str | None:
        """A relative link as the site serves it, with the query string carried over; None when it is not served."""
        rest, hash_sign, fragment = target.partition("#")
        place, _, query = rest.partition("?")
        if not place:
            return target
        if place.startswith("/") or ":" in place.split("/", maxsplit=1)[0] or not place.endswith(".md"):
            return None
        inside = posixpath.normpath(posixpath.join(self._folder, unquote(place)))
        if not _SERVED.fullmatch(inside):
            return None
        queries = "&".join(part for part in (query, self._values.carried()) if part)
        return "/" + quote(inside.removesuffix(".md")) + (f"?{queries}" if queries else "") + hash_sign + fragment

    def _graph(self, query: str) -> str:
        """The query in Prometheus' own page: on a phone there is no shell. Empty when it cannot be filled."""
        base = self._values.settings.get("prometheus", "")
        filled = self._fill_for_code(query)
        if filled is None or not is_web_address(base):
            return ""
        return f"{base.rstrip('/')}/graph?{urlencode({'g0.expr': filled, 'g0.tab': '1'})}"

    def _fill_for_code(self, text: str) -> str | None:
        values = {name: self._values.get(name) for name in PLACEHOLDER.findall(text)}
        if any(value is None or not safe_in_code(value) for value in values.values()):
            return None
        return PLACEHOLDER.sub(lambda match: values[match.group(1)] or "", text)

    def _fill(self, text: str, *, code: bool) -> str:
        """Escaped text with its placeholders filled or marked. One pass: a value's own braces are only text."""
        pieces, at = [], 0
        for match in PLACEHOLDER.finditer(text):
            pieces.append(str(escape(text[at : match.start()])))
            at = match.end()
            value = self._values.get(match.group(1))
            if value is None or (code and not safe_in_code(value)):
                self._note(self.unfilled if value is None else self.refused, [match.group(1)])
                pieces.append(f"<mark>{escape(match.group(0))}</mark>")
            else:
                pieces.append(str(escape(value)))
        pieces.append(str(escape(text[at:])))
        return "".join(pieces)

    @staticmethod
    def _note(where: dict[str, None], names: Sequence[str]) -> None:
        where.update(dict.fromkeys(names))


def _box(text: str) -> str:
    """A task list's box as a sign."""
    for written_box, sign in (("[ ] ", "☐ "), ("[x] ", "☑ "), ("[X] ", "☑ ")):
        if text.startswith(written_box):
            return sign + text[len(written_box) :]
    return text
