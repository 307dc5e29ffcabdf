"""What the real promtool says, and that all of it reaches the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from slostack.tools import promtool
from slostack.tools.errors import ToolError
from slostack.tools.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULES = """\
groups:
  - name: availability
    rules:
      - record: job:up:min
        expr: min by (job) (up)
      - alert: Down
        expr: job:up:min == 0
"""
RULE_TEST = """\
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - name: down
    interval: 1m
    input_series: [{series: 'up{job="shop"}', values: '0x10'}]
    alert_rule_test: [{eval_time: 5m, alertname: Down, exp_alerts: [{exp_labels: {job: shop}}]}]
  - name: healthy
    interval: 1m
    input_series: [{series: 'up{job="shop"}', values: 'HEALTHYx10'}]
    alert_rule_test: [{eval_time: 5m, alertname: Down, exp_alerts: []}]
"""


def _write(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return _write(tmp_path / "rules.yml", RULES)


def test_good_rules_have_no_problems(rules: Path) -> None:
    assert promtool.check_rules([rules]) == Verdict(ok=True, problems="")


def test_every_problem_of_every_file_is_told(rules: Path, tmp_path: Path) -> None:
    first = _write(tmp_path / "first.yml", RULES.replace("(up)", "(up"))
    second = _write(tmp_path / "second.yml", RULES.replace("== 0", "==").replace("min by", "mini by"))
    verdict = promtool.check_rules([first, rules, second])
    assert not verdict.ok
    assert verdict.problems.count("could not parse expression") == 3
    assert "first.yml: 5:15:" in verdict.problems
    assert "rules.yml" not in verdict.problems
    assert "SUCCESS" not in verdict.problems


def test_the_same_rule_twice_is_a_problem_unless_the_caller_says_otherwise(tmp_path: Path) -> None:
    twice = _write(tmp_path / "twice.yml", RULES + "      - {record: 'job:up:min', expr: min by (job) (up)}\n")
    assert "duplicate rule" in promtool.check_rules([twice]).problems
    assert promtool.check_rules([twice], lint_fatal=False).ok


def test_a_missing_file_is_an_error_of_the_machine_not_a_finding(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"gone\.yml is not there; run `slostack generate` first"):
        promtool.check_rules([tmp_path / "gone.yml"])


def test_a_configuration_is_checked_with_the_rules_it_names(rules: Path, tmp_path: Path) -> None:
    config = _write(tmp_path / "prometheus.yml", "rule_files: [rules.yml]\n")
    assert promtool.check_config(config).ok
    _write(rules, RULES.replace("(up)", "(up"))
    assert "unclosed left parenthesis" in promtool.check_config(config).problems
    _write(config, "scrape_configs: [{job_name: a}, {job_name: a}]\n")
    assert 'multiple scrape configs with job name "a"' in promtool.check_config(config).problems


def test_rule_tests_are_reported_group_by_group(rules: Path, tmp_path: Path) -> None:
    fine = _write(tmp_path / "fine.yml", RULE_TEST.replace("HEALTHY", "1"))
    wrong = _write(tmp_path / "wrong.yml", RULE_TEST.replace("HEALTHY", "0"))
    report = promtool.test_rules([fine, wrong])
    assert [(group.file, group.name, group.ok) for group in report.groups] == [
        (str(fine), "down", True),
        (str(fine), "healthy", True),
        (str(wrong), "down", True),
        (str(wrong), "healthy", False),
    ]
    assert not report.ok
    assert 'Labels:{alertname="Down", job="shop"}' in report.groups[3].problems[0]
    assert promtool.test_rules([wrong], run_only=["^down$"]).ok


def test_a_test_file_that_cannot_be_read_and_one_without_tests_are_not_fine(tmp_path: Path) -> None:
    broken = promtool.test_rules([_write(tmp_path / "broken.yml", "tests: [")])
    assert not broken.ok
    assert "yaml" in broken.groups[0].problems[0]
    assert not promtool.test_rules([_write(tmp_path / "empty.yml", "tests: []\n")]).ok
    assert not promtool.test_rules([]).ok


def test_all_broken_expressions_are_found_in_one_call_under_their_own_keys() -> None:
    broken = promtool.check_expressions(
        {
            "fine": 'sum(rate(http_requests_total{code=~"5.."}[5m]))',
            "open": "sum(up",
            "also fine": 'up{city="Zürich 😀", path="C:\\\\x"} > 0',
            "second line": "up\n  + foo)",
            "unknown": "nosuch(up)",
            "type": "rate(up)",
            "empty": "",
            "blank": "  ",
            "looks like a message": 'up{a="group \\"expressions\\", rule 1, \\"x\\": could not parse expression: 1:1"',
        }
    )
    assert list(broken) == ["open", "second line", "unknown", "type", "empty", "blank", "looks like a message"]
    assert broken["open"] == "1:7: unclosed left parenthesis"
    assert broken["second line"].startswith("2:")
    assert broken["second line"].endswith(": unexpected right parenthesis ')'")
    assert broken["unknown"] == '1:1: unknown function with name "nosuch"'
    assert broken["type"] == '1:6: expected type range vector in call to function "rate", got instant vector'
    assert broken["empty"] == "is empty"


def test_many_expressions_are_one_call() -> None:
    many = {f"rule {number}": f"sum(up{{n='{number}'}}" + ")" * (number % 500 != 0) for number in range(2000)}
    assert list(promtool.check_expressions(many)) == ["rule 0", "rule 500", "rule 1000", "rule 1500"]
    assert promtool.check_expressions({}) == {}


@pytest.mark.parametrize("script", ["exit 2", "kill -SEGV $$", "exit 1"])
def test_a_promtool_that_breaks_is_never_taken_for_a_verdict(
    script: str, fake: Callable[[str, str], Path], rules: Path
) -> None:
    fake("promtool", f'case $1 in --version) echo "promtool, version 3.9.0";; *) {script};; esac')
    with pytest.raises(ToolError, match=r"promtool broke .*SLOSTACK_PROMTOOL"):
        promtool.check_expressions({"a": "up"})
    with pytest.raises(ToolError, match=r"promtool broke .*SLOSTACK_PROMTOOL"):
        promtool.test_rules([rules])


def test_a_promtool_that_hangs_is_ended(fake: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    fake("promtool", 'case $1 in --version) echo "promtool, version 3.9.0";; *) exec sleep 60;; esac')
    monkeypatch.setattr(promtool, "_CHECK_SECONDS", 0.2)
    with pytest.raises(ToolError, match=r"did not end within 0\.2 s"):
        promtool.check_expressions({"a": "up"})
