"""What an editor is told about `slo.yaml` agrees with what `slostack check` says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from schema_reader import Reader
from spec_texts import cases, completed, found

from slostack.spec.boards import Column, Panel
from slostack.spec.load import parse
from slostack.spec.model import Alert, Receiver, Slo, Spec
from slostack.spec.schema import json_schema
from slostack.spec.sli import Events, Limit, Node
from slostack.spec.tree import data_of

READER = Reader(json_schema())
SHIPPED = (Path(__file__).parents[2] / "slo.yaml").read_text(encoding="utf-8")
SHAPE = {"unknown-key", "missing-key", "wrong-type", "bad-name"}  # what a schema can see


def _data(text: str) -> Any:
    root = parse(text, "slo.yaml").places.root
    assert root is not None
    return data_of(root)


def _schemas(node: Any, path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield path, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in children:
        yield from _schemas(inner, f"{path}.{key}")


def test_the_shipped_spec_is_valid() -> None:
    """The file that shows everything."""
    assert READER.refusals(_data(SHIPPED)) == []


@pytest.mark.parametrize("case", [case for case in cases() if case.group in {"keys", "values"}], ids=lambda c: c.name)
def test_what_has_the_wrong_shape_is_refused(case: Any) -> None:
    """Unknown and missing keys, wrong types and bad names are underlined while they are typed."""
    codes = {problem.code for problem in found(case.text)}
    if codes & SHAPE:
        assert READER.refusals(_data(case.text))


@pytest.mark.parametrize(
    "case",
    [case for case in cases() if case.group in {"references", "names", "windows", "promql"}],
    ids=lambda c: c.name,
)
def test_what_has_the_right_shape_is_accepted(case: Any) -> None:
    """A schema that is stricter than the tool would teach people to ignore it."""
    codes = {problem.code for problem in found(case.text)}
    if not codes & {*SHAPE, "bad-value", "syntax"}:
        assert READER.refusals(_data(case.text)) == []


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("objective", [99, 99.9, "99.95", "99.95%"], [0, 100, 100.5, "high", True, None, [99]]),
        ("period", ["30d", "1h30m"], [30, "30", "", "30 days", "d", True]),
        ("under", [1, 0.3, "300ms", "1.5 s"], ["300msec", True, {}, "fast"]),
        ("by", [[], ["tenant"]], ["tenant", [1], ["a-b"], {"a": 1}]),
        ("native", [True, False], ["yes", 1, "true"]),
    ],
)
def test_values_have_their_types(key: str, good: list[Any], bad: list[Any]) -> None:
    """Durations, amounts and percentages as people write them, as text or as numbers."""

    def spec(value: Any) -> dict[str, Any]:
        slo: dict[str, Any] = {"promise": "Fast", "objective": 95, "latency": {"histogram": "h", "under": "1s"}}
        (slo["latency"] if key in {"under", "native"} else slo)[key] = value
        return _data(completed("services: {}")) | {"services": {"checkout": {"team": "shop", "slos": {"speed": slo}}}}

    for value in good:
        assert READER.refusals(spec(value)) == [], value
    for value in bad:
        assert READER.refusals(spec(value)), value


_PART: dict[type[Node], tuple[dict[str, Any], dict[str, Any]]] = {
    Slo: (
        {"promise": "Fast", "objective": 95},
        {
            "events": {"bad": "b", "total": "t"},
            "latency": {"histogram": "h", "under": "1s"},
            "availability": {},
            "limit": {"value": "v", "at_most": 1},
            "ratio": "r",
        },
    ),
    Events: ({"total": "t"}, {"good": "g", "bad": "b"}),
    Limit: ({"value": "v"}, {"at_most": 1, "at_least": 2}),
    Alert: (
        {"severity": "page", "summary": "Bad"},
        {"when": "w", "absent": "a", "above": 1, "below": 2, "at_least": 3, "at_most": 4},
    ),
    Column: ({"title": "T"}, {"rate": "r", "ratio": {"part": "p", "of": "o"}, "mean": "m", "value": "v"}),
    Panel: (
        {"title": "T", "describe": "D"},
        {"rate": "r", "ratio": {"part": "p", "of": "o"}, "quantiles": "q", "value": "v", "stat": "s", "slo": "s"},
    ),
    Receiver: (
        {},
        {
            "webhook": "http://inbox/",
            "webhook_file": "secrets/a",
            "slack": {"channel": "#a", "url_file": "secrets/a"},
            "email": {"to": "a@b.example"},
            "pagerduty": {"routing_key_file": "secrets/a"},
        },
    ),
}


@pytest.mark.parametrize("model", _PART, ids=lambda model: model.__name__)
def test_groups_of_which_one_must_be_given_are_those_of_the_model(model: type[Node]) -> None:
    """Whatever of the keys is written, and as `null`: the editor underlines what the tool refuses, and nothing else."""
    definitions = json_schema()["$defs"]
    reader = Reader({**definitions[model.__name__], "$defs": definitions})
    always, some = _PART[model]
    judged = set()
    for count in range(min(len(some), 3) + 1):
        for keys in combinations(some, count):
            for other in (None, *some):
                value = always | {key: some[key] for key in keys} | ({other: None} if other else {})
                try:
                    model.model_validate(value)
                    refused = False
                except ValidationError:
                    refused = True
                assert bool(reader.refusals(value)) == refused, value
                judged.add(refused)
    assert judged == {False, True}


def test_every_key_is_described() -> None:
    """What an editor shows beside a key."""
    schema = json_schema()
    for name, node in {"Spec": schema, **schema["$defs"]}.items():
        assert node.get("description"), name
        for key, inner in node.get("properties", {}).items():
            assert inner.get("description"), f"{name}.{key}"


def test_no_mapping_takes_unknown_keys() -> None:
    """Except the overrides of an environment, whose keys are paths."""
    for path, node in _schemas(json_schema()):
        if node.get("type") == "object":
            assert node["additionalProperties"] is ("environments" in path and "patternProperties." in path), path


def test_defaults_are_valid() -> None:
    """A default is shown as people would write it."""
    for path, node in _schemas(json_schema()):
        if "default" in node and not path.endswith(".properties"):
            reader = Reader({**node, "$defs": json_schema()["$defs"]})
            assert reader.refusals(node["default"]) == [], path


def test_patterns_are_those_of_editors() -> None:
    """Editors read patterns in JavaScript's unicode mode, which knows no needless escapes and no flags inside."""
    for path, node in _schemas(json_schema()):
        for pattern in [node["pattern"]] if isinstance(node.get("pattern"), str) else []:
            assert not re.search(r"\\[\"'<>:@#%&=~`!,;_ -]|\(\?[imsx]|\\[AZ]|\(\?P", pattern), f"{path}: {pattern}"


def test_the_schema_covers_the_model() -> None:
    """Keys are those that people write, such as `for`, not those of the program, such as `for_`."""
    schema = json_schema()
    assert set(schema["properties"]) == {given.alias or name for name, given in Spec.model_fields.items()}
    assert "for" in schema["$defs"]["Alert"]["properties"]
    assert schema["required"] == ["version", "teams", "services"]
