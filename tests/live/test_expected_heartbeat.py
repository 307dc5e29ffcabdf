"""The inbox is told to expect the heartbeat where the spec sends it there, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from slostack.live import heartbeat, knobs, local
from slostack.plan.build import build
from slostack.plan.model import Plan
from slostack.spec.load import load, parse

ROOT = Path(__file__).resolve().parents[2]
SPEC = (ROOT / "tests/golden/ten-lines/slo.yaml").read_text(encoding="utf-8")
ELSEWHERE = [
    "",
    "heartbeat: https://heartbeat.example/heartbeat/prometheus\n",
    "heartbeat: http://inbox:9099/hooks/prometheus\n",
    "heartbeat: http://inbox:9099/\n",
    "heartbeat: {url_file: secrets/heartbeat}\n",
]
TAKEN = {"inbox": 40001}


def plan_of(line: str, taken: dict[str, int] | None = None) -> Plan:
    loaded = parse(SPEC + line, "slo.yaml")
    assert loaded.spec is not None, loaded.problems
    return build(loaded.spec, addresses=local.addresses(taken or {}))


def inbox_of(plan: Plan, folder: Path) -> list[str]:
    """The command line of the local inbox."""
    name, argv, _ = next(local._commands(plan, folder, TAKEN, {}))
    assert name == "inbox"
    return argv


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("name", ["prometheus", "beat-2", "a@b"])
def test_a_heartbeat_to_the_inbox_is_expected_there_by_its_name(tmp_path: Path, name: str, end: str) -> None:
    line = f"heartbeat: http://inbox:9099/heartbeat/{name}{end}\n"
    assert heartbeat.expected(plan_of(line), "inbox:9099") == name
    assert knobs.settle(plan_of(line), {}, tmp_path)["INBOX_HEARTBEAT"] == name
    assert f"--expect-heartbeat={name}" in inbox_of(plan_of(line, TAKEN), tmp_path)


@pytest.mark.parametrize("line", ELSEWHERE)
def test_a_heartbeat_that_goes_elsewhere_is_not_missed_by_the_inbox(tmp_path: Path, line: str) -> None:
    assert knobs.settle(plan_of(line), {}, tmp_path)["INBOX_HEARTBEAT"] == ""
    assert "--expect-heartbeat=" in inbox_of(plan_of(line, TAKEN), tmp_path)


def test_a_name_that_somebody_chose_stays(tmp_path: Path) -> None:
    assert knobs.settle(plan_of(""), {"INBOX_HEARTBEAT": "own"}, tmp_path)["INBOX_HEARTBEAT"] == "own"


def test_plain_compose_expects_the_heartbeat_of_the_shipped_spec() -> None:
    loaded = load(ROOT / "slo.yaml", None)
    assert loaded.spec is not None
    name = heartbeat.expected(build(loaded.spec), "inbox:9099")
    assert name
    inbox = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]["inbox"]
    assert f"--expect-heartbeat=${{INBOX_HEARTBEAT-{name}}}" in inbox["command"]
    assert f"#INBOX_HEARTBEAT={name}\n" in (ROOT / ".env.example").read_text(encoding="utf-8")
