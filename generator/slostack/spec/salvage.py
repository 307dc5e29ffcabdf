"""What remains of a broken spec without its broken parts, so that the rest is checked in the same run."""

from __future__ import annotations

from pydantic import ValidationError

from slostack.spec.model import Spec
from slostack.spec.places import Places
from slostack.spec.shape import Path
from slostack.spec.tree import Mapping, Node, data_of

_ROUNDS = 4  # a part that goes can leave its owner without what it needs
_NAMED = ("slos", "alerts", "boards")


def salvaged(places: Places, error: ValidationError) -> Spec | None:
    """The spec without every SLO, alert, board, team or service that the model refuses; None if nothing is left."""
    for _ in range(_ROUNDS):
        root = places.root
        for path in {_part(places.known(found["loc"])) for found in error.errors(include_url=False)}:
            root = _without(root, path) if root is not None and path else None
        if root is None:
            return None
        places = Places(places.file, places.text, root)
        try:
            return Spec.model_validate(data_of(root))
        except ValidationError as again:
            error = again
    return None


def _part(path: Path) -> Path:
    """The smallest thing with a name of its own around a mistake."""
    if path[:1] == ("services",):
        return path[:4] if len(path) > 3 and path[2] in _NAMED else path[:3]
    return path[:2] if path[:1] in {("teams",), ("tiers",), ("environments",)} else path[:1]


def _without(node: Node | None, path: Path) -> Node | None:
    """A copy of the tree that lacks the entry at `path`; the tree itself where there is none."""
    key = str(path[0])
    if not isinstance(node, Mapping) or key not in node.entries:
        return node
    entries = dict(node.entries)
    mark, value = entries.pop(key)
    if len(path) > 1 and (inner := _without(value, path[1:])) is not None:
        entries[key] = (mark, inner)
    return Mapping(node.start, entries)
