"""An incident on the pages that a person opens at night: the inbox, then the runbook that its notification links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import promql_parser
import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from slostack.live import local
from slostack.live.clients import wait_until
from tests.browser.visits import PHONE, addresses, expression, visit, width
from tests.integration.conftest import running_stack

pytestmark = pytest.mark.timeout(300)

FAULT, ALERT = "disk", "DiskSpaceLow"  # fires at the first bad sample
# Pixels of a graph that have a colour: a series does, while axes, grid and words are grey.
COLOURED = """[...document.querySelectorAll("canvas")].filter(canvas => canvas.width && canvas.height).map(canvas => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let at = 0; at < data.length; at += 4) {
        const colour = data.slice(at, at + 3);
        found += data[at + 3] > 0 && Math.max(...colour) - Math.min(...colour) > 60;
    }
    return found;
}).reduce((sum, found) => sum + found, 0)"""
SUMMARY = re.compile(r"Only \d+(\.\d+)?\s?% of the disk / is free")


@pytest.fixture(scope="module")
def stack(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.LocalStack]:
    """A running time-lapse of the shipped spec, with every target scraped; not started without a browser."""
    with running_stack(tmp_path_factory.mktemp("stack") / "local") as running:
        yield running


@pytest.fixture(scope="module")
def burning(stack: local.LocalStack) -> local.LocalStack:
    """The stack in an incident that goes on."""
    stack.workload.fail(FAULT)
    return stack


@pytest.fixture
def notification(burning: local.LocalStack) -> dict[str, Any]:
    """The last that the inbox was told of the incident: later news fold the earlier away."""

    def arrived() -> dict[str, Any] | None:
        every = burning.inbox.notifications()
        told = [one for one in every if one["alerts"][0]["labels"]["alertname"] == ALERT]
        return told[-1] if told and told[-1]["status"] == "firing" else None

    found = wait_until(arrived, 120, 0.2)
    assert found, f"{ALERT} did not arrive; {burning.logs}"
    return found


def open_inbox(page: Page, stack: local.LocalStack) -> None:
    page.goto(stack.inbox.url + "/")


def follow_runbook(page: Page, notification: dict[str, Any]) -> None:
    """As a thumb does: by the first link of the incident's card."""
    page.locator(f"#n{notification['id']}").get_by_role("link", name="Runbook").click()
    page.wait_for_url(f"**/{ALERT}?*")


def test_the_inbox_says_how_bad_what_where_and_since_when(
    browser: Browser, stack: local.LocalStack, notification: dict[str, Any]
) -> None:
    with visit(browser) as page:
        open_inbox(page, stack)
        card = page.locator(f"#n{notification['id']}")
        expect(card.locator("h2 .mark")).to_have_text("▲ TICKET")
        expect(card.locator("h2")).to_have_text(SUMMARY)
        expect(card.locator(".place")).to_contain_text("mcts-framework")
        since = card.locator("time")
        expect(since).to_have_text(re.compile(r"^since \d\d:\d\d \S+ \(\d+ (s|min) ago\)$"))
        assert since.get_attribute("datetime")
        expect(page.locator(".state")).to_have_text(re.compile(r"▲ [1-9]\d* tickets?\b"))
        assert "ticket" in page.title()


def test_the_runbook_behind_the_link_is_filled_and_asks_what_prometheus_can_answer(
    browser: Browser, stack: local.LocalStack, notification: dict[str, Any]
) -> None:
    labels = notification["alerts"][0]["labels"]
    with visit(browser) as page:
        open_inbox(page, stack)
        follow_runbook(page, notification)
        expect(page.locator("h1")).to_have_text(ALERT)
        expect(page.locator(".context")).to_contain_text("service" + labels["service"])
        expect(page.locator(".context")).to_contain_text("since")
        page.locator(".facts > summary").click()
        silence = page.locator("pre", has_text="amtool silence add").inner_text()
        for name in ("service", "instance", "mountpoint"):
            assert f"{name}='{labels[name]}'" in silence
        assert page.locator("main mark").all_inner_texts() == []

        (graph,) = [link for link in addresses(page.locator(".facts")) if "g0.expr" in link and "g0.tab=0" in link]
        assert graph.startswith(stack.prometheus.url + "/")
        assert parse_qs(urlsplit(graph).query)["g0.range_input"] == ["6m"]  # the time-lapse's six hours
        # On a busy machine a scrape of the time-lapse can come late, and samples go stale within seconds.
        assert wait_until(lambda: stack.prometheus.query(expression(graph)), 120), f"no data for {expression(graph)}"

        queries = page.locator(".block", has=page.locator(".kind", has_text=re.compile("^Query$")))
        asked = []
        for block in queries.all():
            (link,) = addresses(block)
            assert link.startswith(stack.prometheus.url + "/")
            assert expression(link) == block.locator("pre").inner_text()
            promql_parser.parse(expression(link))
            stack.prometheus.query(expression(link))  # raises what Prometheus has against it
            asked.append(expression(link))
        assert len(asked) == 3
        real = page.locator("h2#is-it-real ~ .block").first
        (first,) = addresses(real)
        answer = wait_until(lambda: stack.prometheus.query(expression(first)), 120) or []
        values = [float(series["value"][1]) for series in answer]
        assert values, f"no data for {expression(first)}"
        assert min(values) < 0.2  # the page's own words: "Real: a mount point below 0.2."


