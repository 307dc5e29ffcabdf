"""Whether a finding about a spec with stand-ins is true of what its writer wrote.

A finding is in doubt where it stands at a stand-in, and where the check reads one: what each check reads besides the
place of its finding is written here, in one table.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from slostack.problems import Level, Problem
from slostack.spec.places import Places
from slostack.spec.shape import Path

_SLO = "services.=.slos.="
_TIERS = (f"{_SLO}.period", f"{_SLO}.tiers", "period", "tiers")

# `=` is the name that the finding's own path has there, `*` any name. A pattern that ends in `*` reads which names
# there are, not what is below them.
READS: dict[str, tuple[str, ...]] = {
    "alert-name": ("services.*.slos.*.alerts", "services.*.slos.*.tiers", "tiers"),
    "fleeting-group": (f"{_SLO}.availability", "services.=.job"),
    "kept-promise": (*(f"services.*.slos.*.{key}" for key in ("period", "tiers", "alerts")), "period", "tiers"),
    "lost-label": (f"{_SLO}.by", "services.=.alerts.=.by", "services.=.boards.="),
    "no-buckets": (f"{_SLO}.latency",),
    "no-job": ("services.=.job",),
    "no-mail": ("mail",),
    "no-series": ("services.=.job", f"{_SLO}.availability"),
    "no-slos": ("services.=.slos",),
    "retention": ("retention", "period", "services.*.slos.*.period"),
    "scrape-clash": ("services.*.scrape",),
    "shared-job": ("services.*.job", "services.*.down"),
    "summary-placeholder": ("services.=.alerts.=.by",),
    "tier-windows": _TIERS,
    "unknown-alert": ("services.=.alerts.*", "services.=.alerts.*.when", "services.=.alerts.*.absent"),
    "unknown-slo": ("services.=.slos.*",),
    "unknown-team": ("teams.*",),
    "unknown-tiers": ("tiers.*",),
    "unreachable-tier": (*_TIERS, f"{_SLO}.objective", f"{_SLO}.alerts"),
}


@dataclass(frozen=True)
class Noting(Places):
    """Places that remember at which path a problem was found."""

    paths: dict[Problem, Path] = field(default_factory=dict)

    def problem(
        self,
        code: str,
        sentence: str,
        remedy: str,
        path: Path = (),
        *,
        key: bool = False,
        offset: int | None = None,
        severity: Level = "error",
    ) -> Problem:
        """As `Places.problem`, and notes the path."""
        made = super().problem(code, sentence, remedy, path, key=key, offset=offset, severity=severity)
        self.paths[made] = path
        return made


def trusted(code: str, path: Path, doubts: Collection[Path]) -> bool:
    """Whether a finding of a check at `path` is true whatever should stand at the places in doubt."""
    patterns = [tuple(pattern.split(".")) for pattern in READS.get(code, ())]
    return not any(
        doubt == path[: len(doubt)] or any(_reads(pattern, path, doubt) for pattern in patterns) for doubt in doubts
    )


def _reads(pattern: tuple[str, ...], path: Path, doubt: Path) -> bool:
    if pattern[-1] == "*" and len(doubt) > len(pattern):
        return False
    return all(
        part in {"*", given} or (part == "=" and path[number : number + 1] == (given,))
        for number, (part, given) in enumerate(zip(pattern, map(str, doubt), strict=False))
    )
