"""reserved-label: `by`, or an alert's expression, keeps a label that the rules themselves set."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.spec.expressions import parsed, type_of
from slostack.checks.spec.fates import Fate, fate
from slostack.checks.spec.references import alerts, slos
from slostack.problems import Problem
from slostack.recorded import RESERVED_LABELS
from slostack.spec.model import Spec
from slostack.spec.places import Places
from slostack.spec.shape import Path

CODE = "reserved-label"
ALERT_LABELS = frozenset({"alertname", "severity", "team", "service", "slo", "tier"})
_REMEDY = "leave it out, or rename the label where it is scraped"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each label of `by` that every series or alert already has with a meaning of its own.

    So is each that an alert's expression is proven to keep: series that differ in it alone would be one alert twice,
    and Prometheus gives up on all of them.
    """
    grouped: list[tuple[Path, list[str], frozenset[str]]] = []
    grouped += [(path, slo.by, RESERVED_LABELS) for path, _, _, slo in slos(spec)]
    grouped += [(path, alert.by, ALERT_LABELS) for path, _, _, alert in alerts(spec)]
    for path, labels, reserved in grouped:
        for number, label in enumerate(labels):
            if label in reserved:
                sentence = f"the label `{label}` has a meaning of its own in the rules"
                yield places.problem(CODE, sentence, _REMEDY, (*path, "by", number))
    yield from _in_expressions(spec, places)


def _in_expressions(spec: Spec, places: Places) -> Iterator[Problem]:
    for path, _, _, alert in alerts(spec):
        when = alert.when or ""
        named = sorted(label for label in ALERT_LABELS if label in when)
        tree = parsed(when) if named else None
        if tree is None or type_of(tree) != "vector":
            continue
        for label in named:
            if fate(tree, label) == Fate.KEPT:
                sentence = f"`when` keeps the label `{label}`, which has a meaning of its own in the rules"
                yield places.problem(CODE, sentence, _REMEDY, (*path, "when"))
