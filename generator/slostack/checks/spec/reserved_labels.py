"""reserved-label: `by` names a label that the rules themselves set."""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.spec.references import alerts, slos
from slostack.problems import Problem
from slostack.recorded import RESERVED_LABELS
from slostack.spec.model import Spec
from slostack.spec.places import Places
from slostack.spec.shape import Path

CODE = "reserved-label"
ALERT_LABELS = frozenset({"alertname", "severity", "team", "service", "slo", "tier"})


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each label of `by` that every series or alert already has with a meaning of its own."""
    grouped: list[tuple[Path, list[str], frozenset[str]]] = []
    grouped += [(path, slo.by, RESERVED_LABELS) for path, _, _, slo in slos(spec)]
    grouped += [(path, alert.by, ALERT_LABELS) for path, _, _, alert in alerts(spec)]
    for path, labels, reserved in grouped:
        for number, label in enumerate(labels):
            if label in reserved:
                sentence = f"the label `{label}` has a meaning of its own in the rules"
                remedy = "leave it out, or rename the label where it is scraped"
                yield places.problem(CODE, sentence, remedy, (*path, "by", number))
