"""runbook-shell, runbook-danger, runbook-block: commands that a shell refuses, or that change something unannounced."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks import shell
from slostack.checks.context import NAMES, Context
from slostack.checks.runbooks.reading import all_pages, filled, human_fences
from slostack.problems import Problem

CODE = "runbook-shell"
CODES = (CODE, "runbook-danger", "runbook-block")
READS = (NAMES,)

_KINDS = ("promql", "sh", "text")


def check(context: Context) -> Iterator[Problem]:
    """A problem for each `sh` block that does not parse or needs the word `danger`, and for blocks of no known kind."""
    for path, page in all_pages(context):
        for fence in human_fences(page):
            if fence.kind not in _KINDS:
                sentence = f"a block is of kind `{fence.kind}`" if fence.kind else "a block does not say what it is"
                remedy = "begin it with ```promql, ```sh, ```sh danger or ```text"
                yield context.in_file(path, "runbook-block", sentence, remedy, fence.line)
            if fence.kind != "sh":
                continue
            text = filled(fence.text)
            if said := shell.complaint(text):
                line = fence.line + said[0]
                yield context.in_file(path, CODE, f"the commands do not parse ({said[1]})", "mend the block", line)
            if not fence.danger and (found := shell.changing(text)):
                sentence = f"`{found[1]}` changes something, and the block does not say so"
                remedy = "begin it with ```sh danger, so that no test runs it and readers see it"
                yield context.in_file(path, "runbook-danger", sentence, remedy, fence.line + found[0])
