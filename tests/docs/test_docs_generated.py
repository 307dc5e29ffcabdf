"""What the documentation says of generated files is what is generated: series, labels, annotations, groups, files."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from documents import DOCS, ROOT, Block, Table, blocks, prose, tables

from slostack import outputs, recorded
from slostack.plan.build import build
from slostack.plan.model import Plan
from slostack.promql import time_lapse
from slostack.render.runbooks import BEGIN, DRAFT, END, SECTIONS
from slostack.spec.load import load
from slostack.tools import promtool
from slostack.tools.errors import ToolError

RULES = DOCS / "rules.md"
GOLDEN = ROOT / "tests" / "golden"
QUERIES = [block for page in DOCS.glob("*.md") for block in blocks(page) if block.kind == "promql"]


@cache
def plan(case: str = "everything") -> Plan:
    spec = load(GOLDEN / case / "slo.yaml").spec
    assert spec is not None
    return build(spec)


@cache
def files(case: str = "everything") -> dict[str, str]:
    return {path: data.decode() for path, data in outputs.render(plan(case), {}, "runbooks").items()}


def rule_groups() -> list[dict[str, Any]]:
    return [
        group | {"file": Path(path).name}
        for path, text in files().items()
        if path.startswith("alerts/rules/")
        for group in yaml.safe_load(text)["groups"]
    ]


def table(first: str) -> Table:
    return next(found for found in tables(RULES) if found.head[0] == first)


def test_the_first_spec_is_the_one_that_is_held_to_golden_files() -> None:
    first = next(block for block in blocks(ROOT / "README.md") if block.kind == "yaml")

    assert first.text == (GOLDEN / "ten-lines" / "slo.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(("page", "head"), [(ROOT / "README.md", "generated"), (DOCS / "own-service.md", "file")])
def test_the_table_of_files_names_all_that_is_generated(page: Path, head: str) -> None:
    rows = next(found for found in tables(page) if found.head[0] == head).rows
    named = [place for row in rows for place in re.findall(r"`([^`]+)`", row[0])]
    patterns = [place + "*" if place.endswith("/") else place for place in named]

    for path in files("ten-lines"):
        assert any(fnmatch(path, pattern) for pattern in patterns), path
    for pattern in patterns:
        assert any(fnmatch(path, pattern) for path in files("ten-lines")), pattern


def test_every_recorded_series_is_in_the_table() -> None:
    names = {value for value in vars(recorded).values() if isinstance(value, str) and value.startswith("slo:")}

    assert set(table("series").first_column()) == names


def test_labels_and_intervals_of_recorded_series_are_those_in_the_table() -> None:
    # Labels that no rule sets: they come with what its expression reads.
    labels: dict[str, set[str]] = {
        recorded.COMPLETE: {recorded.WINDOW},
        recorded.EVENTS: {"slo_class"},
        recorded.EVENTS_12H: {"slo_class"},
    }
    intervals: dict[str, set[str]] = {}
    for group in rule_groups():
        for rule in group["rules"]:
            series = rule.get("record", "")
            set_here = {name for name, value in rule.get("labels", {}).items() if value}
            labels.setdefault(series, set()).update(set_here - {"slo", "service", "period"})
            intervals.setdefault(series, set()).add(group["interval"])
    for name, said, every, _ in table("series").rows:
        series = name.strip("`")
        assert set(re.findall(r"`([^`]+)`", said)) == labels[series], series
        assert set(every.split(" or ")) == intervals[series], series


def test_groups_of_rules_are_those_in_the_table() -> None:
    made = {(group["name"], group["file"], group["interval"]) for group in rule_groups()}
    services = {service.name for service in plan().services}
    written = set()
    for names, file, every, _ in table("group").rows:
        for name in re.findall(r"`([^`]+)`", names):
            whole = f"slo-events{name}" if name.startswith("-") else name
            for service in services if "<service>" in name else {""}:
                place = file.strip("`").replace("<service>", service)
                written.add((whole.replace("<service>", service), place, every))

    assert made <= written


def test_labels_and_annotations_of_alerts_are_those_in_the_tables() -> None:
    labels = set(table("label").first_column())
    annotations = set(table("annotation").first_column())
    for alert in plan().alerts:
        assert set(alert.labels) <= labels, alert.name
        assert set(alert.annotations) <= annotations, alert.name
    every = {name for name, _, where in table("label").rows if where == "every alert"} - {"`alertname`"}
    assert all({name.strip("`") for name in every} <= set(alert.labels) for alert in plan().alerts)
    said = {name for alert in plan().alerts for name in alert.annotations}
    assert annotations == said


def test_inhibition_and_timing_are_what_alertmanager_is_told() -> None:
    config = yaml.safe_load(files()["alerts/alertmanager.yml"])
    written = [row[0] for row in table("rule").rows]
    timing = {row[0]: row[1:] for row in table("").rows}

    assert written == list(dict.fromkeys(rule["name"] for rule in config["inhibit_rules"]))
    assert all("environment" in rule["equal"] for rule in config["inhibit_rules"])
    for route in config["route"]["routes"][1:]:
        severity = route["receiver"].rpartition("-")[2]
        assert timing[severity] == (route["group_wait"], route["group_interval"], route["repeat_interval"])


def test_alerts_about_the_monitoring_are_those_in_the_table() -> None:
    own = {(f"`{alert.name}`", alert.severity) for alert in plan().alerts if alert.kind == "monitoring"}

    assert {row[:2] for row in table("alert").rows} == own


def test_the_alert_that_is_shown_is_the_one_that_is_generated() -> None:
    shown = next(block.text for block in blocks(RULES) if block.kind == "text")

    assert shown.rstrip() in [alert.expression for alert in plan("ten-lines").alerts]


@pytest.mark.parametrize("block", QUERIES, ids=lambda block: block.id)
def test_queries_are_sound(block: Block) -> None:
    """They parse, and read only series that are recorded."""
    names = {value for value in vars(recorded).values() if isinstance(value, str)}

    promql_parser.parse(block.text)
    assert set(re.findall(r"slo:[a-z0-9_:]+", block.text)) <= names


def test_sections_and_marks_of_runbook_pages_are_those_of_the_code() -> None:
    page = DOCS / "runbooks.md"
    sections = next(found for found in tables(page) if found.head[0] == "section")
    marks = "\n".join(block.text for block in blocks(page) if block.kind == "markdown")

    assert sections.first_column() == list(SECTIONS)
    assert all(mark in marks for mark in (BEGIN, END, DRAFT))


def test_every_check_of_runbooks_is_in_the_table() -> None:
    rows = next(found for found in tables(DOCS / "runbooks.md") if found.head == ("code", "what")).rows
    linked = {match[1] for row in rows if (match := re.search(r"\(checks/(.+)\.md\)", row[0]))}

    assert linked == {path.stem for path in (DOCS / "checks").glob("runbook-*.md")}


def test_the_time_lapse_is_shown_as_it_is() -> None:
    text = prose(DOCS / "time-lapse.md")

    for real in ("rate(x[5m])", "[1h]", "offset 12s"):
        lapsed = time_lapse(real, 60)
        assert f"`{real}` becomes `{lapsed}`" in text, lapsed


def test_a_prometheus_that_is_there_takes_the_rules_as_it_is_told(tmp_path: Path) -> None:
    shown = next(block.text for block in blocks(DOCS / "own-service.md") if block.text.startswith("# prometheus.yml"))
    (tmp_path / "prometheus.yml").write_text(shown, encoding="utf-8")
    for path, text in files("ten-lines").items():
        file = tmp_path / "slostack" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert list(tmp_path.glob(yaml.safe_load(shown)["rule_files"][0]))
    try:
        verdict = promtool.check_config(tmp_path / "prometheus.yml")
    except ToolError as error:
        pytest.skip(f"no promtool to ask: {error}")

    assert verdict.ok, verdict.problems
