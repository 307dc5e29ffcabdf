"""When the monitoring's own alerts fire, in promtool."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from slostack.plan.build import build
from slostack.render.rules import FOLDER, render
from slostack.spec.load import parse
from slostack.tools.promtool import test_rules as run_rule_tests

SPEC = """
version: 1
teams: {shop: {page: {webhook: "http://x/p"}, ticket: {webhook: "http://x/t"}}}
services: {shop: {team: shop, slos: {requests: {promise: Kept, objective: 99, events: {bad: b, total: t}}}}}
"""
KNOWN = "prometheus_notifications_alertmanagers_discovered"
FAILED = "prometheus_notifications_errors_total"
WELL, AWAY = "0x30", "0x5 0+1x25"


@pytest.mark.parametrize(
    ("series", "fires"),
    [
        ({KNOWN: "1x30", f'{FAILED}{{alertmanager="a"}}': WELL}, False),
        ({KNOWN: "1x30", f'{FAILED}{{alertmanager="a"}}': AWAY}, True),
        ({KNOWN: "2x30", f'{FAILED}{{alertmanager="a"}}': WELL, f'{FAILED}{{alertmanager="b"}}': AWAY}, False),
        ({KNOWN: "2x30", f'{FAILED}{{alertmanager="a"}}': AWAY, f'{FAILED}{{alertmanager="b"}}': AWAY}, True),
        ({KNOWN: "0x30", f'{FAILED}{{alertmanager="a"}}': WELL}, True),
    ],
    ids=["one is well", "the only one is away", "one of two is away", "both are away", "none is known"],
)
def test_alerts_are_unheard_only_if_no_alertmanager_takes_them(
    tmp_path: Path, series: dict[str, str], fires: bool
) -> None:
    loaded = parse(SPEC, "slo.yaml")
    assert loaded.spec is not None, loaded.problems
    (tmp_path / "rules.yml").write_text(render(build(loaded.spec))[f"{FOLDER}/monitoring.yml"])
    asked = {
        "expr": 'count(ALERTS{alertname="AlertmanagerUnreachable",alertstate="firing",severity="page"})',
        "eval_time": "20m",
        "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
    }
    given = [{"series": name, "values": values} for name, values in series.items()]
    test = {"interval": "1m", "input_series": given, "promql_expr_test": [asked]}
    (tmp_path / "test.yml").write_text(
        yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]})
    )
    report = run_rule_tests([tmp_path / "test.yml"])

    assert report.ok, report
