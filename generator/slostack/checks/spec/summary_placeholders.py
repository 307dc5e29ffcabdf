"""summary-placeholder: an alert's summary has a placeholder that nothing fills, or one in a template's braces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slostack.checks.spec.references import alerts
from slostack.checks.spec.reserved_labels import ALERT_LABELS
from slostack.problems import Problem
from slostack.spec.model import Alert, Spec
from slostack.spec.places import Places
from slostack.spec.shape import nearest

CODE = "summary-placeholder"

_TEMPLATE = re.compile(r"\{\{(.*?)\}\}")
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WORDS_OF_TEMPLATES = {"end", "else", "and", "or", "not"}
# What a template of Prometheus shows: `{{ $value | humanize }}`, `{{ $labels.tenant }}`; or one word, `{{value}}`.
_SHOWN = re.compile(r"\s*(?:\$(value)\b.*|(?:\$labels|\.Labels)\.(\w+)\b.*|([A-Za-z_]\w*)\s*)", re.ASCII)


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each `{{…}}`, and for each `{name}` that is neither `value` nor a label of `by`."""
    for path, _, _, alert in alerts(spec):
        for offset, sentence, remedy in _faults(alert):
            yield places.problem(CODE, sentence, remedy, (*path, "summary"), offset=offset)


def _faults(alert: Alert) -> Iterator[tuple[int, str, str]]:
    """Offset, sentence and remedy of each fault of a summary."""
    templates = list(_TEMPLATE.finditer(alert.summary))
    for match in templates:
        shown = _SHOWN.fullmatch(match[1])
        name = next(filter(None, shown.groups())) if shown else None
        remedy = "write `{value}`, or a label of `by`, such as `{tenant}`, and no other template"
        if name and name not in _WORDS_OF_TEMPLATES:
            fills = name in {"value", *alert.by}
            remedy = f"write `{{{name}}}`" if fills else _to_fill(name, alert)
        yield match.start(), f"`summary` has `{match.group()}`, which is no placeholder", remedy
    for match in _PLACEHOLDER.finditer(alert.summary):
        inside = any(template.start() < match.start() < template.end() for template in templates)
        if match[1] not in {"value", *alert.by} and not inside:
            yield match.start(), f"nothing fills `{match.group()}` in `summary`", _to_fill(match[1], alert)


def _to_fill(name: str, alert: Alert) -> str:
    if name in ALERT_LABELS:
        return "write it out: it is the same in every notification of this alert"
    near = nearest(name, ["value", *alert.by])
    if near is not None:
        return f"did you mean `{{{near}}}`?"
    return f"add `{name}` to `by` and write `{{{name}}}`: even a label that the expression keeps must stand in `by`"
