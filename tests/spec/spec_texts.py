"""Specs that are wrong on purpose, as text: each names only what its mistake needs, and the rest is filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from slostack.checks.spec import check_spec
from slostack.problems import Problem, in_order
from slostack.spec.load import parse

FOLDER = Path(__file__).parent / "wrong"
FILE = "slo.yaml"

# What a spec needs, for texts that are about something else; in this order below what they say.
REST = {
    "version": "version: 1",
    "teams": "teams: {shop: {page: {webhook: 'http://inbox/'}, ticket: {webhook: 'http://inbox/'}}}",
    "services": (
        "services: {checkout: {team: shop, job: checkout, slos: {requests: "
        "{promise: Checkouts succeed, objective: 99.9, events: {bad: failed_total, total: all_total}}}}}"
    ),
}


@dataclass(frozen=True)
class Case:
    """A text and the exact lines that it must be answered with."""

    group: str
    name: str
    text: str
    expected: list[str]


def completed(text: str) -> str:
    """`text` with the top-level keys that it lacks, below it."""
    lacking = [line for key, line in REST.items() if not re.search(rf"^{key}:", text, re.MULTILINE)]
    return "".join(f"{part}\n" for part in [text.rstrip("\n"), *lacking] if part)


def found(text: str, environment: str | None = None) -> list[Problem]:
    """Everything that is wrong with a text, in order."""
    loaded = parse(text, FILE, environment)
    return in_order([*loaded.problems, *check_spec(loaded)])


def cases() -> list[Case]:
    """Every case of every group.

    A case begins with `=== name`, then the text, then `=>` and the expected lines. `(raw)` in the name: the text is
    the whole file.
    """
    out = []
    for path in sorted(FOLDER.glob("*.txt")):
        for block in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            name, _, rest = block.partition("\n")
            text, _, expected = rest.partition("\n=>\n")
            whole = text + "\n" if "(raw)" in name else completed(text)
            out.append(Case(path.stem, name, whole, expected.strip("\n").splitlines()))
    return out
