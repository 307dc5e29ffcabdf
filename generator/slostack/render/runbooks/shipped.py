"""What people wrote on the pages of the monitoring's own alerts: it holds for everybody, so it comes with the package.

The pages are those of this project's `runbooks/`. What they say of this project's stack alone stands between the lines
`<!-- slostack:own-stack begin -->` and `<!-- slostack:own-stack end -->`, or in an aside, a parenthesis that holds
nothing but a link. Elsewhere such a part is left out, and any other link that leads nowhere is plain text.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

from slostack.plan import monitoring

_PART = re.compile(r"<!-- slostack:own-stack begin -->\n.*?<!-- slostack:own-stack end -->\n\n?", re.DOTALL)
_ASIDE = re.compile(r" \(\[[^\]\n]*\]\(([^)\s]+)\)\)")
_LINK = re.compile(r"\[([^\]\n]*)\]\(([^)\s]+)\)")
_OWN = ("{{inbox}}", "{{workload}}")  # addresses of this project's stack; others have servers of the other kinds


def folder() -> Path:
    """Where the pages are: in the wheel beside this package, in a checkout in `runbooks/`."""
    package = Path(__file__).resolve().parents[2]
    installed = package / "_runbooks"
    return installed if installed.is_dir() else package.parents[1] / "runbooks"


def sections(alert: str, pages: Collection[str]) -> str | None:
    """The human part of an alert's page, from its first section on; None where it is the owner's to write.

    `pages` are the names of the alerts whose pages stand beside it.
    """
    text = _written(alert) if alert in monitoring.NAMES else None
    if text is None:
        return None

    def leads(target: str) -> bool:
        if not target.endswith(".md") and ".md#" not in target:
            return not target.startswith(_OWN)
        return target.partition(".md")[0] in pages

    text = _ASIDE.sub(lambda match: match.group() if leads(match[1]) else "", text)
    return _LINK.sub(lambda match: match.group() if leads(match[2]) else match[1], text)


@cache
def _written(alert: str) -> str:
    text = (folder() / f"{alert}.md").read_text(encoding="utf-8")
    return _PART.sub("", text[text.index("\n## ") + 1 :])
