"""runbook-section: a page whose sections are missing, empty, twice or out of order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slostack.checks.context import NAMES, Context
from slostack.checks.runbooks.reading import written_pages
from slostack.problems import Problem
from slostack.render.runbooks import SECTIONS

CODE = "runbook-section"
READS = (NAMES,)

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def check(context: Context) -> Iterator[Problem]:
    """A problem for each section that a woken person would look for in vain. Further sections may stand anywhere."""
    known = {name.casefold(): name for name in SECTIONS}
    for path, _, page in written_pages(context):
        found = [(known[part.heading.casefold()], part) for part in page.sections if part.heading.casefold() in known]
        names = [name for name, _ in found]
        for index, name in enumerate(SECTIONS):
            if name not in names:
                after = next((earlier for earlier in reversed(SECTIONS[:index]) if earlier in names), None)
                place = f"write `## {name}` below `{after}`" if after else f"write `## {name}` as the first section"
                line = next((part.line for other, part in found if other == after), 1)
                yield context.in_file(path, CODE, f"the section `{name}` is missing", place, line)
        last = -1
        for position, (name, part) in enumerate(found):
            rank = SECTIONS.index(name)
            if name in names[:position]:
                yield context.in_file(path, CODE, f"the section `{name}` stands twice", "join the two", part.line)
            elif rank < last:
                sentence = f"the section `{name}` stands below `{SECTIONS[last]}`"
                yield context.in_file(path, CODE, sentence, f"the order is {', '.join(SECTIONS)}", part.line)
            last = max(last, rank)
            if not _COMMENT.sub("", part.body).strip():
                remedy = "say it in a sentence; if there is nothing to do, say that and why"
                yield context.in_file(path, CODE, f"the section `{name}` is empty", remedy, part.line)
