"""YAML as people like to read it in a diff: stable order, long strings as blocks, no anchors."""

from __future__ import annotations

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    block = "\n" in text and not any(line.endswith(" ") for line in text.split("\n"))
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if block else None)


_Dumper.add_representer(str, _string)


def document(data: Any, header: str) -> str:
    """`data` (mappings in the order given) as a YAML document below `header`, whose lines become comments."""
    comment = "".join(f"# {line}\n" if line else "#\n" for line in header.split("\n"))
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)
    return comment + text


def generated(source: str, what: str) -> str:
    """The header of a generated file."""
    return f"{what}\nGenerated from {source} by `slostack generate`. Edit that file: changes made here are lost."
