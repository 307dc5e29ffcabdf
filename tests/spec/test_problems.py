"""How problems read: as text with and without a terminal, for GitHub, as JSON."""

from __future__ import annotations

import json

import pytest

from slostack.problems import Problem, failing, in_order, render

LATE = Problem("late", "this is late", "hurry", "slo.yaml", 9, 3, source="  key: value")
EARLY = Problem("early", "this is early", "wait", "slo.yaml", 9, 1, "warning", "  key: value")


def test_text_is_one_line_each_errors_first() -> None:
    """Twice the same is said once."""
    assert render([EARLY, LATE, EARLY]) == (
        "slo.yaml:9:3: late: this is late — hurry\nslo.yaml:9:1: warning: early: this is early — wait\n"
    )


def test_problems_of_one_severity_are_sorted_by_place() -> None:
    """As an editor that steps from one to the next wants them."""
    places = [("b.yml", 1), ("a.yml", 10), ("a.yml", 9)]
    text = render([Problem("a", "s", "r", file, line) for file, line in places])
    assert [line.split(" ")[0] for line in text.splitlines()] == ["a.yml:9:1:", "a.yml:10:1:", "b.yml:1:1:"]


def test_nothing_wrong_says_nothing() -> None:
    """JSON is a list even then."""
    assert (render([]), render([], "github"), render([], "json")) == ("", "", "[]\n")


def test_lines_sort_as_numbers() -> None:
    """Line 10 comes after line 9."""
    assert [problem.line for problem in in_order([Problem("a", "s", "r", "f", n) for n in (10, 9, 100)])] == [
        9,
        10,
        100,
    ]


def test_the_source_is_shown_with_a_caret() -> None:
    """The caret stands under the column."""
    assert render([LATE], source=True).splitlines()[1:] == ["      key: value", "      ^"]


@pytest.mark.parametrize(
    ("line", "column", "shown", "caret"),
    [
        ("\tkey: x", 7, "     key: x", 10),
        ("漢字: x", 5, "    漢字: x", 10),
        ("e\u0301: x", 5, "    e\u0301: x", 7),
        ("key: x", 7, "    key: x", 10),
    ],
    ids=["tab", "wide characters", "combining accent", "past the end"],
)
def test_the_caret_counts_cells(line: str, column: int, shown: str, caret: int) -> None:
    """A terminal shows some characters wide and some not at all."""
    problem = Problem("a", "s", "r", "f", 1, column, source=line)
    lines = render([problem], source=True).splitlines()
    assert lines[1] == shown
    assert lines[2] == " " * caret + "^"


def test_a_long_line_is_shown_around_the_column() -> None:
    """A line of a thousand characters would fill the screen."""
    problem = Problem("a", "s", "r", "f", 1, 500, source="x" * 499 + "!" + "y" * 500)
    excerpt, caret = render([problem], source=True).splitlines()[1:]
    assert len(excerpt) == 104
    assert excerpt[caret.index("^")] == "!"


def test_colours_are_only_there_when_asked_for() -> None:
    """The caller knows about NO_COLOR and terminals."""
    assert "\x1b" not in render([LATE, EARLY], source=True)
    coloured = render([LATE, EARLY], colour=True)
    assert "\x1b[31mlate:\x1b[0m" in coloured
    assert "\x1b[33mearly:\x1b[0m" in coloured


def test_a_terminal_cannot_be_taken_over() -> None:
    """What a file holds may be hostile; escapes are shown, not sent."""
    problem = Problem("a", "name `\x1b[2J\n\u202e`", "r", "f\x07", source="\x1b]0;x\x07")
    text = render([problem], source=True)
    assert text.splitlines()[0] == "f\\x07:1:1: a: name `\\x1b[2J\\n\\u202e` — r"
    assert text.isprintable() or set(text) - {"\n"} == {c for c in text if c.isprintable()}


def test_github_commands_are_escaped() -> None:
    """Colons and commas end a property, percent signs begin an escape."""
    problem = Problem("code", "100 % of a, b: c", "do\nit", "a,b:c%.yaml", 3, 4, "warning")
    assert render([problem], "github") == (
        "::warning file=a%2Cb%3Ac%25.yaml,line=3,col=4,title=code::100 %25 of a, b: c — do\\nit\n"
    )


def test_json_has_every_field() -> None:
    """Names are those of the class; the page says where the check is explained."""
    assert json.loads(render([EARLY], "json")) == [
        {
            "file": "slo.yaml",
            "line": 9,
            "column": 1,
            "severity": "warning",
            "code": "early",
            "sentence": "this is early",
            "remedy": "wait",
            "page": "docs/checks/early.md",
        }
    ]


def test_json_takes_any_text() -> None:
    """A file's name may be no Unicode at all."""
    assert json.loads(render([Problem("a", "s", "r", "x\udcff.yaml")], "json"))[0]["file"] == "x\\udcff.yaml"


def test_warnings_fail_only_when_strict() -> None:
    """`check --strict` is for our own repository."""
    assert failing([LATE])
    assert not failing([EARLY])
    assert failing([EARLY], strict=True)
    assert not failing([], strict=True)
