"""runbook-draft (warning): a page, or a section of one, is still what was derived for it."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.context import NAMES, Context
from slostack.checks.runbooks.reading import written_pages
from slostack.problems import Problem
from slostack.render import runbooks

CODE = "runbook-draft"
READS = (NAMES,)

# What the draft says in the other sections may be all there is to say.
_TO_WRITE = ("What this means", "Is it real?", "Mitigate now", "Find the cause")


def check(context: Context) -> Iterator[Problem]:
    """A warning for each page with the draft's mark, and for each section that asks its reader to write it."""
    folder = context.plan.runbooks
    drafts = runbooks.render(context.plan, folder, {})
    for path, name, page in written_pages(context):
        if page.draft:
            mark = next(comment for comment in page.comments if comment.text.startswith("slostack:draft"))
            remedy = f"write what to do, then delete the line <!-- {mark.text} -->"
            yield context.in_file(path, CODE, f"the page of `{name}` is a draft", remedy, mark.line, "warning")
            continue
        if not runbooks.drafted(context.alerts[name][0]):
            continue
        derived = _sections(drafts[f"{folder}/{name}.md"])
        for heading in _TO_WRITE:
            written = page.section(heading)
            if written and written.body.split() == derived[heading].split():
                sentence = f"the section `{heading}` is the draft's own text"
                yield context.in_file(path, CODE, sentence, "write what holds for this alert", written.line, "warning")


def _sections(draft: str) -> dict[str, str]:
    """The sections of a draft by heading: its template is ours, so that it needs no parser."""
    parts = (part.partition("\n") for part in draft.split("\n## ")[1:])
    return {heading: body for heading, _, body in parts}
