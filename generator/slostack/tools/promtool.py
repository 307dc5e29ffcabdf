"""promtool as the judge of rules, rule tests, configurations and PromQL.

One call takes about 25 ms whatever it checks, so every function takes all its files or expressions at once. Each raises
`ToolError` where promtool is missing, breaks or does not end in time, and where a file is not there.
"""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from slostack.tools.find import find
from slostack.tools.process import Outcome, run
from slostack.tools.verdict import Verdict, broke, must_exist

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CHECK_SECONDS = 60.0
_TEST_SECONDS = 600.0
_LINT_FAILED = 3

_IN_RULE = re.compile(r'group "expressions", rule (\d+), .*?: (?:could not parse expression: )?(.*)')
_NOISE = re.compile(r"^(Checking .*|Unit Testing: .*|\s*SUCCESS.*|\s*FAILED:\s*|)$")


@dataclass(frozen=True)
class TestedGroup:
    """One group of a rule test file: the file as given, the group's name, and what differed (empty when fine)."""

    file: str
    name: str
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class RuleTestReport:
    """The groups that ran, in order. Nothing that ran proves nothing: `ok` needs at least one group."""

    groups: tuple[TestedGroup, ...]

    @property
    def ok(self) -> bool:
        return bool(self.groups) and all(group.ok for group in self.groups)


def check_rules(files: Sequence[Path], *, lint_fatal: bool = True) -> Verdict:
    """Check rule files; with `lint_fatal` two rules with the same name and labels are a problem too."""
    must_exist(files)
    if not files:
        return Verdict(ok=True, problems="")  # promtool would wait for standard input
    flags = ["--lint-fatal"] if lint_fatal else ["--lint=none"]
    return _verdict(_promtool("check", "rules", *flags, *map(str, files), merged=True))


def check_config(file: Path) -> Verdict:
    """Check a Prometheus configuration with everything that it names."""
    must_exist([file])
    return _verdict(_promtool("check", "config", "--lint-fatal", str(file), merged=True))


def test_rules(files: Sequence[Path], *, run_only: Sequence[str] = ()) -> RuleTestReport:  # noqa: PT028 - no test
    """Run rule test files; `run_only` keeps the groups whose name matches one of these regular expressions."""
    must_exist(files)
    if not files:
        return RuleTestReport(())
    with tempfile.TemporaryDirectory(prefix="slostack-") as folder:
        junit = Path(folder, "report.xml")
        chosen = [f"--run={pattern}" for pattern in run_only]
        done = _promtool("test", "rules", f"--junit={junit}", *chosen, *map(str, files), timeout=_TEST_SECONDS)
        if not junit.is_file():
            raise broke("promtool", done)
        report = _test_report(junit.read_text(encoding="utf-8"))
    if (done.code != 0) == all(group.ok for group in report.groups):  # the report and the exit code must agree
        raise broke("promtool", done)
    return report


test_rules.__test__ = False  # type: ignore[attr-defined]  # pytest collects functions by their name


def check_expressions(expressions: Mapping[str, str]) -> dict[str, str]:
    """Every broken PromQL expression of `expressions` in one call: its key with `line:column: what is wrong`.

    Lines and columns count from 1 within the expression, as promtool counts them (some of its columns are
    one too far). An empty result means that all can be evaluated.
    """
    if not expressions:
        return {}
    keys = list(expressions)
    rules = [{"record": "slostack:checked", "expr": expressions[key]} for key in keys]
    with tempfile.TemporaryDirectory(prefix="slostack-") as folder:
        file = Path(folder, "expressions.yml")
        # JSON is YAML, but YAML does not join the two halves of an escaped character beyond U+FFFF.
        text = json.dumps({"groups": [{"name": "expressions", "rules": rules}]}, ensure_ascii=False)
        file.write_text(text, encoding="utf-8")
        done = _promtool("check", "rules", "--lint=none", str(file), merged=True)
    broken: dict[str, str] = {}
    for line in done.stdout.splitlines():
        found = _IN_RULE.search(line)
        if found:
            said = found[2].replace("parse error: ", "", 1).replace("field 'expr' must be set in rule", "is empty")
            broken.setdefault(keys[int(found[1]) - 1], said)
    if (done.code != 0) != bool(broken):
        raise broke("promtool", done)
    return broken


def _test_report(junit: str) -> RuleTestReport:
    root = ET.fromstring(junit)  # noqa: S314 - promtool wrote it a moment ago into our own directory
    return RuleTestReport(
        tuple(
            TestedGroup(
                suite.get("name", ""), case.get("name", ""), tuple((problem.text or "").rstrip() for problem in case)
            )
            for suite in root.iter("testsuite")
            for case in suite.iter("testcase")
        )
    )


def _verdict(done: Outcome) -> Verdict:
    if done.code == 0:
        return Verdict(ok=True, problems="")
    if done.code not in {1, _LINT_FAILED}:
        raise broke("promtool", done)
    lines = [line for line in done.stdout.splitlines() if not _NOISE.match(line)]
    return Verdict(ok=False, problems="\n".join(lines).strip() or done.text)


def _promtool(*args: str, timeout: float | None = None, merged: bool = False) -> Outcome:
    return run([*find("promtool").argv, *args], timeout=timeout or _CHECK_SECONDS, merged=merged)
