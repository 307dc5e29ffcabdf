"""drift (warning): a file on disk is not what the spec says."""

from __future__ import annotations

from collections.abc import Iterator

from slostack import files
from slostack.checks.context import Context
from slostack.problems import Problem
from slostack.render import runbooks

CODE = "drift"
READS = ("",)  # every file

_REMEDY = "run `slostack generate`; what is written by hand into a generated file is lost"
_SENTENCES = {
    "new": "the file is not there",
    "changed": "the file is not what the spec gives",
    "removed": "the file was generated once, and nothing in the spec gives it any more",
}


def check(context: Context) -> Iterator[Problem]:
    """A warning for each file that `slostack generate` would change; one alone where nothing was generated yet."""
    if not context.committed:
        return
    if not (context.root / files.MANIFEST).exists():
        sentence, remedy = "nothing has been generated from it here", "run `slostack generate`"
        yield context.places.problem(CODE, sentence, remedy, severity="warning")
        return
    from slostack import outputs  # noqa: PLC0415 - the renderers of dashboards take long to load

    folder = context.plan.runbooks
    wanted = {path: text.encode() for path, text in context.files.items()}
    pages = {path: text.encode() for path, text in _pages(context, folder).items()}
    gone = outputs.abandoned(context.pages, folder, context.alert_names)
    for change in files.changes(context.root, wanted | pages, frozenset(pages), gone):
        if change.verb == "new" and change.path in pages:
            continue  # told by runbook-missing
        yield context.in_file(change.path, CODE, _SENTENCES[change.verb], _REMEDY, level="warning")


def _pages(context: Context, folder: str) -> dict[str, str]:
    """The pages as generating would leave them; one with damaged markers (runbook-markers) as it is."""
    try:
        return runbooks.render(context.plan, folder, context.pages)
    except runbooks.PageError:
        return {path: text for path, text in context.pages.items() if path.count("/") == folder.count("/") + 1}
