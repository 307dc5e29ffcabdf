"""A broken spec made whole with stand-ins, so that everything else in it is checked in the same run.

A key that nobody knows goes. A value that the model refuses, or that is missing, gets a valid one in its place, and a
bad name a good one. Where something stands in is in doubt: a finding that reads it would be invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from slostack.spec.messages import KEY, meant, written
from slostack.spec.model import Spec
from slostack.spec.places import Places
from slostack.spec.shape import Path, shape_at
from slostack.spec.sli import UNJUDGED, Latency
from slostack.spec.tree import START, Mapping, Mark, Node, Scalar, Sequence, data_of

_ROUNDS = 40  # each tries the next stand-in for whatever is still refused
_MOST = 1000  # mistakes in one file; with more it is not worth guessing what the rest means

# One of these is valid for nearly every key; where none is, the key goes, and after it what needs it.
_STAND_INS: tuple[Any, ...] = (
    *("x", "X", "99.9", "1h", "page", "http://localhost", "x@x", "x:1", "/x", "#x"),
    *(1, {}, [], {"x": {}}, [{}]),
)
_PREFERRED: dict[str, tuple[Any, ...]] = {
    "model_type": ({},),
    "model_attributes_type": ({},),
    "dict_type": ({}, {"x": {}}),
    "list_type": ([], [{}]),
    "too_short": ({"x": {}}, [{}]),
    "too_long": ([], {}),
    "int_type": (1,),
}
# Keys that make no sense together are no reason to stop: first those of the innermost mappings, then of all.
_INNER = frozenset({"Receiver", "Events", "Latency", "Limit", "Column"})
_ALL = _INNER | {"Team", "TierSpec", "Slo", "Alert", "Panel"}


@dataclass(frozen=True)
class Salvaged:
    """The spec with stand-ins; where they are; and mistakes that came to light only when others were out of the way."""

    spec: Spec
    doubts: frozenset[Path]
    further: tuple[ErrorDetails, ...]


def salvaged(places: Places) -> Salvaged | None:
    """The spec at `places` with stand-ins for what the model refuses; None where nothing is left to work with."""
    return _Repair(places).run() if isinstance(places.root, Mapping) else None


class _Repair:
    def __init__(self, places: Places) -> None:
        self._places = Places(places.file, places.text, _copy(places.root) if places.root else None)
        self._tried: dict[Path, list[Any]] = {}
        self._doubts: set[Path] = set()
        self._names: dict[str, str] = {}  # what was written, by the name that stands in for it
        self._renamed: list[Path] = []  # in the words of the file

    def run(self) -> Salvaged | None:
        for _ in range(_ROUNDS):
            try:
                spec = self._validated(_ALL)
            except ValidationError as error:
                if error.error_count() > _MOST:
                    return None
                self._mend(error.errors(include_url=False))
            else:
                further = tuple(self._further())
                self._rename_back(spec)
                return Salvaged(spec, frozenset(self._doubts), further)
        return None

    def _validated(self, unjudged: frozenset[str]) -> Spec:
        root = self._places.root
        return Spec.model_validate(data_of(root) if root else {}, context={UNJUDGED: unjudged})

    def _mend(self, errors: list[ErrorDetails]) -> None:
        """Does one thing about every error; of several at one place or below it, about the outermost."""
        bad_names: set[Path] = set()
        wanted: dict[Path, ErrorDetails] = {}
        for error in errors:
            location = error["loc"]
            if location[-1:] == (KEY,):
                bad_names.add(written(location[:-1], self._places))
            elif error["type"] == "missing":
                wanted.setdefault((*written(location[:-1], self._places), location[-1]), error)
            else:
                wanted.setdefault(written(location, self._places), error)
        for path in sorted(wanted, key=len):
            if not any(path[:length] in wanted for length in range(1, len(path))):
                self._replace(path, wanted[path])
        for path in sorted(bad_names, key=len, reverse=True):  # the outer name is still needed to find the inner one
            self._rename(path)

    def _replace(self, path: Path, error: ErrorDetails) -> None:
        if error["type"] == "extra_forbidden":
            self._forget(path)
            return
        tried = self._tried.setdefault(path, [])
        left = [value for value in (*_preferred(error), *_STAND_INS) if value not in tried]
        if left:
            tried.append(left[0])
            self._put(path, left[0])
        elif self._places.node(path) is not None:
            self._drop(path)
        else:  # what needs it cannot be had either
            self._drop(path[:-1])
        self._doubts.add(self._in_the_file(path))

    def _forget(self, path: Path) -> None:
        """Drops an unknown key. Where it was meant for one that is not there, that one's default is in doubt."""
        key = meant(path, self._places)
        owner = self._places.node(path[:-1])
        if key is not None and isinstance(owner, Mapping) and key not in owner.entries:
            self._doubts.add(self._in_the_file((*path[:-1], key)))
        self._drop(path)

    def _put(self, path: Path, value: Any) -> None:
        owner, key = self._places.node(path[:-1]), path[-1]
        present = self._places.node(path)
        mark = present.start if present else owner.start if owner else START
        if isinstance(owner, Mapping):
            owner.entries[str(key)] = (owner.entries.get(str(key), (mark, None))[0], _node(value, mark))
        elif isinstance(owner, Sequence) and isinstance(key, int) and key < len(owner.items):
            owner.items[key] = _node(value, mark)

    def _drop(self, path: Path) -> None:
        """Removes a key with its value; of a list that holds something hopeless, the list."""
        owner = self._places.node(path[:-1]) if path else None
        if isinstance(owner, Mapping):
            owner.entries.pop(str(path[-1]), None)
            self._doubts.add(self._in_the_file(path))
        elif isinstance(owner, Sequence):
            self._drop(path[:-1])

    def _rename(self, path: Path) -> None:
        owner = self._places.node(path[:-1]) if path else None
        if not isinstance(owner, Mapping) or path[-1] in self._names:
            return
        number = len(self._names) + 1
        pattern = "StandIn{}" if path[-2:-1] == ("alerts",) else "stand-in-{}"
        while pattern.format(number) in self._places.text:
            number += len(self._places.text)
        name = pattern.format(number)
        self._names[name] = str(path[-1])
        self._renamed.append(self._in_the_file(path))
        self._doubts.add((*self._in_the_file(path[:-1]), KEY))  # who refers to it may write its right name
        owner.entries = {name if key == path[-1] else key: entry for key, entry in owner.entries.items()}

    def _in_the_file(self, path: Path) -> Path:
        return tuple(self._names.get(part, part) if isinstance(part, str) else part for part in path)

    def _rename_back(self, spec: Spec) -> None:
        """Gives what had a bad name its name again: it stands in sentences and in references."""
        stand_ins = {name: stand_in for stand_in, name in self._names.items()}
        for path in sorted(self._renamed, key=len):
            owner: Any = spec
            for part in path[:-1]:
                owner = owner[part] if isinstance(owner, dict) else getattr(owner, str(part))
            entries = list(owner.items())
            owner.clear()
            for key, value in entries:
                owner[path[-1] if key == stand_ins[str(path[-1])] else key] = value

    def _further(self) -> Iterable[ErrorDetails]:
        """Keys that make no sense together, in mappings that held other mistakes, each once."""
        seen: set[tuple[Path, str]] = set()
        for unjudged in (frozenset[str](), _INNER):
            try:
                self._validated(unjudged)
            except ValidationError as error:
                for found in error.errors(include_url=False):
                    path = self._in_the_file(written(found["loc"], self._places))
                    if (path, found["msg"]) not in seen and not self._doubtful(path, found["msg"]):
                        seen.add((path, found["msg"]))
                        yield {**found, "loc": path}

    def _doubtful(self, path: Path, sentence: str) -> bool:
        """Whether what is said about a mapping's keys may be said about a stand-in.

        A sentence names the keys that it is about, and is about whether they are there: a stand-in further below does
        not matter. Only of a latency the values are compared.
        """
        words = set(re.findall(r"\w+", sentence))
        compared = shape_at(path).model is Latency
        for doubt in self._doubts:
            if doubt == path[: len(doubt)]:
                return True
            below = doubt[len(path) :] if doubt[: len(path)] == path else ()
            if below and (compared or (len(below) == 1 and below[0] in words)):
                return True
        return False


def _preferred(error: ErrorDetails) -> tuple[Any, ...]:
    if error["type"] == "literal_error":
        return tuple(re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", ""))))
    return _PREFERRED.get(error["type"], ())


def _copy(node: Node) -> Node:
    """A tree of its own, without the sharing of aliases."""
    if isinstance(node, Mapping):
        return Mapping(node.start, {key: (mark, _copy(value)) for key, (mark, value) in node.entries.items()})
    if isinstance(node, Sequence):
        return Sequence(node.start, [_copy(item) for item in node.items])
    return Scalar(node.start, node.text, node.style)


def _node(value: Any, mark: Mark) -> Node:
    if isinstance(value, dict):
        return Mapping(mark, {key: (mark, _node(inner, mark)) for key, inner in value.items()})
    if isinstance(value, list):
        return Sequence(mark, [_node(item, mark) for item in value])
    return Scalar(mark, str(value), "'" if isinstance(value, str) else "")
