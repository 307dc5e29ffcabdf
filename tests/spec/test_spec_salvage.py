"""A mistake hides no other: what is broken gets a stand-in, and everything beside it is still checked."""

from __future__ import annotations

import random
from typing import Any

import pytest
import yaml
from spec_texts import FOLDER, completed, found

from slostack.spec.load import parse

WHOLE = (FOLDER.parents[1] / "golden" / "everything" / "slo.yaml").read_text(encoding="utf-8")
WITNESS = {
    "team": "nosuch",
    "slos": {"good": {"promise": "Good", "objective": 99.9, "events": {"bad": "sum(x", "total": "t"}}},
}
JUNK: list[Any] = [[], {}, 7, "no ?such §thing", [[7]], {"unknown": {"deep": 1}}, None]


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path below the first two levels: what stands above them is needed by all."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [one for key, each in inner for one in _paths(each, (*path, key))]
    return [path, *below] if len(path) > 2 else below


PATHS = _paths(yaml.load(WHOLE, Loader=yaml.CSafeLoader))


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_broken_the_rest_is_checked(seed: int) -> None:
    """A service with two mistakes of its own stands beside a spec in which some value is replaced by junk."""
    chance = random.Random(seed)  # noqa: S311 — repeatable on purpose
    data = yaml.load(WHOLE, Loader=yaml.CSafeLoader)
    path = chance.choice(PATHS)
    owner = data
    for part in path[:-1]:
        owner = owner[part]
    owner[path[-1]] = chance.choice(JUNK)
    data["services"]["witness"] = WITNESS
    text = yaml.safe_dump(data, sort_keys=False)
    codes = {problem.code for problem in found(text) if "in environment" not in problem.sentence}

    assert "promql" in codes, path
    assert "unknown-team" in codes or path[0] == "teams", path


@pytest.mark.parametrize("key", ["services", "teams"])
def test_without_services_or_teams_the_rest_is_checked(key: str) -> None:
    text = completed(f"{key}: nothing\nperiod: 36h\n")

    assert {"wrong-type", "period"} <= {problem.code for problem in found(text)}


def test_a_good_spec_has_nothing_in_doubt() -> None:
    loaded = parse(completed(""), "slo.yaml")

    assert [variant.doubts for variant in loaded.variants] == [frozenset()]


def test_a_file_of_mistakes_alone_is_not_guessed_at() -> None:
    """What thousands of unknown keys mean nobody can tell; they are reported, and quickly."""
    loaded = parse(completed("\n".join(f"key{number}: 1" for number in range(3000))), "slo.yaml")

    assert len(loaded.problems) == 3000
    assert loaded.variants[0].spec is None
