"""YAML as people like to read it in a diff: stable order, long strings as blocks, no anchors.

The texts are PyYAML's, byte for byte. Its emitter looks at every character in Python, which takes most of the time of
a large spec; so what nearly all of our data is made of is written here, and PyYAML writes what is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

_WIDTH = 1_000_000  # no line is folded
_LONGEST_KEY = 100  # well below PyYAML's limit for a key without a question mark
# What needs no escape: neither control characters nor the line breaks of Unicode nor the byte order mark.
_PRINTABLE = re.compile("[ -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*")
# What would be read as something else than text: a document's mark, an indicator, a key, a comment, blanks at an end.
_INDICATOR = re.compile(r"---|\.\.\.|[#,\[\]{}&*!|>'\"%@`]|[?:-](?: |\Z)| |.*(?::(?: |\Z)| #| \Z)", re.DOTALL)


class _RareError(Exception):
    """Something that PyYAML is to write."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    block = "\n" in text and not any(line.endswith(" ") for line in text.split("\n"))
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if block else None)


_Dumper.add_representer(str, _string)
_RESOLVERS = _Dumper.yaml_implicit_resolvers  # by first character: what a plain text would be read as


def document(data: Any, header: str) -> str:
    """`data` (mappings in the order given) as a YAML document below `header`, whose lines become comments."""
    comment = "".join(f"# {line}\n" if line else "#\n" for line in header.split("\n"))
    return comment + written(data)


def written(data: Any) -> str:
    """`data` as YAML, as `by_pyyaml` would write it."""
    if not data or not isinstance(data, (dict, list)):
        return by_pyyaml(data)
    try:
        return "".join(_lines(data, 0, ""))
    except _RareError:
        return by_pyyaml(data)


def by_pyyaml(data: Any) -> str:
    """`data` as PyYAML's emitter writes it: right for everything, and many times slower."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


def generated(source: str, what: str) -> str:
    """The header of a generated file."""
    return f"{what}\nGenerated from {source} by `slostack generate`. Edit that file: changes made here are lost."


def _lines(data: dict[Any, Any] | list[Any], indent: int, first: str) -> Iterator[str]:
    """The lines of a collection that is not empty; the first begins with `first`, the others with blanks."""
    blanks = " " * indent
    lead = first or blanks
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _entry(f"{lead}{_key(key)}:", value, indent)
            lead = blanks
    else:
        for value in data:
            if value and isinstance(value, (dict, list)):
                yield from _lines(value, indent + 2, f"{lead}- ")
            else:
                yield f"{lead}- {_scalar(value, indent)}\n"
            lead = blanks


def _entry(key: str, value: Any, indent: int) -> Iterator[str]:
    if value and isinstance(value, (dict, list)):
        yield f"{key}\n"
        yield from _lines(value, indent + 2, "")
    else:
        yield f"{key} {_scalar(value, indent)}\n"


def _key(key: Any) -> str:
    if not isinstance(key, str) or not 0 < len(key) < _LONGEST_KEY or "\n" in key:
        raise _RareError
    return _scalar(key, 0)


def _scalar(value: Any, indent: int) -> str:
    if isinstance(value, str):
        return _block(value, indent) if "\n" in value else _line(value)
    if value is True or value is False:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    if value in ([], {}):
        return str(value)
    raise _RareError


def _line(text: str) -> str:
    """A text of one line: plain where it can only be read as that text, else in single quotes."""
    if not _PRINTABLE.fullmatch(text) or len(text) >= _WIDTH:
        raise _RareError
    if text and not _INDICATOR.match(text):
        candidates = _RESOLVERS.get(text[0], [])
        if not any(pattern.match(text) for _, pattern in candidates):
            return text
    return "'" + text.replace("'", "''") + "'"


def _block(text: str, indent: int) -> str:
    """A text of several lines, as it stands below a `|`."""
    lines = text.split("\n")
    if (
        text[0] in " \n"
        or text.endswith("\n\n")
        or any(line.endswith(" ") or not _PRINTABLE.fullmatch(line) for line in lines)
    ):
        raise _RareError
    hint = "|-"
    if not lines[-1]:
        lines.pop()
        hint = "|"
    blanks = " " * (indent + 2)
    return "\n".join([hint, *(f"{blanks}{line}" if line else "" for line in lines)])
