"""prometheus-config: what promtool says about Prometheus's configuration, with the rules in their place."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.context import RULES, Context
from slostack.problems import Problem
from slostack.render.prometheus import CONFIG
from slostack.tools import promtool

CODE = "prometheus-config"
READS = (CONFIG, RULES)


def check(context: Context) -> Iterator[Problem]:
    """One problem with promtool's words. Faults of the rules themselves are told by `rules`."""
    said = promtool.check_config(context.folder / CONFIG).problems
    if said and RULES not in said and "lint error" not in said:
        words = " ".join(said.replace(f"{context.folder}/", "").replace("FAILED:", "").split())
        yield context.in_file(CONFIG, CODE, f"promtool refuses it: {words}", "change `scrape` or `links` in the spec")
