"""The reference of the spec says every key that there is, with its default, and its examples are sound."""

from __future__ import annotations

import re
import textwrap
from fractions import Fraction
from typing import Any

import pytest
import yaml
from documents import DOCS, PAGES, Block, Table, blocks, tables

from slostack import cadence, outputs
from slostack.burnrate import DAY, HOUR, STANDARD_TIERS, decimal_text, standard_tiers
from slostack.checks.spec import check_spec
from slostack.explanation import span
from slostack.plan import texts
from slostack.plan.build import build
from slostack.plan.lifetimes import ends_after, fires_after
from slostack.problems import Problem, render
from slostack.promql import duration
from slostack.recorded import RESERVED_LABELS
from slostack.spec.boards import KINDS, Unit
from slostack.spec.load import Loaded, parse
from slostack.spec.model import SLI_KINDS, Service, Spec
from slostack.spec.schema import json_schema

REFERENCE = DOCS / "spec.md"
SCHEMA = json_schema()

# Which mapping a table of the page describes: by the heading, or by the line above where a section has several.
TABLES = {
    "Spec": "The whole file",
    "Links": "Links",
    "Mail": "Mail",
    "TierSpec": "Own tiers",
    "Team": "Teams and receivers",
    "Receiver": "A receiver has one or several ways out:",
    "Heartbeat": "The key of a `heartbeat` that is secret:",
    "Slack": "The keys of `slack`:",
    "Email": "The key of `email`:",
    "PagerDuty": "The keys of `pagerduty`:",
    "Escalation": "A step of `escalation`:",
    "Service": "Services",
    "Scrape": "A job of `scrape`:",
    "Slo": "SLOs",
    "BurnAlerts": "The keys of an SLO's `alerts`:",
    "Events": "events",
    "Latency": "latency",
    "Availability": "availability",
    "Limit": "limit",
    "Minimum": "Low traffic",
    "Alert": "Further alerts",
    "Volume": "The keys of `minimum`:",
    "Down": "ServiceDown",
    "Board": "Boards",
    "Row": "A row:",
    "Panel": "Panels",
    "Ratio": "The keys of `ratio`:",
    "Column": "A column of a `table` shows one value per row, and has exactly one of five kinds:",
}
# What a spec, and a service, need beside an example that is about something else.
OF_SPEC = {
    "version": "version: 1",
    "teams": 'teams: {shop: {page: {webhook: "http://inbox/"}, ticket: {webhook: "http://inbox/"}}}',
    "services": "services:\n  checkout:",
}
OF_SERVICE = {
    "team": "team: shop",
    "job": "job: checkout",
    "slos": (
        "slos: {requests: {promise: Checkouts succeed, objective: 99.9, events: {bad: failed_total, total: all_total}}}"
    ),
}
BOARD = """boards:
  example:
    title: Example
    rows:
      - question: What is there to see?
        panels:
"""
EXAMPLES = [block for page in PAGES for block in blocks(page) if block.of_a_spec]


def _table(mapping: str) -> Table:
    place = TABLES[mapping]
    of_keys = [table for table in tables(REFERENCE) if table.head == ("key", "what", "default")]
    found = [table for table in of_keys if table.above == place] or [t for t in of_keys if t.heading == place]
    assert found, f"the page has no table of keys at `{place}`"
    return found[0]


def _schema(mapping: str) -> dict[str, Any]:
    schema: dict[str, Any] = SCHEMA if mapping == "Spec" else SCHEMA["$defs"][mapping]
    return schema


def test_every_mapping_has_a_table() -> None:
    assert {"Spec", *SCHEMA["$defs"]} == set(TABLES)


@pytest.mark.parametrize("mapping", TABLES)
def test_a_table_has_the_keys_of_its_mapping_and_no_other(mapping: str) -> None:
    keys = _table(mapping).first_column()

    assert len(keys) == len(set(keys))
    assert set(keys) == set(_schema(mapping)["properties"])


@pytest.mark.parametrize("mapping", TABLES)
def test_defaults_are_those_of_the_schema(mapping: str) -> None:
    schema = _schema(mapping)
    for key, _, said in _table(mapping).rows:
        name = key.strip("`")
        assert (said == "required") == (name in schema.get("required", ())), name
        default = schema["properties"][name].get("default")
        if default is not None:
            written = str(default).lower() if isinstance(default, bool) else str(default)
            assert said == f"`{written}`", name


def test_the_default_tiers_are_those_of_the_code() -> None:
    table = next(table for table in tables(REFERENCE) if table.head[0] == "severity")
    made = [
        (
            tier.severity,
            f"{decimal_text(tier.share * 100)} %",
            duration(tier.long),
            duration(tier.short),
            *(decimal_text(tier.factor(days * DAY), 6) for days in (30, 28)),
        )
        for tier in STANDARD_TIERS
    ]

    assert list(table.rows) == made


