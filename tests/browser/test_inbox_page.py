"""The inbox and a runbook in the browser, by themselves: hostile texts, silence, news."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from slostack.live.clients import wait_until
from tests.browser.visits import PHONE, addresses, visit, width
from tests.webpage.running import Program

pytestmark = pytest.mark.timeout(300)

LIMIT = 12  # seconds without a heartbeat; long enough to open a page before it is over
EVIL = "\"'></code></pre><script>window.owned = 1; alert(1)</script><img src=x onerror='window.owned = 2'>{{service}}"
SCRIPT_ADDRESSES = (
    "javascript:window.owned=3",
    " JaVa\tScript:window.owned=4",
    "data:text/html,<script>alert(1)</script>",
    'http://127.0.0.1/" onmouseover="window.owned=5',
    "vbscript:msgbox(1)",
)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Program]:
    with Program("inbox", "--data", str(tmp_path / "data"), "--heartbeat-limit", str(LIMIT)) as running:
        yield running


def post(inbox: Program, path: str, **alert: Any) -> None:
    one = {"status": "firing", "startsAt": datetime.now(UTC).isoformat(), **alert}
    body = {"version": "4", "groupKey": "one", "status": "firing", "groupLabels": {}, "alerts": [one]}
    requests.post(inbox.url + path, json=body, timeout=5).raise_for_status()


def test_nothing_that_a_notification_says_is_executed_or_becomes_a_script_address(
    browser: Browser, inbox: Program, tmp_path: Path
) -> None:
    names = ("runbook_url", "dashboard_url", "traces_url", "query_url", "silence_url")
    post(
        inbox,
        "/hooks/phone",
        labels={"alertname": EVIL, "severity": "page", "service": EVIL, "environment": EVIL, "tenant": EVIL},
        annotations={"summary": EVIL, "description": EVIL, "command": EVIL}
        | dict(zip(names, SCRIPT_ADDRESSES, strict=True)),
        generatorURL="javascript:window.owned=6",
    )
    with visit(browser, **PHONE) as page:
        page.goto(inbox.url + "/")
        card = page.locator("article.card")
        expect(card.locator("h2")).to_contain_text(EVIL)  # it arrived, as text
        expect(card.locator(".unsafe")).to_have_count(len(SCRIPT_ADDRESSES))
        for words in (card.locator("h2"), *card.locator(".unsafe").all()):
            words.hover()
        schemes = {urlsplit(address).scheme for address in addresses(page.locator("body"))}
        assert schemes == {"http"}
        assert page.locator("img, script:not([src]), [onerror], [onmouseover]").count() == 0
        assert page.evaluate("window.owned") is None
        page.screenshot(path=tmp_path / "hostile.png", full_page=True)
        assert width(page) <= 390


def test_nothing_that_an_address_says_is_executed_in_a_runbook(browser: Browser, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "Burn.md").write_text(
        "# Burn\n\n## What this means\n\n{{service}} burns. [there]({{service}}) [on]({{to}}/x)\n\n"
        "```sh\nrestart {{service}}\n```\n",
        encoding="utf-8",
    )
    asked = urlencode({"service": EVIL, "to": "javascript:window.owned=7//", "since": "<script>alert(1)</script>"})
    with Program("runbook_site", "--pages", str(pages)) as site, visit(browser) as page:
        page.goto(f"{site.url}/Burn?{asked}")
        expect(page.locator("main")).to_contain_text(EVIL + " burns.")
        expect(page.locator("pre")).to_have_text("restart {{service}}")  # never into what is copied into a shell
        expect(page.locator(".notice.bad")).to_contain_text("service")
        assert {urlsplit(address).scheme for address in addresses(page.locator("body"))} == {"http"}
        assert page.locator("img, script:not([src]), [onerror]").count() == 0
        assert page.evaluate("window.owned") is None


def test_a_heartbeat_that_stopped_stands_above_everything(browser: Browser, inbox: Program, tmp_path: Path) -> None:
    post(inbox, "/hooks/phone", labels={"alertname": "Burn", "severity": "page"}, annotations={"summary": "It burns"})
    with visit(browser, **PHONE) as page:
        requests.post(f"{inbox.url}/heartbeat/prometheus", timeout=5).raise_for_status()
        page.goto(inbox.url + "/")
        silence = page.get_by_text("No heartbeat from prometheus")
        expect(page.locator(".beats")).to_contain_text(re.compile(r"♥ prometheus: \d s ago"))
        expect(silence).to_have_count(0)
        assert wait_until(lambda: silent(inbox), 3 * LIMIT)
        page.reload()
        expect(silence).to_be_visible()
        expect(page.locator(".notice.bad:visible")).to_contain_text("Alerts may not reach you")
        notice, card = page.locator(".notice.bad:visible").bounding_box(), page.locator("article").bounding_box()
        assert notice
        assert card
        assert notice["y"] + notice["height"] <= card["y"]
        page.screenshot(path=tmp_path / "silent.png")
        assert width(page) <= 390


def looks_red(page: Page) -> bool:
    """Whether the state's words are more red than anything else."""
    red, green, blue = page.locator(".state .pill").evaluate(
        "pill => getComputedStyle(pill).color.match(/\\d+/g).map(Number)"
    )
    return bool(red > 1.3 * max(green, blue))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_heartbeat_that_never_came_turns_the_page_red_by_itself(
    browser: Browser, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    flags = ("--data", str(tmp_path / "data"), "--heartbeat-limit", str(LIMIT), "--expect-heartbeat", "prometheus")
    with visit(browser, color_scheme=scheme, **PHONE) as page, Program("inbox", *flags) as running:
        page.clock.install()
        page.goto(running.url + "/")
        expect(page).to_have_title("inbox")
        expect(page.locator(".state")).to_have_text("● Nothing is firing")
        assert wait_until(lambda: silent(running), 3 * LIMIT)
        page.clock.fast_forward(5_100)
        expect(page).to_have_title("■ No heartbeat — inbox")
        expect(page.locator(".state")).to_have_text("■ No heartbeat")
        assert wait_until(lambda: looks_red(page), 30)  # the style sheet comes after the page
        expect(page.locator(".notice.bad:visible")).to_contain_text("No heartbeat from prometheus since the inbox")
        page.screenshot(path=tmp_path / "never.png")
        assert width(page) <= 390
        requests.post(f"{running.url}/heartbeat/prometheus", timeout=5).raise_for_status()
        page.clock.fast_forward(5_100)
        expect(page.locator(".state")).to_have_text("● Nothing is firing")
        page.close()  # before the inbox that it may still be asking for its icon


def silent(inbox: Program) -> bool:
    beats = requests.get(inbox.url + "/api/heartbeats", timeout=5).json()["heartbeats"]
    return any(beat["silent"] for beat in beats)


def test_news_comes_by_itself(browser: Browser, inbox: Program) -> None:
    with visit(browser) as page:
        page.clock.install()
        page.goto(inbox.url + "/")
        expect(page.locator(".state")).to_have_text("● Nothing is firing")
        post(inbox, "/hooks/phone", labels={"severity": "page"}, annotations={"summary": "It burns"})
        page.clock.fast_forward(5_100)
        expect(page.locator("article h2")).to_have_text("■ PAGE It burns")


def test_an_inbox_that_is_gone_is_not_taken_for_quiet(browser: Browser, inbox: Program) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    page.goto(inbox.url + "/")
    expect(page.locator("#stale")).to_be_hidden()
    inbox.stop()
    page.clock.fast_forward(5_100)
    expect(page.locator("#stale")).to_be_visible()
    expect(page.locator("#stale")).to_contain_text("What you see is old")
    context.close()
