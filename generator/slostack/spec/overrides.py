"""What an environment changes: values by dotted path, put into the tree so that every position stays true."""

from __future__ import annotations

from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places
from slostack.spec.shape import Path, Shape, shape_at, suggestion
from slostack.spec.tree import Mapping, Mark, Node, Sequence

_FIXED = ("version", "environments")


def environments_of(root: Node) -> dict[str, Mapping]:
    """The environments of a spec that are mappings; the model reports the others."""
    if not isinstance(root, Mapping) or "environments" not in root.entries:
        return {}
    node = root.entries["environments"][1]
    entries = node.entries.items() if isinstance(node, Mapping) else []
    return {name: value for name, (_, value) in entries if isinstance(value, Mapping)}


def applied(places: Places, environment: str) -> tuple[Places, list[Problem]]:
    """The places of the spec as it is in an environment, and what is wrong with the overrides."""
    root = places.root
    problems: list[Problem] = []
    if root is None:
        return places, problems
    for dotted, (mark, value) in environments_of(root)[environment].entries.items():
        path, fault = _resolve(root, dotted, environment)
        if fault is None:
            root = _with(root, path, mark, value)
        else:
            problems.append(places.at(mark.line, mark.column, "bad-override", *fault))
    return Places(places.file, places.text, root), problems


def _resolve(root: Node, dotted: str, environment: str) -> tuple[Path, tuple[str, str] | None]:
    """The path that an override names in the tree, or a sentence and a remedy."""
    parts = dotted.split(".")
    if parts[0] in _FIXED:
        sentence = f"`{parts[0]}` is the same in every environment"
        return (), (sentence, f"remove the override from `{environment}`")
    path: Path = ()
    node: Node | None = root
    while parts:
        shape = shape_at(path)
        segment, used, known = _step(node, shape, parts)
        if segment is None:
            where = ".".join(map(str, path))
            sentence = f"`{dotted}` leads nowhere: {f'`{where}`' if where else 'the spec'} has no `{parts[0]}`"
            return (), (sentence, suggestion(parts[0], known, "write a path of this file"))
        path = (*path, segment)
        parts = parts[used:]
        node = _child(node, segment)
    return path, None


def _step(node: Node | None, shape: Shape, parts: list[str]) -> tuple[str | int | None, int, list[str]]:
    """The next segment and how many parts it takes (a job's name may have dots); else what there is to choose from."""
    if shape.model is not None:
        known = [name for name in shape.fields if shape.model is not Spec or name not in _FIXED]
        return (parts[0] if parts[0] in known else None), 1, known
    if isinstance(node, Mapping):
        for used in range(len(parts), 0, -1):
            if ".".join(parts[:used]) in node.entries:
                return ".".join(parts[:used]), used, []
        return None, 1, list(node.entries)
    if isinstance(node, Sequence):
        number = int(parts[0]) if parts[0].isascii() and parts[0].isdigit() and len(parts[0]) < 6 else len(node.items)
        return (number if number < len(node.items) else None), 1, [str(index) for index in range(len(node.items))]
    return None, 1, []


def _child(node: Node | None, segment: str | int) -> Node | None:
    if isinstance(node, Mapping) and str(segment) in node.entries:
        return node.entries[str(segment)][1]
    if isinstance(node, Sequence) and isinstance(segment, int):
        return node.items[segment]
    return None


def _with(node: Node | None, path: Path, mark: Mark, value: Node) -> Node:
    """A copy of the tree with `value` at `path`; nothing that is shared is changed."""
    if not path:
        return value
    segment, rest = path[0], path[1:]
    inner = _with(_child(node, segment), rest, mark, value)
    if isinstance(node, Sequence) and isinstance(segment, int):
        return Sequence(node.start, [*node.items[:segment], inner, *node.items[segment + 1 :]])
    entries = node.entries if isinstance(node, Mapping) else {}
    key = str(segment)
    at = entries[key][0] if rest and key in entries else mark
    return Mapping(node.start if isinstance(node, Mapping) else mark, {**entries, key: (at, inner)})
