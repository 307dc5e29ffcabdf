"""Whatever somebody does to a good spec, it is answered with sentences: never with a traceback, never with silence."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from spec_texts import completed

from slostack.checks.spec import check_spec
from slostack.plan.build import build
from slostack.problems import failing, in_order, render
from slostack.spec.load import parse

GOOD = (Path(__file__).parents[2] / "slo.yaml").read_text(encoding="utf-8")
SEEDS = 25
EACH = 10  # mutations per seed and kind: 500 in all
JUNK: list[Any] = [
    *(None, True, 0, -1, 10**18, "", " ", "off", "x" * 400, "30d", "1:30", "a|b", "{value}", "$x", "\x1b[2J", "é`"),
    *([], [[]], {}, {"": ""}, {"a": {"b": []}}, [None], "sum(", "x{", 'y{a=~"["}', "1 +", "up[5m]", "\u2028", "[key]"),
]


def _judge(text: str) -> None:
    """Reads a text as every command does; what is accepted must also make a plan."""
    loaded = parse(text, "slo.yaml")
    problems = in_order([*loaded.problems, *check_spec(loaded)])
    lines = text.split("\n")
    for problem in problems:
        assert 1 <= problem.line <= len(lines) + 1, problem
        assert 1 <= problem.column <= len(lines[problem.line - 1] if problem.line <= len(lines) else "") + 1, problem
        assert problem.sentence, problem
        assert problem.remedy, problem
    for form in ("text", "github", "json"):
        render(problems, form, source=True)
    assert (loaded.spec is None) == failing(loaded.problems)
    if loaded.spec is not None and not failing(problems):
        build(loaded.spec)


def _nodes(value: Any) -> list[tuple[Any, Any]]:
    """Every entry of every collection, as the collection and its key."""
    found: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        owner = pending.pop()
        keys = list(owner) if isinstance(owner, dict) else list(range(len(owner)))
        found += [(owner, key) for key in keys]
        pending += [owner[key] for key in keys if isinstance(owner[key], (dict, list))]
    return found


def _mutated(chance: random.Random, data: Any) -> Any:
    owner, key = chance.choice(_nodes(data))
    kind = chance.choice(["delete", "replace", "rename", "move"])
    if kind == "delete":
        del owner[key]
    elif kind == "replace":
        owner[key] = chance.choice(JUNK)
    elif kind == "rename" and isinstance(owner, dict):
        owner[chance.choice([f"{key}x", str(key).upper(), "on", "1", "for", "services", "a.b", str(key)[:-1]])] = (
            owner.pop(key)
        )
    else:
        other, place = chance.choice(_nodes(data))
        other[place] = yaml.load(yaml.dump(owner[key], Dumper=yaml.CSafeDumper), Loader=yaml.CSafeLoader)
    return data


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        (" + ".join(["sum by (service) (a)"] * 100), False),
        (" + ".join(["a"] * 400), True),
        ("abs(" * 100 + "a" + ")" * 100, False),
        ("sum by (service) (" * 400 + "a" + ")" * 400, True),
        ("(1 + " * 400 + "1" + ")" * 400, True),
    ],
    ids=["sum", "long sum", "calls", "many aggregations", "many parentheses"],
)
def test_no_expression_is_too_deep_for_a_sentence(expression: str, told: bool) -> None:
    data = yaml.load(GOOD, Loader=yaml.CSafeLoader)
    (service,) = data["services"].values()
    service["alerts"]["Deep"] = {"summary": "deep", "severity": "ticket", "when": expression, "above": 1}
    text = yaml.dump(data, Dumper=yaml.CSafeDumper)
    _judge(text)
    assert any("nested too deeply" in problem.sentence for problem in check_spec(parse(text, "slo.yaml"))) is told


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_change_of_a_value_is_too_much(seed: int) -> None:
    """Nodes are deleted, replaced, renamed and put where they do not belong, once or several times."""
    chance = random.Random(seed)  # noqa: S311 — repeatable on purpose
    for _ in range(EACH):
        data = yaml.load(GOOD, Loader=yaml.CSafeLoader)
        for _ in range(chance.choice([1, 1, 2, 5])):
            data = _mutated(chance, data)
        _judge(yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_change_of_the_text_is_too_much(seed: int) -> None:
    """Lines and characters are lost, doubled, indented and typed wrong."""
    chance = random.Random(seed)  # noqa: S311 — repeatable on purpose
    for _ in range(EACH):
        lines = GOOD.split("\n")
        for _ in range(chance.choice([1, 1, 2, 5])):
            number = chance.randrange(len(lines))
            line = lines[number]
            at = chance.randrange(len(line) + 1)
            sign = chance.choice([*"{}[]:,'\"|>&*!%@#-? \t`\\~", "\x00", "\ufeff", "\u0085", "é", "- ", ": "])
            lines[number : number + 1] = chance.choice(
                [
                    [],
                    [line, line],
                    [f"  {line}"],
                    [line[2:]],
                    [line[:at] + sign + line[at:]],
                    [line[:at] + line[at + 1 :]],
                ]
            )
        _judge("\n".join(lines))


def test_the_good_spec_is_good() -> None:
    """Otherwise the mutations above would prove little."""
    loaded = parse(GOOD, "slo.yaml")
    assert render([*loaded.problems, *check_spec(loaded)]) == ""


def test_a_spec_of_ten_lines_is_enough() -> None:
    """What a newcomer writes."""
    loaded = parse(completed(""), "slo.yaml")
    assert loaded.spec is not None
    assert check_spec(loaded) == []
