"""Every check of the spec has a page, and its examples are what the page says they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from spec_texts import cases, completed, found

from slostack.checks.spec import CODES
from slostack.problems import Problem, render

PAGES = Path(__file__).parents[2] / "docs" / "checks"
ABOUT_THE_WHOLE = {"no-spec"}  # its examples are whole files
NOT_ABOUT_TEXT = {"unreadable", "encoding", "byte-order-mark", "unknown-environment"}


def _example(code: str, title: str) -> str:
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    match = re.search(rf"^## {title}\n\n```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert match, f"the page has no section `{title}` with an example"
    return match[1] if code in ABOUT_THE_WHOLE else completed(match[1])


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_check_has_a_page(code: str) -> None:
    """The page is where `Problem.page` says it is, and begins with the code."""
    path = PAGES.parents[1] / Problem(code, "", "", "").page
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"# {code}"
    assert len(lines[2]) > 30


@pytest.mark.parametrize("code", sorted(CODES - NOT_ABOUT_TEXT))
def test_the_examples_of_a_page_are_true(code: str) -> None:
    """The wrong one shows this problem and no other; the right one shows none."""
    wrong, right = found(_example(code, "Wrong")), found(_example(code, "Right"))
    assert {problem.code for problem in wrong} == {code}, render(wrong)
    assert right == [], render(right)


def test_every_code_is_known_and_shown() -> None:
    """No answer of the table has a code without a page, and no check is without a case in the table."""
    shown = {problem.code for case in cases() for problem in found(case.text)}
    assert shown - CODES == set()
    assert CODES - NOT_ABOUT_TEXT - shown == set()
