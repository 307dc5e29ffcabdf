"""When an alert begins and ends, in promtool with the whole chain of rules: within what `explain` and the pages say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import pytest
import yaml

from slostack import recorded
from slostack.burnrate import detection_seconds, reset_seconds
from slostack.plan.alerts import KEEP_FIRING
from slostack.plan.build import build
from slostack.plan.lifetimes import ends_after, fires_after
from slostack.plan.model import Plan
from slostack.promql import duration
from slostack.render.rules import EVENTS_FILE, FOLDER, WINDOWS_FILE, render
from slostack.spec.load import parse
from slostack.tools.promtool import test_rules as run_rule_tests

SPEC = """
version: 1
{period}
teams: {{shop: {{page: {{webhook: "http://x/p"}}, ticket: {{webhook: "http://x/t"}}}}}}
services:
  shop:
    team: shop
    slos:
      requests: {{promise: Orders succeed, objective: 99.9, {sli}}}
"""
COUNTED = "events: {bad: bad_total, total: all_total}"
STEP = 15  # seconds between two scrapes
BEGIN = 400 * 60  # a past without errors that fills the windows of pages; tickets wait for a longer one


@dataclass(frozen=True)
class Incident:
    """A share of the requests that fail from `BEGIN` on for some minutes; then `after` minutes without errors."""

    share: Fraction
    minutes: int
    after: int = 60

    @property
    def end(self) -> int:
        """Seconds at which it is over."""
        return BEGIN + self.minutes * 60


def planned(period: str = "", sli: str = COUNTED) -> Plan:
    loaded = parse(SPEC.format(period=period, sli=sli), "slo.yaml")
    assert loaded.spec is not None, loaded.problems
    return build(loaded.spec)


def counters(incident: Incident) -> list[dict[str, str]]:
    """Requests of which the incident's share fails, scrape by scrape."""
    before, during, after = _scrapes(incident)
    bad = 1000 * incident.share
    failed = f"0x{before} {bad}+{bad}x{during - 1} {bad * during}x{after}"
    return [
        {"series": 'all_total{instance="i"}', "values": f"0+1000x{before + during + after}"},
        {"series": 'bad_total{instance="i"}', "values": failed},
    ]


def gauge(series: str, good: int, bad: Fraction, incident: Incident) -> list[dict[str, str]]:
    """A series with one value during the incident and another before and after it."""
    before, during, after = _scrapes(incident)
    return [{"series": series, "values": f"{good}x{before} {float(bad)}x{during - 1} {good}x{after}"}]


def _scrapes(incident: Incident) -> tuple[int, int, int]:
    return BEGIN // STEP, incident.minutes * 60 // STEP, incident.after * 60 // STEP


def firing(folder: Path, plan: Plan, given: list[dict[str, str]], expected: dict[int, set[str]]) -> None:
    """Hold which burn alerts fire at some seconds, as `severity/tier`; promtool evaluates everything each minute."""
    rendered = render(plan)
    paths = [EVENTS_FILE, WINDOWS_FILE, f"{FOLDER}/shop.yml"]
    for path in paths:
        (folder / Path(path).name).write_text(rendered[path], encoding="utf-8")
    names = [n for path in paths for n in re.findall(r"^  - name: (\S+)$", rendered[path], re.MULTILINE)]
    document = {
        "rule_files": [Path(path).name for path in paths],
        "evaluation_interval": "1m",
        "group_eval_order": names,
        "tests": [
            {
                "interval": f"{STEP}s",
                "input_series": given,
                "promql_expr_test": [_test(at, alerts) for at, alerts in expected.items()],
            }
        ],
    }
    _judge(folder, document)


def _judge(folder: Path, document: dict[str, Any]) -> None:
    (folder / "test.yml").write_text(yaml.safe_dump(document, width=10**9))
    report = run_rule_tests([folder / "test.yml"])
    assert report.ok, "\n".join(str(group) for group in report.groups)


def _test(at: int, alerts: set[str]) -> dict[str, Any]:
    named = [alert.split("/") for alert in sorted(alerts)]
    return {
        "expr": 'count by (severity, tier) (ALERTS{alertstate="firing"})',
        "eval_time": f"{at}s",
        "exp_samples": [{"labels": f'{{severity="{s}",tier="{t}"}}', "value": 1} for s, t in named],
    }


def minute(seconds: Fraction | int) -> int:
    """The next evaluation of promtool: what was true at its last stays until then."""
    return ceil(Fraction(seconds) / 60) * 60


