"""What the model refuses, in plain sentences at the right place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic_core import ErrorDetails

from slostack.problems import Problem
from slostack.spec.places import Places
from slostack.spec.shape import Path, Shape, listed, nearest, shape_at, suggestion
from slostack.spec.tree import Mapping, Scalar, Sequence, value_of
from slostack.spec.values import ALERT_NAME, ALERT_NAME_OR_OFF, LABEL_NAME, NAME, PATTERNS

_NAMES = {NAME, ALERT_NAME, ALERT_NAME_OR_OFF, LABEL_NAME}
KEY = "[key]"  # ends the location of a mistake in a key itself
_FRACTION = re.compile(r"[-+]?[0-9]*\.[0-9]+", re.ASCII)
_WANTED = {
    "string_type": ("text", "write text, in quotes if it looks like a number"),
    "int_type": ("a whole number", "write digits only, without quotes"),
    "bool_type": ("`true` or `false`", "write `true` or `false`, without quotes"),
    "list_type": ("a list", "write `[one, two]`, or each item on a line of its own after `- `"),
    "dict_type": ("a mapping", "write `key: value` lines below it"),
    "model_type": ("a mapping", "write `key: value` lines below it"),
    "model_attributes_type": ("a mapping", "write `key: value` lines below it"),
}
_LIMITS = {
    "string_too_long": ("is longer than {max_length} characters", "shorten it"),
    "string_too_short": ("is empty", "write some text, or remove the key"),
    "too_long": ("has more than {max_length} entries", "remove some"),
    "too_short": ("is empty", "write at least one entry"),
    "greater_than_equal": ("is below {ge}", "write {ge} or more"),
    "less_than_equal": ("is above {le}", "write {le} or less"),
}


def sentences(errors: Iterable[ErrorDetails], places: Places) -> list[Problem]:
    """A problem for each error of pydantic, in the words of the spec.

    A missing key that stands there misspelt is reported once, as the unknown key that it is.
    """
    all_errors = _one_alternative(list(errors), places)
    misspelt = set()
    for error in all_errors:
        if error["type"] == "extra_forbidden":
            path = written(error["loc"], places)
            misspelt.add((path[:-1], meant(path, places)))
    return [
        _problem(error, places)
        for error in all_errors
        if error["type"] != "missing" or (written(error["loc"][:-1], places), error["loc"][-1]) not in misspelt
    ]


def _one_alternative(errors: list[ErrorDetails], places: Places) -> list[ErrorDetails]:
    """Of a value that fits none of several types, the errors of the type that its writer meant: a list's for a list."""
    rivals: dict[Path, list[ErrorDetails]] = {}
    for error in errors:
        location = error["loc"][:-1] if error["type"] == "missing" or error["loc"][-1:] == (KEY,) else error["loc"]
        known = places.known(location)
        if len(known) < len(location):
            rivals.setdefault(known, []).append(error)
    beaten: set[int] = set()
    for path, group in rivals.items():
        meant = [error for error in group if _meant_type(error, path, places)]
        if meant:
            beaten |= {id(error) for error in group if not any(error is kept for kept in meant)}
    return [error for error in errors if id(error) not in beaten]


def _meant_type(error: ErrorDetails, path: Path, places: Places) -> bool:
    if isinstance(places.node(path), Sequence):
        return error["type"] in _LIMITS or len(written(error["loc"], places)) > len(path)
    return error["type"] not in _WANTED


def _problem(error: ErrorDetails, places: Places) -> Problem:
    kind, context = error["type"], error.get("ctx", {})
    on_key = error["loc"][-1:] == (KEY,)
    path = written(error["loc"][:-1] if kind == "missing" or on_key else error["loc"], places)
    if kind == "extra_forbidden":
        return _unknown_key(path, places)
    if kind == "missing":
        return _missing_key(path, str(error["loc"][-1]), places)
    if on_key:
        return _bad_key(path, kind, context, places)
    code, sentence, remedy = _refusal(path, kind, context, error, places)
    # What is wrong with a whole mapping is said at its name; what should be another kind of thing, at the thing.
    at_key = code != "wrong-type" and not isinstance(places.node(path), Scalar)
    return places.problem(code, f"{subject(path, places)} {sentence}", remedy, path, key=at_key)


def written(location: tuple[int | str, ...], places: Places) -> Path:
    """The location without the names that pydantic gives to alternatives of a type."""
    path: Path = ()
    for segment in location:
        longer = (*path, segment)
        if len(places.known(longer)) == len(longer):
            path = longer
    return path


