"""Headless Chromium, as it is installed; without one every test here is skipped, and says so."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

PATIENCE = 30_000  # milliseconds in which a page on a busy machine must come to what is expected of it
GRAFANA = urlsplit(os.environ.get("GRAFANA_URL", "")).hostname or "localhost"
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # CI is root in a container, where Chromium's own sandbox cannot start
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # No other host has an address: what a page wants from elsewhere fails, and the test sees that it was wanted.
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE {GRAFANA}",
)


@pytest.fixture(scope="module")  # Playwright keeps its thread's event loop as long as it runs
def browser() -> Iterator[Browser]:
    """One Chromium; each visit is a context of its own."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no Chromium to read the pages in: none of {', '.join(NAMES)} is on PATH")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield chromium
        chromium.close()