@pytest.mark.parametrize(
    ("period", "incident", "first"),
    [
        ("", Incident(Fraction(1), 20), "1h"),  # a total outage: the five minutes' window is clean long before the end
        ("", Incident(Fraction(1, 10), 30), "1h"),
        ("", Incident(Fraction(1, 100), 240), "6h"),
        ("period: 7d", Incident(Fraction(1), 20), "1h"),
    ],
    ids=["everything", "one in ten", "one in a hundred", "everything, over a week"],
)
def test_a_page_begins_and_ends_within_the_times_that_are_stated(
    tmp_path: Path, period: str, incident: Incident, first: str
) -> None:
    plan = planned(period)
    slo = plan.slos[0]
    stated = fires_after(slo, "page", incident.share)
    ends = ends_after(slo, "page", incident.share)
    assert stated is not None
    assert ends is not None
    within, tier = stated
    bare = detection_seconds(tier, slo.period, slo.budget, incident.share)
    resets = [reset_seconds(each, slo.period, slo.budget, incident.share) for each in slo.tiers[:2]]
    longest = max(seconds for seconds in resets if seconds is not None)
    assert bare is not None
    page = {f"page/{first}"}

    firing(
        tmp_path,
        plan,
        counters(incident),
        {
            # Not before its time, surely at the stated one, and the stated one is no more than the counting later.
            BEGIN + int(bare) // 60 * 60: set(),
            minute(BEGIN + within): page,
            incident.end: page,
            # To the end of the slowest tier, and for as long as it keeps firing; no longer than stated.
            incident.end + int(longest + KEEP_FIRING["page"]) // 60 * 60: page,
            minute(incident.end + ends): set(),
        },
    )


@pytest.mark.parametrize(
    ("sli", "series", "good", "incident"),
    [
        ("ratio: r", "r", 0, Incident(Fraction(1, 10), 60)),
        ("ratio: r", "r", 0, Incident(Fraction(1), 20)),
        ("availability: {series: probe_success}", "probe_success", 1, Incident(Fraction(1), 20)),
    ],
    ids=["a ratio of one in ten", "a ratio of everything", "nothing answers"],
)
def test_a_page_about_time_waits_for_its_three_minutes_and_no_longer_than_is_stated(
    tmp_path: Path, sli: str, series: str, good: int, incident: Incident
) -> None:
    plan = planned(sli=sli)
    slo = plan.slos[0]
    stated = fires_after(slo, "page", incident.share)
    ends = ends_after(slo, "page", incident.share)
    assert stated is not None
    assert ends is not None
    three = 60 * (slo.minimum_failures / incident.share - 1)  # the step itself is the first of them

    firing(
        tmp_path,
        plan,
        gauge(series, good, abs(good - incident.share), incident),
        {
            BEGIN + int(three) - 60: set(),
            minute(BEGIN + stated[0]): {"page/1h"},
            incident.end: {"page/1h"},
            minute(incident.end + ends): set(),
        },
    )


def test_minutes_that_an_hour_cannot_hold_page_after_the_six_hours_tier_alone(tmp_path: Path) -> None:
    """2.88 % is twice the hour's threshold, and gives 1.7 of the three bad minutes."""
    plan = planned(sli="ratio: r")
    incident = Incident(Fraction("0.0288"), 130)
    stated = fires_after(plan.slos[0], "page", incident.share)
    assert stated is not None
    assert stated[1] == plan.slos[0].tiers[1]

    firing(
        tmp_path,
        plan,
        gauge("r", 0, incident.share, incident),
        {BEGIN + 100 * 60: set(), minute(BEGIN + stated[0]): {"page/6h"}},
    )


@pytest.mark.parametrize(("ratio", "alerts"), [("0.0003", set()), ("0.0011", {"ticket/3d"})])
def test_only_what_breaks_a_weeks_promise_is_told(tmp_path: Path, ratio: str, alerts: set[str]) -> None:
    """At 99.9 % a week's budget outlasts 0.03 % of errors, and not 0.11 %. All windows have been recorded for long."""
    plan = planned("period: 7d")
    rendered = render(plan)
    (tmp_path / "shop.yml").write_text(rendered[f"{FOLDER}/shop.yml"], encoding="utf-8")
    given = []
    for window in sorted({duration(each) for tier in plan.slos[0].tiers for each in (tier.long, tier.short)}):
        labels = f'{{slo="shop-requests",service="shop",period="7d",window="{window}"}}'
        for name, value in ((recorded.RATIO, ratio), (recorded.ERRORS, "100"), (recorded.COMPLETE, "1")):
            given.append({"series": name + labels, "values": f"{value}x10"})
    test = {"interval": "1m", "input_series": given, "promql_expr_test": [_test(600, alerts)]}
    _judge(tmp_path, {"rule_files": ["shop.yml"], "evaluation_interval": "1m", "tests": [test]})