def subject(path: Path, places: Places) -> str:
    """How a sentence names what stands at `path`: by its key, and its value where that is short."""
    if not path:
        return "the spec"
    node = places.node(path)
    last = next((str(segment) for segment in reversed(path) if isinstance(segment, str)), "")
    short = isinstance(node, Scalar) and 0 < len(node.text) <= 40 and "\n" not in node.text and "`" not in node.text
    text = node.text if isinstance(node, Scalar) and short else ""
    if isinstance(path[-1], int):
        return f"`{text}` in `{last}`" if text else f"item {path[-1] + 1} of `{last}`"
    return f"`{last}: {text}`" if text else f"`{last}`"


def _unused(path: Path, places: Places) -> list[str]:
    given = places.node(path[:-1])
    written = given.entries if isinstance(given, Mapping) else {}
    return [name for name in shape_at(path[:-1]).fields if name not in written]


def meant(path: Path, places: Places) -> str | None:
    """The key that the unknown one at `path` was most likely meant to be."""
    key = str(path[-1])
    return nearest(key, _unused(path, places)) or nearest(key, list(shape_at(path[:-1]).fields))


def _unknown_key(path: Path, places: Places) -> Problem:
    near = meant(path, places)
    unused = _unused(path, places) or list(shape_at(path[:-1]).fields)
    remedy = f"did you mean `{near}`?" if near else f"remove it, or choose one of {listed(unused)}"
    owner = next((segment for segment in reversed(path[:-1]) if isinstance(segment, str)), None)
    where = f"`{owner}`" if owner else "the spec"
    return places.problem("unknown-key", f"`{path[-1]}` is no key of {where}", remedy, path, key=True)


def _missing_key(path: Path, key: str, places: Places) -> Problem:
    described = _described(shape_at(path), key)
    remedy = f"add `{key}`: {described}" if described else f"add `{key}`"
    return places.problem("missing-key", f"{subject(path, places)} has no `{key}`", remedy, path, key=True)


def _described(shape: Shape, key: str) -> str:
    given = shape.fields.get(key)
    text = (given.description or "") if given else ""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def _bad_key(path: Path, kind: str, context: dict[str, Any], places: Places) -> Problem:
    sentence, remedy = _text_refusal(kind, context)
    return places.problem("bad-name", f"`{path[-1] if path else ''}` {sentence}", remedy, path, key=True)


def _text_refusal(kind: str, context: dict[str, Any]) -> tuple[str, str]:
    if kind == "string_pattern_mismatch":
        return PATTERNS[context["pattern"]]
    sentence, remedy = _LIMITS[kind]
    return sentence.format(**context), remedy.format(**context)


def _refusal(
    path: Path, kind: str, context: dict[str, Any], error: ErrorDetails, places: Places
) -> tuple[str, str, str]:
    """Code, predicate and remedy of a value that the model refuses."""
    if kind in _WANTED:
        return "wrong-type", *_type_refusal(_kind_of(path, places), *_WANTED[kind])
    if kind == "literal_error":
        return _choice_refusal(str(error["input"]), str(context["expected"]), _kind_of(path, places))
    if kind in {"value_error", "assertion_error"}:
        sentence, _, remedy = str(context["error"]).partition("|")
        return "bad-value", sentence, remedy
    if kind == "string_pattern_mismatch" or kind in _LIMITS:
        return "bad-name" if context.get("pattern") in _NAMES else "bad-value", *_text_refusal(kind, context)
    return "bad-value", "is not valid here", "see the documentation of this key"


def _type_refusal(found: str, wanted: str, remedy: str) -> tuple[str, str]:
    if found == "empty":
        return f"is empty where {wanted} is needed", f"{remedy}, or remove the key"
    return f"is {found} where {wanted} is needed", remedy


def _choice_refusal(word: str, expected: str, found: str) -> tuple[str, str, str]:
    known = [quoted or number for quoted, number in re.findall(r"'([^']*)'|(\d+)", expected)]
    if word in known:  # the right word of the wrong type, such as version: "1"
        return "wrong-type", f"is {found}, not the number {word}", "write it without quotes"
    if len(known) == 1:
        return "bad-value", f"is not `{known[0]}`", f"write `{known[0]}`"
    return "bad-value", f"is none of {listed(known)}", suggestion(word, known, "choose one of them")


def _kind_of(path: Path, places: Places) -> str:
    node = places.node(path)
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    value = value_of(node) if isinstance(node, Scalar) else None
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"`{'true' if value else 'false'}`"
    if isinstance(value, int):
        return "a number"
    return "a fraction" if isinstance(node, Scalar) and not node.style and _FRACTION.fullmatch(node.text) else "text"
