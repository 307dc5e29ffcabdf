"""The rules as text: what is in them, what is not, and that promtool finds nothing to say about them."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from planned import alert, metric, plan, requests, slo

from slostack.burnrate import DAY
from slostack.plan import Counters, Indicator, NativeHistogram, Plan, Slices
from slostack.render.rules import EVENTS_FILE, MONITORING_FILE, WINDOWS_FILE, render
from slostack.tools.errors import ToolError
from slostack.tools.find import find
from slostack.tools.promtool import check_rules

SPEED = Counters(metric("request_seconds_count"), good=metric('request_seconds_bucket{le=~"0\\\\.3"}'), bucket=True)
JOBS = Counters(metric("jobs_total"), error=metric("jobs_failed_total"))
NATIVE = NativeHistogram(metric('rpc_seconds{job="rpc"}'), Fraction(3, 10))
MEMORY = Slices("count (avg_over_time(memory_bytes[2m]))", "count (avg_over_time(memory_bytes[2m]) > 7e9)")
UP = Slices("count (avg_over_time(up[2m]))", "sum (1 - avg_over_time(up[2m]))", watched=metric("up"))
KINDS: dict[str, Indicator] = {
    "once": requests("shop"),
    "speed": SPEED,
    "jobs": JOBS,
    "native": NATIVE,
    "slice": MEMORY,
    "up": UP,
}


def every_kind(time_scale: int = 1) -> Plan:
    """Every kind of indicator, alone and grouped, in two shards and over two periods."""
    return plan(
        *(slo(f"shop-{name}", kind) for name, kind in KINDS.items()),
        *(slo(f"shop-{name}-by", kind, by=("tenant", "zone"), shard=1) for name, kind in KINDS.items()),
        slo("shop-quarter", requests("shop"), period=90 * DAY, shard=1),
        alerts=[
            alert("BurnsFast", 'slo:error_ratio{slo="shop-once",window="1h"} > 0.0144', service="shop", tier="1h"),
            alert("BurnsFast", 'slo:error_ratio{slo="shop-once",window="6h"} > 0.006', service="shop", tier="6h"),
            alert("Slow", "rate(x_total[5m]) > 2", service="shop", for_=600, keep_firing_for=900),
            alert("Watchdog", "vector(1)", kind="monitoring", keep_firing_for=0),
        ],
        time_scale=time_scale,
    )


def groups(text: str) -> dict[str, Any]:
    """The groups of a rule file by name."""
    return {group["name"]: group for group in yaml.safe_load(text)["groups"]}


def rules(files: dict[str, str]) -> list[dict[str, Any]]:
    """Every rule of all files."""
    return [rule for text in files.values() for group in groups(text).values() for rule in group["rules"]]


@pytest.mark.parametrize("time_scale", [1, 60, 300])
def test_promtool_finds_nothing_to_say_even_as_a_linter(tmp_path: Path, time_scale: int) -> None:
    try:
        find("promtool")
    except ToolError as error:
        pytest.skip(f"no promtool to judge the rules: {error}")
    files = []
    for path, text in render(every_kind(time_scale)).items():
        files.append(tmp_path / Path(path).name)
        files[-1].write_text(text, encoding="utf-8")

    verdict = check_rules(files, lint_fatal=True)

    assert verdict.ok, verdict.problems


@pytest.mark.parametrize("path", [EVENTS_FILE, WINDOWS_FILE, "alerts/rules/shop.yml", MONITORING_FILE])
def test_the_text_is_the_one_that_was_last_looked_at(path: str) -> None:
    """After a change that is meant, run with SLOSTACK_UPDATE_GOLDEN=1 and read the difference."""
    golden = Path(__file__).parent / "golden" / Path(path).name
    text = render(every_kind())[path]
    if os.environ.get("SLOSTACK_UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")

    assert text == golden.read_text(encoding="utf-8")


def test_rendering_twice_gives_the_same_bytes() -> None:
    assert render(every_kind()) == render(every_kind())


def test_every_file_says_what_it_is_generated_from() -> None:
    for path, text in render(every_kind()).items():
        head = text.split("groups:", maxsplit=1)[0]
        assert "slo.yaml" in head, path
        assert "lost" in head, path
        assert "faster" not in head, path


def test_a_scaled_file_says_so_aloud_and_scales_every_duration() -> None:
    files = render(every_kind(60))

    assert all("60 times faster" in text for text in files.values())
    events = groups(files[EVENTS_FILE])
    assert events["slo-events-0"]["interval"] == "1s"
    assert events["slo-reconcile"]["interval"] == "6m"
    assert "offset 200ms" in events["slo-events-0"]["rules"][0]["expr"]
    slow = next(rule for rule in rules(files) if rule.get("alert") == "Slow")
    assert (slow["for"], slow["keep_firing_for"]) == ("10s", "15s")
    assert slow["expr"] == "(rate(x_total[5s]) / 60) > 2"


def test_labels_name_windows_in_real_time_at_any_speed() -> None:
    names = {rule["labels"]["window"] for rule in rules(render(every_kind(60))) if "window" in rule.get("labels", {})}

    assert names == {"5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d", "90d"}


def test_derived_rules_do_not_grow_with_the_number_of_slos() -> None:
    one = render(plan(slo("shop-one", requests("shop"))))
    many = render(plan(*(slo(f"shop-n{n}", requests("shop"), shard=n // 25) for n in range(60))))

    assert one[WINDOWS_FILE] == many[WINDOWS_FILE]


def test_an_slo_whose_errors_differ_by_one_matcher_reads_its_series_in_one_rule() -> None:
    found = rules(render(plan(slo("shop-once", requests("shop")))))

    assert sum("http_requests_total" in rule["expr"] for rule in found) == 2  # each minute, and every six hours


def test_rules_of_one_shard_read_only_that_shard() -> None:
    events = groups(render(every_kind())[EVENTS_FILE])

    assert 'shard="0"' in str(events["slo-events-0"])
    assert 'shard="1"' not in str(events["slo-events-0"])
    assert 'shard="0"' not in str(events["slo-events-1"])


def test_a_period_is_summed_only_for_the_slos_that_have_it() -> None:
    found = [rule for rule in rules(render(every_kind())) if rule.get("labels", {}).get("window") == "90d"]

    assert found
    assert all('period="90d"' in rule["expr"] for rule in found)


def test_a_period_that_is_also_a_window_is_summed_once_for_all() -> None:
    week = plan(
        slo("shop-week", requests("shop"), period=7 * DAY), slo("shop-month", JOBS), windows=(300, 3600, 7 * DAY)
    )
    found = [
        rule["expr"]
        for rule in rules(render(week))
        if rule.get("record") == "slo:total:events_slow" and rule["labels"]["window"] == "7d"
    ]

    assert len(found) == 1
    assert "period=" not in found[0]


def test_a_plan_without_slos_has_alerts_alone() -> None:
    files = render(plan(alerts=[alert("Watchdog", "vector(1)", kind="monitoring")]))

    assert list(files) == [MONITORING_FILE]


def test_tiers_of_one_alert_are_rules_of_their_own_with_what_the_plan_says() -> None:
    found = [rule for rule in rules(render(every_kind())) if rule.get("alert") == "BurnsFast"]

    assert [rule["labels"]["tier"] for rule in found] == ["1h", "6h"]
    assert all("for" not in rule and rule["keep_firing_for"] == "5m" for rule in found)
    assert all(rule["annotations"] == {"summary": "BurnsFast of shop"} for rule in found)


def test_slices_are_not_reconciled_and_the_file_says_so() -> None:
    text = render(every_kind())[EVENTS_FILE]
    reconcile = groups(text)["slo-reconcile"]

    assert "No counter holds the events of shop-slice, shop-up, shop-slice-by, shop-up-by" in text
    assert not any("memory_bytes" in rule["expr"] for rule in reconcile["rules"])


@pytest.mark.parametrize("spoken", ['say "no"', "back\\slash", "line\nbreak", "{{ $value }}", "'#: - &*", "ünïcode"])
def test_what_people_write_arrives_unchanged(spoken: str) -> None:
    text = render(plan(slo("shop-once", requests("shop")), alerts=[alert("A", "up", annotations={"summary": spoken})]))

    assert [rule["annotations"]["summary"] for rule in rules(text) if "alert" in rule] == [spoken]


def test_an_slo_that_counts_neither_side_is_refused_with_its_name() -> None:
    with pytest.raises(ValueError, match="shop-none counts neither errors nor good events"):
        render(plan(slo("shop-none", Counters(metric("x_total")))))
