"""YAML text as a tree of nodes that know where they stand. YAML 1.2 core: `on`, `1:30` and `012` are text.

The tree is built from the events of libyaml's parser, which needs no stack: a hostile file is refused, it does not
crash. Aliases share nodes, so what an anchor names has one position, that of its text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

MAX_DEPTH = 60
MAX_ALIASED = 100_000  # nodes that aliases may add to those that are written


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the text: line and column count from one, `index` from zero, in characters."""

    line: int
    column: int
    index: int


@dataclass(slots=True)
class Scalar:
    """A scalar as written; `style` is empty for a plain one, else its quote or block sign."""

    start: Mark
    text: str
    style: str


@dataclass(slots=True)
class Sequence:
    """A list."""

    start: Mark
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """A mapping: each key with its own place and its value."""

    start: Mark
    entries: dict[str, tuple[Mark, Node]] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping
Report = Callable[[Mark, str, str, str], None]
"""Takes a mistake: its mark, code, sentence and remedy."""

START = Mark(1, 1, 0)
_MERGE = "\0<<"  # no key of a file can be this

_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}


class BrokenTextError(Exception):
    """The text cannot be read further; the mistake has been reported."""


def value_of(scalar: Scalar) -> str | int | bool | None:
    """What a scalar means in YAML 1.2's core schema; fractions stay text, so that 99.90 stays exact."""
    text = scalar.text
    if scalar.style:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    return int(text) if _INT.fullmatch(text) else text


def data_of(node: Node) -> Any:
    """The node as plain dictionaries, lists and scalars."""
    if isinstance(node, Scalar):
        return value_of(node)
    if isinstance(node, Sequence):
        return [data_of(item) for item in node.items]
    return {key: data_of(value) for key, (_, value) in node.entries.items()}


def build(text: str, report: Report) -> Node | None:
    """The tree of the only document in `text`, or None where there is none; mistakes go to `report`.

    Raises BrokenTextError where the rest of the text makes no sense after a mistake.
    """
    return _Builder(text, report).run()


@dataclass(slots=True)
class _Open:
    """A collection that is being filled: of a mapping, the key that waits for its value (skipped if unusable)."""

    node: Sequence | Mapping
    anchor: str | None
    key: tuple[Mark, str] | None = None
    skip: bool = False
    size: int = 1
    merged: list[Node] = field(default_factory=list)


