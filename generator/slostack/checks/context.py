"""What the checks of generated files look at: one plan, its files as they would be written, the pages as they are."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from slostack.live import programs
from slostack.plan.model import AlertPlan, Plan
from slostack.problems import Level, Problem
from slostack.promql import duration
from slostack.spec.places import Places
from slostack.spec.shape import Path as SpecPath

if TYPE_CHECKING:
    from runbook_site.page import Page

RULES = "alerts/rules/"
NAMES = "names"  # instead of files: the names that pages may use, as `Context.names` gives them


@dataclass(frozen=True)
class Rule:
    """A rule as Prometheus reads it: its file, its group, its place in the group from one, and what it holds."""

    file: str
    group: str
    number: int
    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The alert's name, or that of the recorded series."""
        return str(self.fields.get("alert") or self.fields.get("record") or "")

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels that it sets."""
        labels: Mapping[str, str] = self.fields.get("labels") or {}
        return labels


@dataclass(frozen=True)
class Context:
    """Everything that a check may read.

    `files` are the generated files by path, runbook pages aside; `folder` is a temporary folder in which they lie.
    `root` is the spec's own folder. `pages` are the texts of pages and guides there, by path below `root`.
    `alert_names` are those of every environment, `committed` says that `root` should hold just these files.
    """

    plan: Plan
    places: Places
    files: Mapping[str, str]
    folder: Path
    root: Path
    pages: Mapping[str, str]
    alert_names: frozenset[str] = field(default=frozenset())
    committed: bool = True

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule of every rule file, in order."""
        return tuple(rule for path in sorted(self.files) if path.startswith(RULES) for rule in self._rules_in(path))

    @cached_property
    def recorded(self) -> frozenset[str]:
        """The names of all series that the rules record."""
        return frozenset(str(rule.fields["record"]) for rule in self.rules if "record" in rule.fields)

    @cached_property
    def slos(self) -> frozenset[str]:
        """The ids of all SLOs."""
        return frozenset(slo.id for slo in self.plan.slos)

    @cached_property
    def windows(self) -> frozenset[str]:
        """The windows that are recorded, as they stand in the label `window`."""
        return frozenset(window.name for window in self.plan.windows) | {
            duration(seconds) for seconds in self.plan.periods
        }

    @cached_property
    def names(self) -> Hashable:
        """Everything that a page may name: alerts with their labels, recorded series, SLOs, windows, the folder."""
        alerts = frozenset((alert.name, *sorted({*alert.labels, *alert.by})) for alert in self.plan.alerts)
        return alerts, self.recorded, self.slos, self.windows, self.plan.runbooks

    @cached_property
    def alerts(self) -> Mapping[str, tuple[AlertPlan, ...]]:
        """The plan's alerts by name: one per tier, or per service."""
        out: dict[str, tuple[AlertPlan, ...]] = {}
        for alert in self.plan.alerts:
            out[alert.name] = (*out.get(alert.name, ()), alert)
        return out

    def shown(self, path: str) -> str:
        """A path below `root` as problems name it."""
        return str(self.root / path)

    def in_file(
        self, path: str, code: str, sentence: str, remedy: str, line: int = 1, level: Level = "error"
    ) -> Problem:
        """A problem in a generated file or a page."""
        text = self.files.get(path) or self.pages.get(path) or ""
        lines = text.splitlines()
        source = lines[line - 1] if 0 < line <= len(lines) else None
        return Problem(code, sentence, remedy, self.shown(path), line, 1, level, source)

    def of_alert(self, alert: AlertPlan, code: str, sentence: str, remedy: str, level: Level = "error") -> Problem:
        """A problem where the spec says why there is such an alert."""
        return self.places.problem(code, sentence, remedy, origin(self.plan, alert), key=True, severity=level)

    def _rules_in(self, path: str) -> Iterator[Rule]:
        for group in _yaml(self.files[path]).get("groups") or []:
            for number, fields in enumerate(group.get("rules") or [], 1):
                yield Rule(path, str(group["name"]), number, fields)


def origin(plan: Plan, alert: AlertPlan) -> SpecPath:
    """The path in the spec of what an alert was made from."""
    service: SpecPath = ("services", alert.service)
    if alert.kind == "monitoring":
        return ("monitoring_team",)
    if alert.kind == "down":
        return (*service, "down")
    if alert.kind == "burn":
        return slo_origin(plan, alert.slo or "") or service
    return (*service, "alerts", alert.name)


def slo_origin(plan: Plan, ident: str) -> SpecPath | None:
    """The path in the spec of an SLO, by its id; None where there is no such SLO."""
    slo = next((slo for slo in plan.slos if slo.id == ident), None)
    return ("services", slo.service, "slos", slo.name) if slo else None


@lru_cache(maxsize=64)
def _yaml(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return loaded or {}


def parsed_yaml(text: str) -> dict[str, Any]:
    """A generated YAML file, read once however many checks ask."""
    return _yaml(text)


@lru_cache(maxsize=4096)
def parsed_page(text: str) -> Page:
    """A page as data, read once however many checks ask."""
    folder = str(programs.folder())
    if folder not in sys.path:
        sys.path.append(folder)  # the stack's programs are no packages of this one
    from runbook_site.page import parse  # noqa: PLC0415 - found through the line above

    return parse(text)
