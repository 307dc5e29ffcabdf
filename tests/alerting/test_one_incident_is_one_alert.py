"""Which alert fires when, minute by minute, in promtool: an incident is one alert from its beginning to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from slostack.plan.build import build
from slostack.render.rules import FOLDER, render
from slostack.spec.load import parse
from slostack.tools.promtool import test_rules as run_rule_tests

SPEC = """
version: 1
teams: {shop: {page: {webhook: "http://x/p"}, ticket: {webhook: "http://x/t"}}}
services:
  shop:
    team: shop
    job: shop
    slos:
      requests: {promise: Orders succeed, objective: 99.9, events: {bad: bad_total, total: all_total}}
      tenants: {promise: Tenants succeed, objective: 99.9, events: {bad: bad_total, total: all_total}, by: [tenant]}
    alerts:
      HighErrorRate: {severity: page, summary: High, when: error_share, above: 5%, for: 5m, slo: requests}
      TenantFails: {severity: page, summary: High, when: tenant_share, above: 5%, by: [tenant], slo: requests}
      TenantDoubts: {severity: ticket, summary: High, when: tenant_share, above: 5%, by: [tenant], slo: requests}
      ExportGone: {severity: ticket, summary: Gone, absent: export_time, within: 1h}
      PodGone: {severity: ticket, summary: Gone, absent: pod_time, within: 1h, by: [tenant]}
      QueueGone: {severity: page, summary: Gone, absent: queue_length, for: 1h}
      ShardGone: {severity: page, summary: Gone, absent: shard_length, for: 2h, within: 30m, by: [tenant]}
