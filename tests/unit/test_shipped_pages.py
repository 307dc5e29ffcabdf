"""The pages of the monitoring's own alerts come with the package: nobody writes what is the same for everybody."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from slostack.plan import Plan, monitoring
from slostack.plan.build import build
from slostack.render.runbooks import BEGIN, DRAFT, END, SECTIONS, render, shipped, untouched
from slostack.spec.load import parse

ROOT = Path(__file__).parents[2]
SPEC = """\
version: 1
teams:
  shop: {page: {webhook: "http://inbox/"}, ticket: {webhook: "http://inbox/"}}
services:
  checkout:
    team: shop
    slos: {requests: {promise: Checkouts succeed, objective: 99.9, events: {bad: failed_total, total: all_total}}}
"""
WITH_JOB = SPEC.replace("team: shop\n", "team: shop\n    job: checkout\n")


def plan(text: str = SPEC) -> Plan:
    loaded = parse(text, "slo.yaml")
    assert loaded.spec is not None, loaded.problems
    return build(loaded.spec)


def page(name: str, text: str = SPEC) -> str:
    return render(plan(text), "runbooks", {})[f"runbooks/{name}.md"]


def human(text: str) -> str:
    return text[text.index(END) :]


@pytest.mark.parametrize("name", monitoring.NAMES)
def test_a_new_page_is_no_draft_and_has_every_section(name: str) -> None:
    text = page(name)

    assert text.startswith(f"# {name}\n\n{BEGIN}\n")
    assert DRAFT.removesuffix(" -->") not in text
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == list(SECTIONS)
    assert untouched(text)


@pytest.mark.parametrize("name", monitoring.NAMES)
def test_it_says_nothing_of_this_projects_service_and_needs_none_of_its_files(name: str) -> None:
    text = human(page(name))

    assert not re.search(r"mcts|guides/|\{\{inbox\}\}|\{\{workload\}\}|level \d", text, re.IGNORECASE)
    for target in re.findall(r"\]\(([^)#]+\.md)", text):
        assert f"runbooks/{target}" in render(plan(), "runbooks", {}), target


def test_links_to_pages_that_are_there_stay() -> None:
    assert "([ServiceDown](ServiceDown.md#mitigate-now))" in page("ScrapeTargetDown", WITH_JOB)
    assert "ServiceDown" not in human(page("ScrapeTargetDown"))
    assert "[Watchdog](Watchdog.md#mitigate-now)" in page("ScrapeTargetDown")


def test_parts_for_this_projects_own_stack_are_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    part = "<!-- slostack:own-stack begin -->\n\nAsk the inbox.\n\n<!-- slostack:own-stack end -->\n\n"
    (tmp_path / "SpansLost.md").write_text(f"# SpansLost\n\n## What this means\n\n{part}All lost.\n", encoding="utf-8")
    monkeypatch.setattr(shipped, "folder", lambda: tmp_path)
    shipped._written.cache_clear()
    try:
        assert shipped.sections("SpansLost", ()) == "## What this means\n\nAll lost.\n"
    finally:
        shipped._written.cache_clear()


def test_the_pages_of_services_are_their_owners_to_write() -> None:
    pages = render(plan(WITH_JOB), "runbooks", {})
    drafts = {Path(path).stem for path, text in pages.items() if DRAFT.removesuffix(" -->") in text}

    assert drafts == {alert.name for alert in plan(WITH_JOB).alerts} - set(monitoring.NAMES)


def test_a_draft_of_an_earlier_version_becomes_the_page() -> None:
    """Nobody wrote in it, so nothing is lost."""
    draft = page("CheckoutRequestsBurnsFast")
    path = "runbooks/Watchdog.md"

    assert untouched(draft)
    assert render(plan(), "runbooks", {path: draft})[path] == page("Watchdog")


def test_a_page_follows_its_text_until_somebody_writes_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    path = "runbooks/Watchdog.md"
    made = page("Watchdog")
    written = made.replace("## Escalate\n", "## Escalate\n\nCall Ada.\n")
    monkeypatch.setattr(shipped, "sections", lambda *_: "## What this means\n\nA newer version knows more.\n")

    assert "knows more" in render(plan(), "runbooks", {path: made})[path]
    assert render(plan(), "runbooks", {path: written})[path] == written


def test_the_wheel_brings_each_page_and_no_other() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        included = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

    pages = {source: target for source, target in included.items() if source.startswith("runbooks/")}
    assert pages == {f"runbooks/{name}.md": f"slostack/_runbooks/{name}.md" for name in monitoring.NAMES}
    assert shipped.folder() == ROOT / "runbooks"
