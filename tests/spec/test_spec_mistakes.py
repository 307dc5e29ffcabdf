"""Every mistake is answered with its exact sentence, remedy, line and column."""

from __future__ import annotations

import pytest
from spec_texts import Case, cases, found

from slostack.problems import render

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=[f"{case.group}: {case.name}" for case in CASES])
def test_a_mistake_is_answered_exactly(case: Case) -> None:
    """The whole answer is compared, so that neither a missing nor a further problem goes unseen."""
    assert render(found(case.text)).splitlines() == case.expected


def test_the_table_is_as_large_as_it_claims() -> None:
    """An empty folder or a broken separator would make the test above pass with nothing."""
    wrong = [case for case in CASES if case.expected]
    assert len(wrong) >= 80
    assert len({(case.group, case.name) for case in CASES}) == len(CASES)


def test_every_answer_has_a_remedy() -> None:
    """A sentence without a way out is half an answer."""
    for case in CASES:
        for problem in found(case.text):
            assert problem.remedy, problem
            assert not problem.sentence.endswith("."), problem
            assert "`None`" not in problem.message or "None:" in case.text, problem


def test_no_answer_speaks_of_the_parts_inside() -> None:
    """Who writes a spec need not know what reads it."""
    jargon = ("pydantic", "Input should", "validator", "dict", "NoneType", "literal_error", "Traceback", "<class")
    for case in CASES:
        for problem in found(case.text):
            assert not any(word in problem.message for word in jargon), problem
