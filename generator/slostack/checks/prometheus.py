"""prometheus-config: what promtool says about Prometheus's configuration, with the rules in their place."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.context import RULES, Context
from slostack.problems import Problem
from slostack.render.prometheus import CONFIG, for_version
from slostack.tools import promtool
from slostack.tools.find import find

CODE = "prometheus-config"
READS = (CONFIG, RULES)


def check(context: Context) -> Iterator[Problem]:
    """One problem with promtool's words. Faults of the rules themselves are told by `rules`."""
    config = (context.folder / CONFIG).read_text(encoding="utf-8")
    checked = context.folder / CONFIG.replace("prometheus.yml", "as-promtool-takes-it.yml")
    checked.write_text(for_version(config, find("promtool").version)[0], encoding="utf-8")
    said = promtool.check_config(checked).problems.replace(checked.name, "prometheus.yml")
    if said and RULES not in said and "lint error" not in said:
        words = " ".join(said.replace(f"{context.folder}/", "").replace("FAILED:", "").split())
        yield context.in_file(CONFIG, CODE, f"promtool refuses it: {words}", "change `scrape` or `links` in the spec")