class _Builder:
    def __init__(self, text: str, report: Report) -> None:
        self._text = text
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._report = report
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._root: Node | None = None
        self._documents = 0
        self._aliased = 0

    def run(self) -> Node | None:
        parser = yaml.CSafeLoader(self._text)
        try:
            while parser.check_event():
                self._take(parser.get_event())
        except yaml.YAMLError as error:
            self._syntax(error)
        finally:
            parser.dispose()
        return self._root

    def _mark(self, index: int) -> Mark:
        """The place of a character. libyaml's own lines also end at signs that no editor takes for a line's end."""
        line = bisect_left(self._breaks, index)
        return Mark(line + 1, index - (self._breaks[line - 1] if line else -1), index)

    def _take(self, event: Any) -> None:
        mark = self._mark(event.start_mark.index)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(mark, "documents", "the file holds several YAML documents", "keep one spec per file")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(mark, event.anchor or "")
        elif isinstance(event, yaml.ScalarEvent):
            self._tagged(mark, event.tag)
            style = event.style or ""
            self._add(Scalar(mark, event.value, "" if style == "\0" else style), event.anchor, 1)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._tagged(mark, event.tag)
            self._open(mark, event)

    def _open(self, mark: Mark, event: Any) -> None:
        if len(self._stack) >= MAX_DEPTH:
            self._stop(
                mark, "syntax", f"there are more than {MAX_DEPTH} levels here", "close the brackets, or nest less"
            )
        node = Mapping(mark) if isinstance(event, yaml.MappingStartEvent) else Sequence(mark)
        self._stack.append(_Open(node, event.anchor))

    def _close(self) -> None:
        done = self._stack.pop()
        # The mistake has been reported; merging nevertheless keeps it from causing others.
        for other in done.merged:
            if isinstance(other, Mapping) and isinstance(done.node, Mapping):
                done.node.entries = {**other.entries, **done.node.entries}
        self._add(done.node, done.anchor, done.size)

    def _alias(self, mark: Mark, name: str) -> None:
        if any(level.anchor == name for level in self._stack):
            self._stop(mark, "alias", f"`*{name}` stands inside what it names and so contains itself", "write it out")
        if name not in self._anchors:
            self._stop(
                mark, "alias", f"`*{name}` names no anchor above it", f"write `&{name}` before the value it means"
            )
        node, size = self._anchors[name]
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            self._stop(mark, "alias", f"aliases add more than {MAX_ALIASED} values here", "write less by alias")
        self._add(node, None, size)

    def _add(self, node: Node, anchor: str | None, size: int) -> None:
        if anchor:
            self._anchors[anchor] = (node, size)
        if not self._stack:
            self._root = node
            return
        parent = self._stack[-1]
        parent.size += size
        if isinstance(parent.node, Sequence):
            parent.node.items.append(node)
        elif parent.skip:
            parent.skip = False
        elif parent.key is not None and parent.key[1] == _MERGE:
            parent.merged += node.items if isinstance(node, Sequence) else [node]
            parent.key = None
        elif parent.key is None:
            self._key(parent, parent.node, node)
        else:
            parent.node.entries[parent.key[1]] = (parent.key[0], node)
            parent.key = None

    def _key(self, parent: _Open, mapping: Mapping, node: Node) -> None:
        if not isinstance(node, Scalar):
            self._report(node.start, "syntax", "a key is a list or a mapping", "write text as the key")
        elif node.text == "<<" and not node.style:
            remedy = "write the keys out, or use an alias for a whole value"
            self._report(node.start, "merge-key", "`<<` is no merge key in YAML 1.2", remedy)
            parent.key = (node.start, _MERGE)
            return
        elif node.text in mapping.entries:
            first = mapping.entries[node.text][0]
            sentence = f"`{node.text}` is already given in line {first.line}"
            self._report(node.start, "duplicate-key", sentence, "keep one of the two")
        else:
            parent.key = (node.start, node.text)
            return
        parent.skip = True

    def _tagged(self, mark: Mark, tag: str | None) -> None:
        if tag is not None:
            short = tag.replace("tag:yaml.org,2002:", "!!")
            self._report(
                mark, "tag", f"the tag `{short}` has no meaning here", "remove it; quote a value to make it text"
            )

    def _stop(self, mark: Mark, code: str, sentence: str, remedy: str) -> NoReturn:
        self._report(mark, code, sentence, remedy)
        raise BrokenTextError

    def _syntax(self, error: yaml.YAMLError) -> None:
        text = self._text
        said = str(getattr(error, "problem", "") or "it cannot be read")
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        context = getattr(error, "context_mark", None)
        unclosed = said in _UNCLOSED
        if unclosed and mark is not None and context is not None and context.line != mark.line:
            mark = context  # what is open says more than the end of the file
        if mark is None:
            index = text.find(bad.group()) if (bad := _UNPRINTABLE.search(text)) else 0
            line = text.count("\n", 0, index) + 1
            place = Mark(line, index - text.rfind("\n", 0, index), index)
            self._stop(
                place, "syntax", "a control character stands here", "remove it, or write it as an escape in quotes"
            )
        place = self._mark(mark.index)
        before = text[text.rfind("\n", 0, place.index) + 1 : place.index + 1]
        if said == "found character that cannot start any token" and "\t" in before:
            self._stop(place, "tab", "a tab stands where YAML wants spaces", "indent with spaces")
        if said.startswith("mapping values") and ":" not in before[:-1]:
            remedy = "check its indentation, and that the line above has its `:` and no value of its own"
            self._stop(place, "syntax", "a key cannot begin on this line", remedy)
        if unclosed and mark is not context and place.index < len(text.rstrip()):
            remedy = "write `,` or the closing bracket before it, and quote PromQL that has brackets"
            self._stop(place, "syntax", "a list or mapping in brackets cannot go on like this", remedy)
        sentence, remedy = _SYNTAX.get(said, (f"YAML cannot go on here: {said}", "mend the text around here"))
        self._stop(place, "syntax", sentence, remedy)


_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_UNCLOSED = {
    "did not find expected ',' or ']'",
    "did not find expected ',' or '}'",
    "found unexpected end of stream",
    "found unexpected document indicator",
}
_SYNTAX = {
    "mapping values are not allowed in this context": (
        "a second `: ` stands in one value",
        "quote the value if the colon belongs to it, or begin a new line for the key",
    ),
    "could not find expected ':'": ("a key has no `:` after it", "write `key: value`, or quote the text"),
    "did not find expected key": (
        "a key is expected here",
        "check the indentation, and the quotes and brackets of the lines above",
    ),
    "did not find expected '-' indicator": ("a list item is expected here", "begin it with `- ` at the list's column"),
    "did not find expected ',' or ']'": (
        "a list in brackets is not closed",
        "write `,` between items and `]` at the end",
    ),
    "did not find expected ',' or '}'": (
        "a mapping in braces is not closed",
        "write `,` between entries and `}` at the end, and quote PromQL that has braces",
    ),
    "found unexpected end of stream": ("the file ends inside a quoted text", "close the quotes"),
    "found unexpected document indicator": ("the document ends inside a quoted text", "close the quotes"),
    "found character that cannot start any token": ("a value cannot begin with this character", "quote the value"),
    "found unknown escape character": ("a backslash in double quotes begins no escape", "use single quotes, or `\\\\`"),
    "did not find expected node content": ("a value is expected here", "write the value, or remove the sign before it"),
    "did not find expected <document start>": ("the document ended above this line", "remove the line with `...`"),
    "did not find expected alphabetic or numeric character": (
        "`*` or `&` begins an alias or an anchor here, and has no name",
        "quote the value",
    ),
}
