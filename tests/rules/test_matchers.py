"""Matchers taken apart: `label_replace` must tell errors from the rest exactly as the matcher does."""

from __future__ import annotations

import re

import pytest

from slostack.render.rules.series import Matcher, matcher


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('code=~"5.."', Matcher("code", "5..", negated=False)),
        ('code!~"2..|3.."', Matcher("code", "2..|3..", negated=True)),
        ('code="500"', Matcher("code", "500", negated=False)),
        ("code != '200'", Matcher("code", "200", negated=True)),
        ('path="/a.b?c=(d)"', Matcher("path", r"/a\.b\?c=\(d\)", negated=False)),
        (r'code=~"5\\d+"', Matcher("code", r"5\d+", negated=False)),
        (r"code=~`5\d+`", Matcher("code", r"5\d+", negated=False)),
        (r'text="tab\there"', Matcher("text", "tab\there", negated=False)),
    ],
)
def test_a_matcher_becomes_an_anchored_expression(text: str, expected: Matcher) -> None:
    assert matcher(text) == expected


@pytest.mark.parametrize("text", ["", "code", "code=", 'code=="5"', '"a.b"="c"', 'a="b",c="d"', r'a="\x41"', "a=5"])
def test_what_label_replace_cannot_express_is_left_to_two_selectors(text: str) -> None:
    assert matcher(text) is None


@pytest.mark.parametrize("value", ["a.b", "a|b", "[x]", "{1}", "^$", "back\\slash", "a+b*c", "(d)"])
def test_an_exact_value_matches_itself_and_nothing_else(value: str) -> None:
    literal = value.replace("\\", "\\\\")
    found = matcher(f'label="{literal}"')

    assert found is not None
    assert re.fullmatch(found.pattern, value)
    assert not re.fullmatch(found.pattern, f"{value}x")


def test_a_negated_matcher_makes_everything_an_error_first() -> None:
    text = Matcher("code", "2..", negated=True).classify("x")

    assert text.index('"error"') < text.index('"good"')
