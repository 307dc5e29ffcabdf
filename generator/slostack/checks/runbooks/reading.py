"""Steps over the pages that several checks take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from slostack.checks.context import Context, parsed_page
from slostack.checks.series import UNKNOWN

if TYPE_CHECKING:
    from runbook_site.page import Fence, Page

_NOT_PAGES = {"README", "index"}
PLACEHOLDER = re.compile(r"\{\{ *[A-Za-z_]\w* *\}\}")


def alert_pages(context: Context) -> Iterator[str]:
    """The paths of the pages of alerts; guides lie one folder deeper."""
    depth = context.plan.runbooks.count("/") + 1
    yield from (path for path in sorted(context.pages) if path.count("/") == depth)


def written_pages(context: Context) -> Iterator[tuple[str, str, Page]]:
    """Path, alert and content of each page that belongs to an alert of this plan."""
    for path in alert_pages(context):
        name = PurePosixPath(path).stem
        if name in context.alerts:
            yield path, name, parsed_page(context.pages[path])


def is_orphan(context: Context, path: str) -> bool:
    """Whether the page at `path`, one of `alert_pages`, belongs to no alert of any environment."""
    name = PurePosixPath(path).stem
    return name not in context.alert_names and name not in _NOT_PAGES


def all_pages(context: Context) -> Iterator[tuple[str, Page]]:
    """Path and content of every page and guide; not of orphans, about which there is one thing to say."""
    orphans = {path for path in alert_pages(context) if is_orphan(context, path)}
    for path in sorted(context.pages):
        if path not in orphans:
            yield path, parsed_page(context.pages[path])


def human_fences(page: Page) -> Iterator[Fence]:
    """The code blocks that people wrote: those of the generated block are made from rules that are checked."""
    for fence in page.fences:
        if page.facts is None or not page.facts.begin < fence.line < page.facts.end:
            yield fence


def filled(text: str) -> str:
    """A block with its placeholders replaced by a word."""
    return PLACEHOLDER.sub(UNKNOWN, text)
