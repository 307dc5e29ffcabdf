"""Sentences of the spec as annotation templates: whatever braces they have, Prometheus reads them as they stand."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path

import pytest

from slostack.plan.texts import literal, with_value
from slostack.render import yamltext
from slostack.tools.errors import ToolError
from slostack.tools.find import find
from slostack.tools.promtool import check_rules

_PARTS = ("{", "}", "{{", "{value}", "{tenant}", "{nope}", " ", "a")
SENTENCES = sorted({"".join(parts) for parts in product(_PARTS, repeat=4)})


def shown(template: str) -> str:
    """What Prometheus makes of a template of quoted texts, `$value` and labels; fails where it would refuse it."""
    out = ""
    while "{{" in template:
        before, _, rest = template.partition("{{")
        action, closed, template = rest.partition("}}")
        if action.startswith(' "'):  # braces inside the quotes close nothing
            text, length = json.JSONDecoder().raw_decode(rest[1:])
            assert rest[length + 1 :].startswith(" }}"), rest
            template, value = rest[length + 4 :], text
        else:
            assert closed, rest
            assert re.fullmatch(r' \$value \| printf "%.4g" | \$labels\.tenant ', action), action
            value = "5" if "$value" in action else "blue"
        out += before + value
    return out + template


def test_braces_stay_what_they_are() -> None:
    for sentence in SENTENCES:
        filled = "".join(
            {"{value}": "5", "{tenant}": "blue"}.get(part, part) for part in re.split(r"(\{[a-z]+\})", sentence)
        )
        assert shown(with_value(sentence, "count", ["tenant"])) == filled, sentence
        assert shown(literal(sentence) + "{{ $labels.tenant }}") == sentence + "blue", sentence


def test_prometheus_takes_every_such_sentence(tmp_path: Path) -> None:
    try:
        find("promtool")
    except ToolError as error:
        pytest.skip(f"no promtool to judge the templates: {error}")
    rules = [
        {"alert": f"A{number}", "expr": "x", "annotations": {"summary": with_value(sentence, "count", ["tenant"])}}
        for number, sentence in enumerate(SENTENCES)
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yamltext.document({"groups": [{"name": "g", "rules": rules}]}, "All of them."), encoding="utf-8")

    verdict = check_rules([file])

    assert verdict.ok, verdict.problems
