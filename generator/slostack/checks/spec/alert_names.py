"""alert-name: two alerts with one name, or a name that slostack itself uses.

An alert's name is the name of its runbook page and how people find it, so one name means one alert.
"""

from __future__ import annotations

from collections.abc import Iterator

from slostack.checks.spec.references import alerts, known_tiers, slos
from slostack.plan import monitoring
from slostack.plan.alerts import SERVICE_DOWN
from slostack.plan.build import alert_names
from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places
from slostack.spec.shape import Path

CODE = "alert-name"
RESERVED = frozenset({*monitoring.NAMES, SERVICE_DOWN})


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each alert whose name is taken."""
    reserved = {name.lower(): name for name in RESERVED}
    first: dict[str, tuple[str, str]] = {}
    for path, name, what in _names(spec):
        lower = name.lower()
        on_key = path[-2] == "alerts" and path[-3] != "slos" and len(path) == 4
        if lower in reserved:
            sentence = f"the alert name `{name}` of {what} is that of slostack's own alert `{reserved[lower]}`"
            yield places.problem(CODE, sentence, "choose another name", path, key=on_key)
        elif lower in first:
            other, whose = first[lower]
            but = "" if other == name else ", but for small and capital letters, which files may not tell apart"
            sentence = f"the alert name `{name}` of {what} is already that of {whose}{but}"
            remedy = "choose another name" if on_key or places.node(path) else _give_names(path)
            yield places.problem(CODE, sentence, remedy, path, key=on_key)
        else:
            first[lower] = (name, what)


def _give_names(path: Path) -> str:
    return f"give one, such as `alerts: {{{path[-1]}: AnotherName}}`"


def _names(spec: Spec) -> Iterator[tuple[Path, str, str]]:
    """Every alert's path, name and owner in words; what an owner wrote comes before what is derived."""
    derived = []
    for path, _, name, _ in alerts(spec):
        yield path, name, f"an alert of `{path[1]}`"
    for path, _, slo_name, slo in slos(spec):
        for severity, name in alert_names(str(path[1]), slo_name, slo, known_tiers(slo, spec)).items():
            entry = ((*path, "alerts", severity), name, f"the {severity} of `{path[1]}`'s SLO `{slo_name}`")
            if getattr(slo.alerts, severity) is not None:
                yield entry
            else:
                derived.append(entry)
    yield from derived