"""
MINUTES = 400
OUTAGE = (20, 80)  # minutes in which half of all requests fail; before it an even past of all windows


def share(window: int, at: int, bad: list[float]) -> float:
    """The error ratio over `window` minutes at a minute, with even traffic."""
    return sum(bad[max(0, at - window) : max(0, at)]) / window


def series(
    slo: str, labels: str = "", scale: float = 1, bad: list[float] | None = None, late: int = 0
) -> list[dict[str, str]]:
    """What the recording rules give, minute by minute, of the outage or of the share that failed in each minute.

    They may give it some minutes late, as groups of rules do that wait for each other.
    """
    begin, end = OUTAGE
    bad = bad or [0.5 if begin <= at < end else 0 for at in range(MINUTES)]
    windows = {"5m": 5, "30m": 30, "1h": 60, "2h": 120, "6h": 360, "1d": 1440, "3d": 4320}
    out = []
    for name, minutes in windows.items():
        common = f'slo="{slo}",service="shop",period="30d",window="{name}"{labels}'
        ratios = [scale * share(minutes, at - late, bad) for at in range(MINUTES)]
        out.append({"series": f"slo:error_ratio{{{common}}}", "values": " ".join(f"{one:.6f}" for one in ratios)})
        counts = [one * minutes * 1000 for one in ratios]
        out.append({"series": f"slo:error:events{{{common}}}", "values": " ".join(f"{one:.0f}" for one in counts)})
        out.append({"series": f"slo:window_complete:bool{{{common}}}", "values": f"1x{MINUTES}"})
    return out


def firing(
    tmp_path: Path,
    given: list[dict[str, str]],
    expected: list[tuple[int, list[str]]],
    spec: str = SPEC,
    severity: str = "page|ticket",
) -> None:
    """Hold, at some minutes, the firing alerts as `name/tier/tenant`."""
    loaded = parse(spec, "slo.yaml")
    assert loaded.spec is not None, loaded.problems
    rules = render(build(loaded.spec))
    (tmp_path / "rules.yml").write_text(rules[f"{FOLDER}/shop.yml"])
    query = f'count by (alertname, tier, tenant) (ALERTS{{alertstate="firing",severity=~"{severity}"}})'
    tests: list[dict[str, Any]] = []
    for minute, alerts in expected:
        samples = []
        for alert in alerts:
            name, tier, *tenant = alert.split("/")
            labels = f'alertname="{name}",tier="{tier}"' + "".join(f',tenant="{one}"' for one in tenant)
            samples.append({"labels": f"{{{labels}}}", "value": 1})
        tests.append({"expr": query, "eval_time": f"{minute}m", "exp_samples": samples})
    document = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": given, "promql_expr_test": tests}],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(document, width=10**9))
    report = run_rule_tests([tmp_path / "test.yml"])
    assert report.ok, "\n".join(str(group) for group in report.groups)


ALIVE = [{"series": 'up{job="shop",instance="a"}', "values": f"1x{MINUTES}"}]


def test_the_first_tier_tells_of_an_incident_to_its_end(tmp_path: Path) -> None:
    fast = "ShopRequestsBurnsFast/1h"
    # The tickets' windows cross their thresholds too; the page holds them back in Alertmanager.
    slow = "ShopRequestsBurnsSlowly/1d"
    given = [*ALIVE, *series("shop-requests")]
    firing(
        tmp_path,
        given,
        [
            (19, []),
            (25, [fast]),
            (60, [fast, slow]),  # the 6 h tier holds as well, and stays silent
            (84, [fast, slow]),
            (100, [fast, slow]),  # 20 minutes after recovery only the 6 h tier holds: the same alert goes on
            (120, [slow]),  # its 30 m window is clean: over
            (180, [slow]),
        ],
    )


def test_groups_are_incidents_of_their_own(tmp_path: Path) -> None:
    given = [*ALIVE, *series("shop-tenants", ',tenant="a"'), *series("shop-tenants", ',tenant="b"', scale=0.001)]
    firing(tmp_path, given, [(25, ["ShopTenantsBurnsFast/1h/a"]), (100, ["ShopTenantsBurnsFast/1h/a", SLOW_A])])


SLOW_A = "ShopTenantsBurnsSlowly/1d/a"


def test_an_owners_page_that_told_first_is_not_told_again_after_recovery(tmp_path: Path) -> None:
    begin, end = OUTAGE
    # The owner's threshold is crossed at once and holds for 5 minutes before the burn rate of an hour is reached.
    owners = [0.5 if begin - 10 <= at < end else 0 for at in range(MINUTES)]
    given = [*ALIVE, *series("shop-requests"), {"series": "error_share", "values": " ".join(map(str, owners))}]
    slow = "ShopRequestsBurnsSlowly/1d"
    firing(
        tmp_path,
        given,
        [
            (begin + 1, ["HighErrorRate/threshold"]),
            (60, ["HighErrorRate/threshold", slow]),
            (100, [slow]),  # over for the owner's alert; the burn rate's image of it begins no page
        ],
    )


@pytest.mark.parametrize("late", [0, 1, 2, 3])
def test_nor_where_the_windows_know_of_the_recovery_after_it(tmp_path: Path, late: int) -> None:
    begin, end = OUTAGE
    owners = [0.5 if begin - 10 <= at < end else 0 for at in range(MINUTES)]
    values = " ".join(map(str, owners))
    given = [*ALIVE, *series("shop-requests", late=late), {"series": "error_share", "values": values}]
    firing(
        tmp_path,
        given,
        [(60, ["HighErrorRate/threshold"]), *((at, []) for at in range(end + 6, end + 20))],
        severity="page",
    )


def test_a_budget_that_burns_on_when_the_owners_page_is_over_is_told(tmp_path: Path) -> None:
    end = 60
    owners = [0.5 if 10 <= at < end else 0 for at in range(MINUTES)]
    burning = [0.5 if 20 <= at < end else 0.04 if at >= end else 0 for at in range(MINUTES)]
    values = " ".join(map(str, owners))
    given = [*ALIVE, *series("shop-requests", bad=burning), {"series": "error_share", "values": values}]
    firing(tmp_path, given, [(end, ["HighErrorRate/threshold"]), (end + 12, [FAST]), (200, [FAST])], severity="page")


FAST = "ShopRequestsBurnsFast/1h"


@pytest.mark.parametrize("from_", [20, 100])
def test_an_owners_page_about_one_tenant_hides_nothing_of_the_others(tmp_path: Path, from_: int) -> None:
    """One tenant fails from minute 10 on, and later everybody: whoever silenced the one is told of the others."""
    one = [0.5 if at >= 10 else 0 for at in range(MINUTES)]
    burning = [0.03 if at >= from_ else 0.001 for at in range(MINUTES)]
    tenant = {"series": 'tenant_share{tenant="acme"}', "values": " ".join(map(str, one))}
    given = [*ALIVE, *series("shop-requests", bad=burning), tenant]
    acme = ["TenantFails/threshold/acme", "TenantDoubts/threshold/acme"]
    firing(
        tmp_path,
        given,
        [
            (from_ - 1, acme if from_ > 10 else []),
            (300, [FAST, "ShopRequestsBurnsSlowly/1d", *acme]),
        ],
    )


@pytest.mark.parametrize("minute", [45, 99, 101, 200, 390])
def test_a_service_that_vanished_stays_down_until_it_is_back(tmp_path: Path, minute: int) -> None:
    gone = [{"series": 'up{job="shop",instance="a"}', "values": f"1x40 stale _x{MINUTES - 42}"}]
    firing(tmp_path, gone, [(39, []), (minute, ["ServiceDown/threshold"])])


def test_an_absence_lasts_until_the_series_is_back(tmp_path: Path) -> None:
    export = {"series": "export_time", "values": "1x40 stale _x199 " + "1 " * 100}
    firing(tmp_path, [*ALIVE, export], [(39, []), (45, GONE), (120, GONE), (230, GONE), (300, [])])


GONE = ["ExportGone/threshold"]


def test_a_group_that_is_gone_for_good_is_forgotten_when_the_time_is_over(tmp_path: Path) -> None:
    pods = [{"series": f'pod_time{{tenant="{name}"}}', "values": text} for name, text in PODS.items()]
    firing(
        tmp_path, [*ALIVE, *pods], [(39, []), (45, ["PodGone/threshold/a"]), (90, ["PodGone/threshold/a"]), (130, [])]
    )


PODS = {"a": f"1x40 stale _x{MINUTES - 42}", "b": f"1x{MINUTES}"}


def test_what_never_was_there_is_not_missed(tmp_path: Path) -> None:
    firing(tmp_path, ALIVE, [(10, []), (300, [])])


@pytest.mark.parametrize("end", ["stale", ""], ids=["told that it ends", "not told"])
def test_an_absence_may_last_longer_than_its_series_is_remembered_before_it_fires(tmp_path: Path, end: str) -> None:
    gone = f"1x40 {end} _x{MINUTES - 42}"
    queue, shards = ({"series": name, "values": gone} for name in ("queue_length", 'shard_length{tenant="a"}'))
    told = "QueueGone/threshold"
    firing(
        tmp_path,
        [*ALIVE, queue, shards],
        [
            (99, []),
            (108, [told]),
            (150, [told]),
            (170, [told, "ShardGone/threshold/a"]),
            (188, [told, "ShardGone/threshold/a"]),
            (202, [told]),  # half an hour after two hours, and the time for which a page keeps firing
            (390, [told]),
        ],
    )


def test_a_service_may_be_gone_for_an_hour_before_it_is_down(tmp_path: Path) -> None:
    gone = [{"series": 'up{job="shop",instance="a"}', "values": f"1x40 stale _x{MINUTES - 42}"}]
    slow = SPEC.replace("    job: shop\n", "    job: shop\n    down: {for: 1h}\n")
    firing(tmp_path, gone, [(99, []), (108, ["ServiceDown/threshold"]), (390, ["ServiceDown/threshold"])], slow)
