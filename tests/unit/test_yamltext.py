"""Generated YAML: read back it is the data, and written it is what PyYAML would have written."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from slostack.render import yamltext

HEADER = "For a test."
_PIECES = (
    *("", " ", "  ", "\n", "\n\n", "\t", "\r", "a", "é", "—", "\u0085", "\u2028", "\ufeff", "\ufffe", "\x00", "\x7f"),
    *("\U0001f600", ":", ": ", "#", " #", "-", "- ", "?", "? ", "---", "...", "'", '"', "\\", "`", "@", "%", "!", "&"),
    *(
        "*",
        "|",
        ">",
        "|-",
        "[",
        "]",
        "{",
        "}",
        ",",
        "=",
        "<<",
        "~",
        "null",
        "true",
        "off",
        "No",
        "y",
        "0",
        "1e3",
        "0x1f",
    ),
    *("1_000", ".5", ".inf", "2026-01-02", "12:30:45", "{{ $value }}", "sum(rate(a[5m])) > 0.1", 'up{job="x"}'),
)
STRINGS = sorted({"".join(parts) for parts in product(_PIECES, repeat=2)})


def _body(data: Any) -> str:
    return yamltext.document(data, HEADER).removeprefix(f"# {HEADER}\n")


@pytest.mark.parametrize("place", [lambda text: {"k": text}, lambda text: [text], lambda text: [{"k": [{"l": text}]}]])
def test_any_text_is_written_as_by_pyyaml_and_read_back(place: Any) -> None:
    for text in STRINGS:
        data = place(text)
        written = _body(data)
        assert written == yamltext.by_pyyaml(data), repr(text)
        assert yaml.safe_load(written) == data or _no_round_trip(text), repr(text)


def _no_round_trip(text: str) -> bool:
    """Line breaks of Unicode: PyYAML writes them as they are and reads them as blanks or line feeds."""
    return any(char in text for char in "\u0085\u2028")


def test_any_text_can_be_a_key() -> None:
    for text in STRINGS:
        data = {text: "value", "after": 1}
        assert _body(data) == yamltext.by_pyyaml(data), repr(text)
    long = {"k" * length: True for length in range(90, 140)}
    assert _body(long) == yamltext.by_pyyaml(long)


def test_any_shape_is_written_as_by_pyyaml() -> None:
    chance = random.Random(20)  # noqa: S311 - repeatable shapes, no secrets
    for _ in range(400):
        data = {"first": _shape(chance, 4), "second": [_shape(chance, 3) for _ in range(chance.randrange(4))]}
        written = _body(data)
        assert written == yamltext.by_pyyaml(data), data


def _shape(chance: random.Random, depth: int) -> Any:
    kind = chance.randrange(8 if depth else 5)
    if kind > 5:
        return [_shape(chance, depth - 1) for _ in range(chance.randrange(4))]
    if kind == 5:
        return {f"key-{number}": _shape(chance, depth - 1) for number in range(chance.randrange(4))}
    return (chance.choice(STRINGS), "plain words", chance.randrange(-5, 5000), chance.random() < 0.5, 0.25)[kind]


def test_what_is_generated_needs_no_help_of_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick way is the one that is taken: a shipped rule file is written without PyYAML, and is the same."""

    def refuse(data: Any) -> str:
        raise AssertionError(f"slow: {data!r}"[:400])

    monkeypatch.setattr(yamltext, "by_pyyaml", refuse)
    rules = Path(__file__).parents[1] / "golden/everything/expected/alerts/rules"
    for file in sorted(rules.glob("*.yml")):
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert yaml.safe_load(_body(data)) == data
