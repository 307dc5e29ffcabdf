"""Each check of runbook pages finds the mistake that it is there for, on the line where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from house import SPEC, House, house

from slostack.checks import drift
from slostack.checks.runbooks import blocks, draft, links, markers, pages, placeholders, queries, sections
from slostack.render import runbooks
from slostack.render.runbooks import BEGIN, DRAFT, END

NAME = "QueueLong"
PAGE = f"runbooks/{NAME}.md"


def test_an_alert_without_a_page_is_warned_of_where_the_spec_has_it(sound: House) -> None:
    sound.page(NAME).unlink()
    assert sound.told(pages.check) == [
        (
            f"slo.yaml:22: warning: runbook-missing: `{NAME}` has no page {PAGE}"
            " — run `slostack generate`, which writes a draft, and fill it in"
        )
    ]


def test_a_missing_page_that_comes_with_the_package_needs_no_filling_in(sound: House) -> None:
    sound.page("Watchdog").unlink()
    (found,) = sound.told(pages.check)
    assert found.endswith("`Watchdog` has no page runbooks/Watchdog.md — run `slostack generate`, which writes it")


def test_a_page_without_an_alert_is_told_with_the_alert_that_it_may_be_for(sound: House) -> None:
    sound.page(NAME).rename(sound.page("QueueLonger"))
    (found, missing) = sound.told(pages.check)
    assert found == (
        "runbooks/QueueLonger.md:1: runbook-orphan: no alert is called `QueueLonger`, so nothing leads here"
        f" — rename it to {NAME}.md if that is the alert now, or move it to runbooks/guides"
    )
    assert "runbook-missing" in missing


def test_an_orphan_is_one_problem(sound: House) -> None:
    sound.page(NAME).rename(sound.page("QueueLonger"))
    sound.edit("QueueLonger", "Some checkouts fail.", "[x](Nowhere.md) {{nothing}}")
    sound.edit("QueueLonger", 'up{job="checkout"}', 'slo:error_ratio{slo="gone",window="1h"} )')
    sound.edit("QueueLonger", "```sh danger", "```sh")
    told = [one for check in (links, placeholders, queries, blocks, sections, draft) for one in sound.told(check.check)]
    assert told == []


def test_a_page_that_nobody_wrote_in_is_no_orphan(sound: House) -> None:
    """Generating removes it, as drift says."""
    made = runbooks.render(sound.plan, "runbooks", {})[f"runbooks/{NAME}.md"]
    sound.page("QueueLonger").write_text(made, encoding="utf-8")
    assert sound.told(pages.check) == []
    assert [one for one in sound.told(drift.check) if "QueueLonger" in one] == [
        (
            "runbooks/QueueLonger.md:1: warning: drift: the file was generated once, and nothing in the spec gives it"
            " any more — run `slostack generate`; what is written by hand into a generated file is lost"
        )
    ]


def test_the_text_that_comes_with_the_package_is_no_draft(sound: House) -> None:
    text = runbooks.render(sound.plan, "runbooks", {})["runbooks/Watchdog.md"]
    sound.page("Watchdog").write_text(text, encoding="utf-8")
    assert sound.told(draft.check) == []
    assert sound.told(sections.check) == []


def test_a_page_of_another_environments_alert_is_no_orphan(sound: House) -> None:
    sound.page(NAME).rename(sound.page("OnlyInStaging"))
    context = sound.context()
    elsewhere = type(context)(**(vars(context) | {"alert_names": context.alert_names | {"OnlyInStaging"}}))
    assert [problem.code for problem in pages.check(elsewhere)] == ["runbook-missing"]


def test_a_project_without_any_page_is_only_not_generated_yet(sound: House) -> None:
    for path in sound.root.glob("runbooks/*.md"):
        path.unlink()
    assert sound.told(pages.check) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (BEGIN, "", "the first mark of the generated block is gone"),
        (END, "", "the last mark of the generated block is gone"),
        (END, f"{END}\n{END}", "a mark of the generated block stands twice"),
    ],
)
def test_damaged_marks_are_told(sound: House, old: str, new: str, fault: str) -> None:
    sound.edit(NAME, old, new)
    (found,) = sound.told(markers.check)
    assert f": runbook-markers: {fault} — write the line {BEGIN}" in found


def test_marks_that_are_gone_altogether_are_told(sound: House) -> None:
    sound.edit(NAME, BEGIN, "")
    sound.edit(NAME, END, "")
    (found,) = sound.told(markers.check)
    assert found.startswith(f"{PAGE}:1: runbook-markers: the marks of the generated block are gone")


def test_a_section_that_is_missing_is_told_with_its_place(sound: House) -> None:
    sound.edit(NAME, "## Fixed when\n\nThe query is above zero.\n", "")
    (found,) = sound.told(sections.check)
    assert found.endswith(
        "runbook-section: the section `Fixed when` is missing — write `## Fixed when` below `Find the cause`"
    )


def test_a_section_that_is_empty_is_told_on_its_line(sound: House) -> None:
    line = sound.edit(NAME, "After 15 minutes to the lead.", "<!-- later -->") - 2
    assert sound.told(sections.check) == [
        (
            f"{PAGE}:{line}: runbook-section: the section `Escalate` is empty"
            " — say it in a sentence; if there is nothing to do, say that and why"
        )
    ]


def test_sections_out_of_order_are_told(sound: House) -> None:
    sound.edit(NAME, "## Mitigate now", "## Later")
    sound.edit(NAME, "## Afterwards", "## Mitigate now\n\nRestart it.\n\n## Afterwards")
    (found,) = sound.told(sections.check)
    assert ": runbook-section: the section `Mitigate now` stands below `Escalate` — the order is What this" in found


def test_a_page_with_the_drafts_mark_is_warned_of(sound: House) -> None:
    line = sound.edit(NAME, "## What this means", f"{DRAFT}\n\n## What this means")
    assert sound.told(draft.check) == [
        (
            f"{PAGE}:{line}: warning: runbook-draft: the page of `{NAME}` is a draft"
            f" — write what to do, then delete the line {DRAFT}"
        )
    ]


def test_the_drafts_own_text_is_warned_of_when_only_the_mark_was_deleted(sound: House) -> None:
    text = (
        "Name the reversible actions, the quickest first: command, how long it takes, how to see that it worked,"
        " how to undo it."
    )
    line = sound.edit(NAME, "```sh danger\ndocker compose restart checkout\n```", text) - 2
    assert sound.told(draft.check) == [
        (
            f"{PAGE}:{line}: warning: runbook-draft: the section `Mitigate now` is the draft's own text"
            " — write what holds for this alert"
        )
    ]


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("guides/error.md", "the link guides/error.md leads to no page — did you mean guides/errors.md?"),
        (
            "guides/errors.md#first-step",
            (
                "the link guides/errors.md#first-step names a heading that errors.md does not have"
                " — did you mean #first-steps?"
            ),
        ),
        (
            "#mitigate",
            f"the link #mitigate names a heading that {NAME}.md does not have — did you mean #mitigate-now?",
        ),
        (
            "/etc/passwd",
            "the link /etc/passwd is no page and no web address — link pages as `Name.md` or `guides/name.md`",
        ),
        ("../slo.yaml", "the link ../slo.yaml leads to no page — write that page, or link another"),
    ],
)
def test_a_link_that_leads_nowhere_is_told(sound: House, target: str, fault: str) -> None:
    line = sound.edit(NAME, "guides/errors.md#first-steps", target)
    assert sound.told(links.check) == [f"{PAGE}:{line}: runbook-link: {fault}"]


@pytest.mark.parametrize(
    "target",
    ["Watchdog.md", "guides/errors.md", "#escalate", "https://example.org/x", "{{grafana}}/d/x", "mailto:a@b.c"],
)
def test_a_link_that_leads_somewhere_is_fine(sound: House, target: str) -> None:
    sound.edit(NAME, "guides/errors.md#first-steps", target)
    assert sound.told(links.check) == []


def test_links_and_placeholders_of_guides_are_read_too(sound: House) -> None:
    sound.edit("guides/errors", "Look at {{grafana}}", "Look at [it](../QueueLang.md) of {{tenants}}")
    assert sound.told(links.check) == [
        (
            "runbooks/guides/errors.md:5: runbook-link: the link ../QueueLang.md leads to no page"
            " — did you mean ../QueueLong.md?"
        )
    ]
    assert sound.told(placeholders.check) == [
        "runbooks/guides/errors.md:5: runbook-placeholder: nothing fills {{tenants}} — did you mean {{tenant}}?"
    ]


def test_braces_of_the_spec_in_what_is_generated_are_nobodys_placeholders(tmp_path: Path) -> None:
    braces = house(tmp_path, SPEC.replace("max(queue_length)", """'max(queue_length{queue="{{lane}}"})'"""))
    page = braces.page("QueueLong")
    assert "{{lane}}" in page.read_text(encoding="utf-8")
    assert braces.told(placeholders.check) == []

    page.unlink()
    made = runbooks.render(braces.plan, "runbooks", {})["runbooks/QueueLong.md"]
    page.write_text(made, encoding="utf-8")
    assert made.count("{{lane}}") > 1, "the draft shows the query, too"
    assert braces.told(placeholders.check) == []

    page.write_text(made.replace("Say what a false alarm", "Ask in {{lane}} what a false alarm"), encoding="utf-8")
    assert {one.split(" — ")[0].split(": ", 1)[1] for one in braces.told(placeholders.check)} == {
        "runbook-placeholder: nothing fills {{lane}}"
    }


def test_a_placeholder_of_another_alert_is_told(sound: House) -> None:
    sound.edit("CheckoutRequestsBurnsFast", "Some checkouts", "{{tenant}} of {{service}} in {{environment}}: some")
    assert sound.told(placeholders.check) == []
    line = sound.edit(NAME, "Some checkouts", "{{tenant}}: some")
    (found,) = sound.told(placeholders.check)
    assert found.startswith(f"{PAGE}:{line}: runbook-placeholder: nothing fills {{{{tenant}}}} — ")


def test_a_query_that_does_not_parse_is_told_on_its_line(sound: House) -> None:
    line = sound.edit(NAME, 'up{job="checkout"}', 'sum(\n  up{job="{{service}}"}')
    (found,) = sound.told(queries.check)
    assert found.startswith(f"{PAGE}:{line + 1}: runbook-promql: the query does not parse (")
    assert "unclosed left parenthesis" in found


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("slo:error_rate", "no rule records `slo:error_rate` — did you mean `slo:error_ratio`?"),
        (
            'slo:error_ratio{slo="checkout-requests",window="15m"}',
            'no series of `slo:error_ratio` has window="15m" — did you mean `5m`?',
        ),
        (
            'slo:error_ratio{slo=~"checkout-(speed|size)"}',
            'no series of `slo:error_ratio` has slo=~"checkout-(speed|size)" — did you mean `checkout-requests`?',
        ),
    ],
)
def test_a_query_of_a_series_that_no_rule_records_is_told(sound: House, query: str, fault: str) -> None:
    line = sound.edit(NAME, 'up{job="checkout"}', query) - 1
    assert sound.told(queries.check) == [f"{PAGE}:{line}: runbook-series: {fault}"]


def test_a_query_with_placeholders_is_fine(sound: House) -> None:
    sound.edit(NAME, 'up{job="checkout"}', 'slo:error_ratio{slo="{{service}}-requests",window="30d"}')
    assert sound.told(queries.check) == []


def test_commands_that_do_not_parse_are_told_on_their_line(sound: House) -> None:
    line = sound.edit(NAME, "docker compose restart checkout", "if true; then\n  echo )")
    assert sound.told(blocks.check) == [
        (
            f'{PAGE}:{line + 1}: runbook-shell: the commands do not parse (")" unexpected (expecting "fi"))'
            " — mend the block"
        )
    ]


def test_a_change_that_is_not_announced_is_told(sound: House) -> None:
    line = sound.edit(NAME, "```sh danger\ndocker compose restart", "```sh\ndocker compose restart") + 1
    assert sound.told(blocks.check) == [
        (
            f"{PAGE}:{line}: runbook-danger: `docker compose restart` changes something, and the block does not say so"
            " — begin it with ```sh danger, so that no test runs it and readers see it"
        )
    ]


def test_a_block_of_no_known_kind_is_told(sound: House) -> None:
    line = sound.edit(NAME, "```sh danger\ndocker compose restart", "```\ndocker compose restart")
    assert sound.told(blocks.check) == [
        (
            f"{PAGE}:{line}: runbook-block: a block does not say what it is"
            " — begin it with ```promql, ```sh, ```sh danger or ```text"
        )
    ]
