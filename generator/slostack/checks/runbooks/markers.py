"""runbook-markers: the marks around the generated block are damaged, so that it cannot be renewed."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.context import NAMES, Context
from slostack.checks.runbooks.reading import written_pages
from slostack.problems import Problem
from slostack.render.runbooks import BEGIN, END

CODE = "runbook-markers"
READS = (NAMES,)

_REMEDY = f"write the line {BEGIN} and, below it, the line {END} once each, under the title"


def check(context: Context) -> Iterator[Problem]:
    """A problem for each page without exactly one pair of marks, in order."""
    for path, _, page in written_pages(context):
        lines = page.source.split("\n")
        begins = [number for number, line in enumerate(lines, 1) if BEGIN in line]
        ends = [number for number, line in enumerate(lines, 1) if END in line]
        fault, line = None, 1
        if not begins and not ends:
            fault = "the marks of the generated block are gone"
        elif not begins or not ends:
            fault, line = (
                f"the {'first' if not begins else 'last'} mark of the generated block is gone",
                (begins + ends)[0],
            )
        elif len(begins) > 1 or len(ends) > 1:
            fault, line = "a mark of the generated block stands twice", (begins[1:] + ends[1:])[0]
        elif begins > ends:
            fault, line = "the marks of the generated block are in the wrong order", ends[0]
        if fault:
            yield context.in_file(path, CODE, fault, _REMEDY, line)
