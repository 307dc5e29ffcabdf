"""runbook-link: a link between pages, or to a part of one, that leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

from slostack.checks.context import NAMES, Context, parsed_page
from slostack.checks.runbooks.reading import PLACEHOLDER, all_pages
from slostack.problems import Problem

CODE = "runbook-link"
READS = (NAMES,)


def check(context: Context) -> Iterator[Problem]:
    """A problem for each relative link whose file or heading is not there. Addresses of servers are not asked."""
    for path, page in all_pages(context):
        for link in page.links:
            if fault := _fault(context, path, link.target):
                yield context.in_file(path, CODE, *fault, link.line)


def _fault(context: Context, path: str, target: str) -> tuple[str, str] | None:
    """What is wrong with a link on the page at `path`, and how to mend it; None where it leads somewhere."""
    place, _, anchor = target.partition("#")
    place = unquote(place.partition("?")[0])
    if PLACEHOLDER.match(target) or place.startswith(("http:", "https:", "mailto:")):
        return None
    if not target:
        return "a link has no target", "name the page or address"
    if place.startswith("/") or ":" in place.split("/", maxsplit=1)[0]:
        return f"the link {target} is no page and no web address", "link pages as `Name.md` or `guides/name.md`"
    wanted = normpath(str(PurePosixPath(path).parent / place)) if place else path
    if wanted not in context.pages:
        names = {_from(path, known): known for known in context.pages}
        near = get_close_matches(place, names, 1)
        remedy = f"did you mean {near[0]}?" if near else "write that page, or link another"
        return f"the link {target} leads to no page", remedy
    slugs = parsed_page(context.pages[wanted]).slugs
    if anchor and unquote(anchor) not in slugs:
        near = get_close_matches(anchor, sorted(slugs), 1)
        remedy = f"did you mean #{near[0]}?" if near else "link one of its headings, as the page names them"
        return f"the link {target} names a heading that {PurePosixPath(wanted).name} does not have", remedy
    return None


def _from(path: str, target: str) -> str:
    """A page's path as another page writes it."""
    here, there = PurePosixPath(path).parent, PurePosixPath(target)
    if there.is_relative_to(here):
        return str(there.relative_to(here))
    return f"../{there.relative_to(here.parent)}" if there.is_relative_to(here.parent) else target
