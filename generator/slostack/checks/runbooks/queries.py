"""runbook-promql, runbook-series: a query on a page that Prometheus would refuse, or that can never answer."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.context import NAMES, Context
from slostack.checks.runbooks.reading import all_pages, filled, human_fences
from slostack.checks.series import unrecorded
from slostack.problems import Problem
from slostack.tools import promtool

CODE = "runbook-promql"
CODES = (CODE, "runbook-series")
READS = (NAMES,)


def check(context: Context) -> Iterator[Problem]:
    """A problem for each `promql` block that does not parse, and each series in one that no rule records."""
    blocks = [
        (path, fence.line, filled(fence.text).rstrip())
        for path, page in all_pages(context)
        for fence in human_fences(page)
        if fence.kind == "promql"
    ]
    broken = promtool.check_expressions({str(number): text for number, (_, _, text) in enumerate(blocks)})
    for number, (path, line, text) in enumerate(blocks):
        if said := broken.get(str(number)):
            inside, _, words = said.partition(": ")
            at = line + int(inside.split(":")[0]) if words and inside.split(":")[0].isdigit() else line
            yield context.in_file(path, CODE, f"the query does not parse ({words or said})", "mend the block", at)
        for sentence, remedy in unrecorded(context, text):
            yield context.in_file(path, "runbook-series", sentence, remedy, line)