def test_the_default_tiers_of_short_periods_are_those_of_the_code() -> None:
    table = next(table for table in tables(REFERENCE) if table.head[0] == "period")
    for name, *cells in table.rows:
        period = int(name.removesuffix("d")) * DAY
        tiers = {duration(tier.long): tier for tier in standard_tiers(period)}
        made = [
            f"{decimal_text(tiers[window].factor(period))} ({texts.share(tiers[window])})" if window in tiers else "—"
            for window in table.head[1:]
        ]
        assert cells == made


def test_what_counting_takes_is_that_of_the_code() -> None:
    table = next(table for table in tables(REFERENCE) if table.head[0] == "long window")
    windows = (HOUR, 6 * HOUR, DAY, 3 * DAY)

    assert [row[1] for row in table.rows] == [span(Fraction(cadence.delay(window))) for window in windows]


def test_the_times_of_an_alert_are_those_of_the_code() -> None:
    spec = parse("\n".join([*OF_SPEC.values(), textwrap.indent("\n".join(OF_SERVICE.values()), " " * 4)]), "s").spec
    assert spec is not None
    slo = build(spec).slos[0]
    assert (str(slo.objective), slo.period) == ("99.9", 30 * DAY)
    table = next(table for table in tables(REFERENCE) if table.head[0] == "of all events fail")
    for share, *cells in table.rows:
        ratio = Fraction(share.removesuffix(" %")) / 100
        made = []
        for severity in ("page", "ticket"):
            fires, ends = fires_after(slo, severity, ratio), ends_after(slo, severity, ratio)
            assert fires is not None
            assert ends is not None
            made += [span(fires[0]), span(ends)]
        assert cells == made


def test_words_of_the_vocabulary_are_all_named() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    after_units = text.split("\nUnits: ")[1].split("\n\n")[0]
    after_labels = text.split("**Names that cannot be groups,**")[1].split("\n\n")[0]

    assert re.findall(r"`([^`]+)`", after_units) == list(Unit.__args__)  # type: ignore[attr-defined]
    assert set(re.findall(r"`([^`]+)`", after_labels)) == RESERVED_LABELS


def test_there_is_an_example_of_each_indicator_and_of_each_kind_of_panel() -> None:
    written = [yaml.safe_load(_whole(block)) for block in blocks(REFERENCE) if block.kind == "yaml"]
    services = [service for spec in written for service in spec["services"].values()]
    slos = [slo for service in services for slo in service.get("slos", {}).values()]
    rows = [row for service in services for board in service.get("boards", {}).values() for row in board["rows"]]
    panels = [panel for row in rows for panel in row["panels"]]

    assert {kind for kind in SLI_KINDS for slo in slos if kind in slo} == set(SLI_KINDS)
    assert {kind for kind in KINDS for panel in panels if kind in panel} == set(KINDS)


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: block.id)
def test_examples_are_sound(block: Block) -> None:
    """Whole specs as they are; parts of one beside what a spec needs. Not even a warning."""
    loaded = parse(_whole(block), "slo.yaml")
    problems: list[Problem] = [*loaded.problems, *check_spec(loaded)]

    assert problems == [], render(problems)
    assert _generated(loaded)


def _generated(loaded: Loaded) -> list[str]:
    """The paths of what every environment of a spec gives."""
    return [
        path
        for variant in loaded.variants
        if variant.spec is not None
        for path in outputs.render(build(variant.spec, environment=variant.environment), {}, "runbooks")
    ]


def _whole(block: Block) -> str:
    """An example as a whole spec: a list is the panels of a row, and a part of a service is one of `checkout`."""
    text = block.text
    part = yaml.safe_load(text)
    if isinstance(part, list):
        text = BOARD + textwrap.indent(text, " " * 10)
        part = yaml.safe_load(text)
    if not set(part) <= set(Spec.model_fields):
        assert set(part) <= set(Service.model_fields), f"{block.id} is part of nothing"
        text = textwrap.indent("\n".join([*_lacking(OF_SERVICE, part), text]), " " * 4)
        return "\n".join([*OF_SPEC.values(), text])
    service = textwrap.indent("\n".join(OF_SERVICE.values()), " " * 4)
    rest = "\n".join(_lacking(OF_SPEC, part))
    return f"{text}\n{rest}\n" + ("" if "services" in part else service)


def _lacking(needed: dict[str, str], part: dict[str, Any]) -> list[str]:
    return [text for key, text in needed.items() if key not in part]
