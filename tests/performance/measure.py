"""What BENCHMARKS.md says, measured anew: `python tests/performance/measure.py`. Ratios, as machines differ."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from time import perf_counter, process_time
from unittest import mock

from slostack import outputs
from slostack.plan.build import build
from slostack.render import yamltext
from slostack.spec.load import parse

SLOS = 1000
_PER_SERVICE = 10
_SLO = (
    "      promise-{slo}: {{promise: Requests of kind {slo} succeed, objective: 99.9, events: {{"
    """bad: 'requests_total{{job="service-{service}",kind="{slo}",code=~"5.."}}', """
    """total: 'requests_total{{job="service-{service}",kind="{slo}"}}'}}}}"""
)


def spec() -> str:
    """A spec of a thousand SLOs in a hundred services."""
    lines = ["version: 1", "teams: {shop: {page: {webhook: 'http://inbox/'}, ticket: {webhook: 'http://inbox/'}}}"]
    lines.append("services:")
    for service in range(SLOS // _PER_SERVICE):
        lines.append(f"  service-{service}:\n    team: shop\n    job: service-{service}\n    slos:")
        lines += [_SLO.format(service=service, slo=slo) for slo in range(_PER_SERVICE)]
    return "\n".join(lines) + "\n"


def best(of: Callable[[], object], clock: Callable[[], float], times: int) -> float:
    """The shortest of several runs, in seconds."""
    taken = []
    for _ in range(times):
        start = clock()
        of()
        taken.append(clock() - start)
    return min(taken)


def rendering() -> float:
    """How many times longer all files of the spec take where PyYAML's emitter writes the YAML."""
    loaded = parse(spec(), "slo.yaml").spec
    assert loaded is not None
    plan = build(loaded)

    def render() -> dict[str, bytes]:
        return outputs.render(plan, {}, "runbooks")

    quick, made = best(render, process_time, 3), render()
    with mock.patch.object(yamltext, "written", yamltext.by_pyyaml):
        assert render() == made
        return best(render, process_time, 2) / quick


def start() -> float:
    """How many times longer `slostack --help` takes than Python that does nothing."""

    def run(*words: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, *words], check=True, capture_output=True)

    return best(run("-m", "slostack", "--help"), perf_counter, 10) / best(run("-c", "pass"), perf_counter, 10)


if __name__ == "__main__":
    sys.stdout.write(f"rendering {SLOS} SLOs, PyYAML's emitter / own writer: {rendering():.1f}\n")
    sys.stdout.write(f"`slostack --help` / `python -c pass`: {start():.1f}\n")
