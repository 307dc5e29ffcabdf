"""A visit to a page, in which nothing may go wrong unseen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Locator, Page, Request, Response

from tests.chromium import PATIENCE

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


@contextmanager
def visit(browser: Browser, **options: Any) -> Iterator[Page]:
    """A new page with the options of a browser context.

    Afterwards fails where a script or the console told of an error, a dialog opened, an answer was none or an error,
    or anything but this machine was asked.
    """
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    trouble = _watched(context)
    try:
        yield context.new_page()
    finally:
        context.close()
    assert not trouble, trouble


def _watched(context: BrowserContext) -> list[str]:
    """What goes wrong in it from now on; the list grows."""
    trouble: list[str] = []

    def console(said: ConsoleMessage) -> None:
        if said.type == "error":
            trouble.append(f"console: {said.text}")

    def asked(request: Request) -> None:
        if not is_here(request.url):
            trouble.append(f"asked for {request.url}")

    def failed(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the inbox was looking for news when its page was left
            trouble.append(f"{request.url}: {request.failure}")

    def answered(response: Response) -> None:
        if response.status >= 400:
            trouble.append(f"{response.url}: {response.status}")

    def opened(dialog: Dialog) -> None:
        trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    context.on("console", console)
    context.on("weberror", lambda raised: trouble.append(f"script: {raised.error}"))
    context.on("request", asked)
    context.on("requestfailed", failed)
    context.on("response", answered)
    context.on("dialog", opened)
    return trouble


def is_here(url: str) -> bool:
    """Whether an address is one of loopback."""
    return urlsplit(url).hostname == "127.0.0.1"


def addresses(place: Locator) -> list[str]:
    """Where its links lead, as the browser would follow them."""
    found: list[str] = place.locator("a[href]").evaluate_all("links => links.map(link => link.href)")
    return found


def expression(address: str) -> str:
    """The query of a link to Prometheus' own page."""
    return parse_qs(urlsplit(address).query)["g0.expr"][0]


def width(page: Page) -> int:
    """Of what is scrolled, in CSS pixels."""
    return int(page.evaluate("document.scrollingElement.scrollWidth"))
