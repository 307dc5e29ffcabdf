"""Where the parts of a spec stand in its file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from slostack.problems import Level, Problem
from slostack.spec.shape import Path
from slostack.spec.tree import START, Mapping, Mark, Node, Scalar, Sequence

_PLAIN_ESCAPES = '"\\/'


@dataclass(frozen=True)
class Places:
    """Positions of everything in a spec, by path, such as `("services", "checkout", "slos")`.

    A path that is not in the file stands where its nearest ancestor does: a default has no place of its own.
    """

    file: str
    text: str = ""
    root: Node | None = None

    def of(self, path: Path, key: bool = False) -> tuple[int, int]:
        """Line and column, from one, of the value at `path`, or with `key` of the key that it stands under."""
        mark = self._mark(path, key)
        return mark.line, mark.column

    def inside(self, path: Path, offset: int) -> tuple[int, int]:
        """Line and column of the character at `offset` of the text at `path`, blanks around it not counted.

        Where escapes or an unknown path hide it, where the text begins.
        """
        steps = list(self._steps(path))
        if len(steps) != len(path) or not isinstance(steps[-1][1], Scalar):
            return self.of(path)
        scalar = steps[-1][1]
        index = self._aligned(scalar, scalar.text.strip()[:offset])
        if index is None:
            return scalar.start.line, scalar.start.column
        return self.text.count("\n", 0, index) + 1, index - self.text.rfind("\n", 0, index)

    def problem(
        self,
        code: str,
        sentence: str,
        remedy: str,
        path: Path = (),
        *,
        key: bool = False,
        offset: int | None = None,
        severity: Level = "error",
    ) -> Problem:
        """A problem at `path`: at its value, its key, or a character of its text."""
        line, column = self.of(path, key) if offset is None else self.inside(path, offset)
        return self.at(line, column, code, sentence, remedy, severity)

    def at(self, line: int, column: int, code: str, sentence: str, remedy: str, severity: Level = "error") -> Problem:
        """A problem at a line and column."""
        source = self._lines[line - 1].rstrip("\r") if line <= len(self._lines) else None
        return Problem(code, sentence, remedy, self.file, line, column, severity, source)

    def node(self, path: Path) -> Node | None:
        """What is written at `path`, if anything."""
        if not path:
            return self.root
        steps = list(self._steps(path))
        return steps[-1][1] if len(steps) == len(path) else None

    def known(self, path: Path) -> Path:
        """The part of `path` that is in the file."""
        return path[: sum(1 for _ in self._steps(path))]

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")

    def _mark(self, path: Path, key: bool) -> Mark:
        steps = list(self._steps(path))
        if not steps:
            return self.root.start if self.root else START
        at_key, node = steps[-1]
        return at_key if key or len(steps) < len(path) else node.start

    def _steps(self, path: Path) -> Iterator[tuple[Mark, Node]]:
        """For each segment of `path` that is in the file: the mark of its key, and its node."""
        node = self.root
        for segment in path:
            if isinstance(node, Mapping) and str(segment) in node.entries:
                mark, node = node.entries[str(segment)]
            elif isinstance(node, Sequence) and isinstance(segment, int) and segment < len(node.items):
                node = node.items[segment]
                mark = node.start
            else:
                return
            yield mark, node

    def _aligned(self, scalar: Scalar, before: str) -> int | None:
        """The index in the file of what follows `before` in the scalar; None where escapes hide it.

        Folding and indentation change blanks only, so the two texts are walked without them.
        """
        text = self.text
        index = scalar.start.index
        if scalar.style in {"|", ">"}:
            index = text.find("\n", index) + 1
        elif scalar.style:
            index += 1
        for char in "".join(before.split()):
            index = self._next(index)
            if index < len(text) and scalar.style == '"' and text[index] == "\\":
                index += 1
                if text[index : index + 1] not in _PLAIN_ESCAPES:
                    return None
            if text[index : index + 1] != char:
                return None
            index += 2 if scalar.style == "'" and text[index : index + 2] == "''" else 1
        return self._next(index)

    def _next(self, index: int) -> int:
        while index < len(self.text) and self.text[index].isspace():
            index += 1
        return index
