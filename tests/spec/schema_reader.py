"""A reader of the part of JSON Schema 2020-12 that the spec's schema uses; any other keyword is an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}
_NOTES = {"$schema", "$defs", "title", "description", "default", "examples"}


class Reader:
    """Judges values by a schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._definitions = schema["$defs"]
        self._schema = schema

    def refusals(self, value: Any) -> list[str]:
        """What the schema refuses in a value: paths with the keyword that refuses; empty if it is valid."""
        return list(self._check(self._schema, value, "$"))

    def _check(self, schema: dict[str, Any], value: Any, path: str) -> Iterator[str]:
        for keyword, wanted in schema.items():
            if keyword in _NOTES:
                continue
            if keyword == "$ref":
                yield from self._check(self._definitions[wanted.removeprefix("#/$defs/")], value, path)
            elif keyword in _FITTING:
                choices = wanted if isinstance(wanted, list) else [wanted]
                fitting = sum(1 for choice in choices if not list(self._check(choice, value, path)))
                if not _FITTING[keyword](fitting, len(choices)):
                    yield f"{path}: {keyword}"
            elif isinstance(value, dict) and keyword in _OBJECT:
                yield from self._object(keyword, wanted, schema, value, path)
            elif keyword == "items":
                for number, item in enumerate(value if isinstance(value, list) else []):
                    yield from self._check(wanted, item, f"{path}[{number}]")
            elif keyword not in _OBJECT and not _SIMPLE[keyword](value, wanted):
                yield f"{path}: {keyword}"

    def _object(
        self, keyword: str, wanted: Any, schema: dict[str, Any], value: dict[str, Any], path: str
    ) -> Iterator[str]:
        if keyword == "required":
            yield from (f"{path}.{name}: required" for name in wanted if name not in value)
        elif keyword == "minProperties" and len(value) < wanted:
            yield f"{path}: minProperties"
        for name, inner in value.items():
            known = [schema["properties"][name]] if name in schema.get("properties", {}) else []
            known += [rule for pattern, rule in schema.get("patternProperties", {}).items() if re.search(pattern, name)]
            if keyword == "properties" and name in wanted:
                yield from self._check(wanted[name], inner, f"{path}.{name}")
            elif keyword == "patternProperties":
                for pattern, rule in wanted.items():
                    if re.search(pattern, name):
                        yield from self._check(rule, inner, f"{path}.{name}")
            elif keyword == "propertyNames":
                yield from self._check(wanted, name, f"{path}.{name}")
            elif keyword == "additionalProperties" and wanted is False and not known:
                yield f"{path}.{name}: additionalProperties"


# By how many of its schemas fit: whether the keyword is content.
_FITTING: dict[str, Callable[[int, int], bool]] = {
    "anyOf": lambda fitting, _: fitting > 0,
    "oneOf": lambda fitting, _: fitting == 1,
    "allOf": lambda fitting, count: fitting == count,
    "not": lambda fitting, _: fitting == 0,
}
_OBJECT = {"properties", "patternProperties", "propertyNames", "additionalProperties", "required", "minProperties"}


def _number(value: Any) -> bool:
    return _TYPES["number"](value)


_SIMPLE: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, wanted: any(
        _TYPES[name](value) for name in ([wanted] if isinstance(wanted, str) else wanted)
    ),
    "const": lambda value, wanted: value == wanted and type(value) is type(wanted),
    "enum": lambda value, wanted: value in wanted,
    "pattern": lambda value, wanted: not isinstance(value, str) or re.search(wanted, value) is not None,
    "minLength": lambda value, wanted: not isinstance(value, str) or len(value) >= wanted,
    "maxLength": lambda value, wanted: not isinstance(value, str) or len(value) <= wanted,
    "minItems": lambda value, wanted: not isinstance(value, list) or len(value) >= wanted,
    "maxItems": lambda value, wanted: not isinstance(value, list) or len(value) <= wanted,
    "minimum": lambda value, wanted: not _number(value) or value >= wanted,
    "maximum": lambda value, wanted: not _number(value) or value <= wanted,
    "exclusiveMinimum": lambda value, wanted: not _number(value) or value > wanted,
    "exclusiveMaximum": lambda value, wanted: not _number(value) or value < wanted,
}