def pages_of(prometheus: str) -> str:
    """Why the Prometheus at hand has no pages of its own; empty where it has them. Debian builds it without."""
    answer = requests.get(f"{prometheus}/graph", timeout=10)  # since version 3 this leads on to /query
    kind = answer.headers.get("Content-Type", "")
    if answer.status_code == 200 and kind.startswith("text/html") and "<script" in answer.text:
        return ""
    return f"the Prometheus at hand has no pages of its own: {urlsplit(answer.url).path} answers {answer.status_code}"


def test_the_runbooks_graph_is_drawn_where_prometheus_has_its_pages(
    browser: Browser, stack: local.LocalStack, notification: dict[str, Any]
) -> None:
    missing = pages_of(stack.prometheus.url)
    if missing:
        pytest.skip(missing)
    with visit(browser) as page:
        open_inbox(page, stack)
        follow_runbook(page, notification)
        (graph,) = [link for link in addresses(page.locator(".facts")) if "g0.expr" in link and "g0.tab=0" in link]
        page.goto(graph)
        page.wait_for_function(f"() => ({COLOURED}) > 0", timeout=30_000)
        expect(page.get_by_text('mountpoint="/"').first).to_be_visible()


def test_every_block_can_be_copied(browser: Browser, stack: local.LocalStack, notification: dict[str, Any]) -> None:
    with visit(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.clock.install()
        open_inbox(page, stack)
        follow_runbook(page, notification)
        blocks = page.locator(".block")
        assert blocks.count() == page.get_by_role("button", name="Copy", include_hidden=True).count() > 3
        block = page.locator("h2#is-it-real ~ .block").first
        button = block.get_by_role("button")
        page.clock.pause_at(page.evaluate("Date.now() + 60_000"))  # the button says so for two seconds only
        button.click()
        expect(button).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == block.locator("pre").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_screen(
    browser: Browser, stack: local.LocalStack, notification: dict[str, Any], scheme: str, tmp_path: Path
) -> None:
    with visit(browser, color_scheme=scheme, **PHONE) as page:
        open_inbox(page, stack)
        page.screenshot(path=tmp_path / f"inbox-{scheme}.png", full_page=True)
        assert width(page) <= 390
        red = page.evaluate("parseInt(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
        assert (red < 60) == (scheme == "dark")
        follow_runbook(page, notification)
        page.screenshot(path=tmp_path / f"runbook-{scheme}.png", full_page=True)
        assert width(page) <= 390
        page.locator(".facts > summary").click()
        expect(page.locator(".facts table")).to_be_visible()
        overhang = "tables => tables.map(table => table.scrollWidth - table.clientWidth)"
        assert set(page.locator(".table").evaluate_all(overhang)) == {0}
        page.screenshot(path=tmp_path / f"runbook-open-{scheme}.png", full_page=True)
        assert width(page) <= 390


def test_both_pages_work_without_javascript(
    browser: Browser, stack: local.LocalStack, notification: dict[str, Any]
) -> None:
    with visit(browser, java_script_enabled=False) as page:
        open_inbox(page, stack)
        expect(page.locator(f"#n{notification['id']} h2")).to_have_text(re.compile(f"▲ TICKET {SUMMARY.pattern}"))
        expect(page.get_by_role("link", name="Graph").first).to_be_visible()
        follow_runbook(page, notification)
        expect(page.locator("h2#mitigate-now")).to_be_visible()
        expect(page.get_by_role("link", name="Run in Prometheus").first).to_be_visible()
        expect(page.get_by_role("button")).to_have_count(0)  # no button that would do nothing
        page.locator(".facts > summary").click()
        expect(page.locator(".facts").get_by_role("link", name="Silence")).to_be_visible()
        page.get_by_role("link", name="All runbooks").click()
        expect(page.get_by_role("link", name=ALERT)).to_be_visible()
