"""runbook-missing (warning), runbook-orphan: an alert without its page, a page without its alert."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import PurePosixPath

from slostack.checks.context import NAMES, Context
from slostack.checks.runbooks.reading import alert_pages, is_orphan
from slostack.problems import Problem
from slostack.render.runbooks import drafted, untouched

CODE = "runbook-missing"
CODES = (CODE, "runbook-orphan")
READS = (NAMES,)


def check(context: Context) -> Iterator[Problem]:
    """A warning for each alert without a page, an error for each page that no alert of any environment leads to.

    One that nobody wrote in is none: generating removes it, as `drift` says.
    """
    there = {PurePosixPath(path).stem: path for path in alert_pages(context)}
    if not there:
        return  # nothing was generated yet, as `drift` says
    for name, alerts in context.alerts.items():
        if name not in there:
            sentence = f"`{name}` has no page {context.plan.runbooks}/{name}.md"
            writes = "writes a draft, and fill it in" if drafted(alerts[0]) else "writes it"
            remedy = f"run `slostack generate`, which {writes}"
            yield context.of_alert(alerts[0], CODE, sentence, remedy, "warning")
    for name, path in there.items():
        if is_orphan(context, path) and not untouched(context.pages[path]):
            unwritten = sorted(context.alert_names - set(there)) or sorted(context.alert_names)
            near = get_close_matches(name, unwritten, 1)
            remedy = f"rename it to {near[0]}.md if that is the alert now" if near else "delete it"
            remedy += f", or move it to {context.plan.runbooks}/guides"
            yield context.in_file(path, "runbook-orphan", f"no alert is called `{name}`, so nothing leads here", remedy)
