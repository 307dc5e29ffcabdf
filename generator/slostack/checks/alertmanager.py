"""alertmanager-config: what amtool says about Alertmanager's configuration and the syntax of its templates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slostack.checks.context import Context
from slostack.problems import Problem
from slostack.render.alertmanager import CONFIG, TEMPLATE
from slostack.tools import amtool

CODE = "alertmanager-config"
READS = (CONFIG, TEMPLATE)

_WHICH = re.compile(r"^Checking '.*?' FAILED: ")


def check(context: Context) -> Iterator[Problem]:
    """One problem with amtool's words."""
    verdict = amtool.check_config(context.folder / CONFIG)
    if not verdict.ok:
        words = _WHICH.sub("", " ".join(verdict.problems.replace(f"{context.folder}/", "").split()))
        yield context.in_file(CONFIG, CODE, f"amtool refuses it: {words}", "change `teams` or `mail` in the spec")
