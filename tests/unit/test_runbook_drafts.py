"""Drafts of runbook pages: they follow the spec as long as nobody wrote in them, and no longer."""

from __future__ import annotations

import pytest

from slostack.plan import Plan
from slostack.plan.build import build
from slostack.render.runbooks import DRAFT, render, untouched
from slostack.spec.load import parse

SPEC = """\
version: 1
teams:
  shop:
    page: {webhook: "http://inbox/"}
    ticket: {webhook: "http://inbox/"}
    escalation: [{after: 15m, to: the second engineer}]
services:
  checkout:
    team: shop
    slos: {requests: {promise: Checkouts succeed, objective: 99.9, events: {bad: failed_total, total: all_total}}}
    alerts: {QueueLong: {severity: ticket, summary: "{value} wait", when: max(queue_length), above: 100}}
"""
PAGE = "runbooks/QueueLong.md"


def plan(text: str = SPEC) -> Plan:
    loaded = parse(text, "slo.yaml")
    assert loaded.spec is not None, loaded.problems
    return build(loaded.spec)


@pytest.fixture
def made() -> str:
    return render(plan(), "runbooks", {})[PAGE]


@pytest.fixture
def changed() -> Plan:
    """The same alert of a spec that says something else."""
    return plan(SPEC.replace("max(queue_length)", "sum(queue_depth)").replace("the second engineer", "the lead"))


def test_a_draft_in_which_nobody_wrote_follows_the_spec(made: str, changed: Plan) -> None:
    renewed = render(changed, "runbooks", {PAGE: made})[PAGE]

    assert "queue_length" not in renewed
    assert "second engineer" not in renewed
    assert renewed == render(changed, "runbooks", {})[PAGE]
    assert render(changed, "runbooks", {PAGE: renewed.replace("\n", "\r\n")})[PAGE] == renewed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("## Mitigate now", "## Mitigate now\n\nRestart it."),
        ("# QueueLong", "# The queue is long"),
        ("Record what failed", "Record who failed"),
    ],
)
def test_what_somebody_wrote_in_stays_but_for_the_block(made: str, changed: Plan, old: str, new: str) -> None:
    written = made.replace(old, new, 1)
    kept = render(changed, "runbooks", {PAGE: written})[PAGE]

    assert new in kept
    assert "max(queue_length)" in kept.split("## Is it real?")[1]
    assert "sum(queue_depth)" in kept.split("## What this means")[0]


def test_a_mark_without_a_print_or_with_that_of_another_page_is_nobodys_to_renew(made: str, changed: Plan) -> None:
    mark = next(line for line in made.splitlines() if line.startswith("<!-- slostack:draft "))
    for text in (made.replace(mark, DRAFT), made.replace(mark, "<!-- slostack:draft 0123456789ab -->")):
        assert not untouched(text)
        assert "max(queue_length)" in render(changed, "runbooks", {PAGE: text})[PAGE].split("## Is it real?")[1]


def test_the_block_alone_touches_no_draft(made: str) -> None:
    """The facts change with every spec; the print is of what people may write."""
    assert untouched(made)
    assert untouched(made.replace("more than 100", "more than 200", 1))


def test_a_promise_that_looks_like_a_mark_of_ours_damages_no_page() -> None:
    marked = plan(SPEC.replace("Checkouts succeed", '"Up <!-- slostack:facts end --> and | well"'))
    once = render(marked, "runbooks", {})
    assert "**Up &lt;!-- slostack:facts end --> and \\| well**" in once["runbooks/CheckoutRequestsBurnsFast.md"]
    assert render(marked, "runbooks", once) == once
