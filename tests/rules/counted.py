"""Counting in promtool: series by their text, the rules of one SLO, and what queries give then.

promtool evaluates every group each minute whatever its interval, so nothing here looks at five-minute tiles.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from planned import plan

from slostack.plan import SloPlan
from slostack.render.rules import EVENTS_FILE, WINDOWS_FILE, render
from slostack.tools.errors import ToolError
from slostack.tools.find import find
from slostack.tools.promtool import test_rules as run_rule_tests


@dataclass
class Case:
    """Series by their text, a value every `interval`, and what queries give (minutes, query, value by tenant or "")."""

    slo: SloPlan
    series: dict[str, str]
    expected: list[tuple[int, str, dict[str, float]]]
    interval: str = "30s"


def total(slo_id: str = "shop-x") -> str:
    return f'slo:total:events1m{{slo="{slo_id}"}}'


def errors(slo_id: str = "shop-x") -> str:
    return f'slo:error:events1m{{slo="{slo_id}"}}'


def ratio(window: str) -> str:
    return f'slo:error_ratio{{window="{window}"}}'


def put_right(kind: str, truth: float, within: float, tenant: str = "") -> str:
    """Whether all minutes and what was reconciled come to the truth, or miss it by at most this much."""
    series = [f'slo:{kind}:{name}{{tenant="{tenant}"}}[13h]' for name in ("events1m", "reconcile6h")]
    found, lost = (f"sum(sum_over_time({each}))" for each in series)
    return f"abs({found} + ({lost} or vector(0)) - {truth}) <= bool {within}"


def lost(kind: str, tenant: str = "") -> str:
    """What was reconciled, or zero."""
    return f'sum(sum_over_time(slo:{kind}:reconcile6h{{tenant="{tenant}"}}[13h])) or vector(0)'


YES, NOTHING = {"": 1.0}, {"": 0.0}
LATE = 719  # twelve hours less a minute; the sample of 718:30 is the last that was counted
SEEN = 2 * LATE - 1
# 180 samples are an hour and a half, far beyond the ten minutes that the base rules bridge. What remains is the minute
# that is summed beyond the twelve hours, and losses below one percent of what was counted until then.
HOLE = "_x180"


def check(case: Case, folder: Path) -> None:
    """Run the case, and fail with what promtool says differs."""
    try:
        find("promtool")
    except ToolError as error:
        pytest.skip(f"no promtool to run the rules: {error}")
    rendered = render(plan(case.slo))
    for path in (EVENTS_FILE, WINDOWS_FILE):
        (folder / Path(path).name).write_text(rendered[path], encoding="utf-8")
    names = re.findall(r"^  - name: (\S+)$", rendered[EVENTS_FILE] + rendered[WINDOWS_FILE], re.MULTILINE)
    document = {
        "rule_files": [Path(EVENTS_FILE).name, Path(WINDOWS_FILE).name],
        "evaluation_interval": "1m",
        "group_eval_order": names,
        "tests": [
            {
                "interval": case.interval,
                "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
                "promql_expr_test": [
                    {
                        "expr": f"round(sum by (tenant) ({query}), 0.001)",
                        "eval_time": f"{minutes}m",
                        "exp_samples": [_sample(tenant, value) for tenant, value in expected.items()],
                    }
                    for minutes, query, expected in case.expected
                ],
            }
        ],
    }
    file = folder / "test.yml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    report = run_rule_tests([file])
    assert report.ok, "\n".join(problem for group in report.groups for problem in group.problems)


def _sample(tenant: str, value: float) -> dict[str, Any]:
    return {"labels": f'{{tenant="{tenant}"}}' if tenant else "{}", "value": value}
