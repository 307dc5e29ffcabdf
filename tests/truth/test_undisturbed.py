"""A Prometheus that runs undisturbed, and services to which everything happens: what is recorded is the truth.

Sums of minutes telescope, so they equal the truth to the last event; nothing is ever counted that did not happen. The
one thing forgiven is what this machine was too busy for, and only where Prometheus itself admits it.
"""

from __future__ import annotations

import math
from concurrent.futures import Future

import pytest
from scenarios import BAD_FROM, BAD_TO, END
from stories import Told

pytestmark = [
    pytest.mark.xdist_group("truth"),  # one worker tells the stories, for all three modules
    pytest.mark.timeout(900),  # twice and three times on a busy machine
]

A_MINUTE = 60.0  # events of the usual traffic


@pytest.fixture(scope="module")
def told(stories: dict[str, Future[Told]]) -> Told:
    return stories["undisturbed"].result()


def forgiven(told: Told, name: str, per_minute: float = A_MINUTE) -> float:
    """Events that missed evaluations of an SLO's group, and scrapes as slow as their timeout, may have cost."""
    prometheus = told.prometheus
    minutes = prometheus.missed(f"slo-events-{told.scenarios[name].shard}") + prometheus.late_scrapes(name)
    return minutes * per_minute


def assert_counted(found: float, truth: float, may_miss: float) -> None:
    assert truth > 0
    assert truth - may_miss <= found <= truth


EXACT = [
    *(f"phase{n}" for n in range(6)),
    *(f"flaky{n}" for n in range(3)),
    "shortgap",
    "born",
    "relabelled",
    "stopped",
]


@pytest.mark.parametrize("name", EXACT)
def test_every_event_is_counted_once(told: Told, name: str) -> None:
    total, errors = told.truth(name)

    assert_counted(told.counted(name), total, forgiven(told, name))
    assert_counted(told.counted(name, "error:events1m"), errors, forgiven(told, name))


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("window", ["6h", "1d", "3d", "30d"])
def test_windows_hold_what_was_counted(told: Told, name: str, window: str) -> None:
    slo = told.scenarios[name].id
    minutes_of_tiles = 5 * told.prometheus.missed("slo-windows-5m")
    total, errors = told.counted(name), told.counted(name, "error:events1m")
    put_right = told.counted(name, "total:reconcile6h")  # where this machine was too busy for some minutes

    of_total = told.prometheus.number(f'slo:total:events{{slo="{slo}",window="{window}"}}')
    ratio = told.prometheus.number(f'slo:error_ratio{{slo="{slo}",window="{window}"}}')

    assert of_total is not None
    assert total - minutes_of_tiles * A_MINUTE <= of_total <= total + put_right
    assert ratio == pytest.approx(errors / total, rel=0.05 if minutes_of_tiles or put_right else 0.001)


def test_an_instant_query_finds_every_window_and_the_budget(told: Told) -> None:
    of = '{slo="phase0-requests"}'
    windows = {found["metric"]["window"] for found in told.prometheus.ask(f"slo:total:events{of}")}
    remaining = told.prometheus.number(f"slo:error_budget_remaining:ratio{of}")
    info = told.prometheus.ask(f"slo:info{of}")[0]["metric"]

    assert windows == {"5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"}
    assert remaining == pytest.approx(1 - 0.1 / 0.01, abs=0.01)  # a tenth failed, a hundredth was allowed
    assert (info["team"], info["objective"], info["period"]) == ("shop", "99", "30d")


def test_a_restart_loses_no_more_than_the_minute_it_falls_into(told: Told) -> None:
    total, errors = told.truth("restart")

    assert_counted(told.counted("restart"), total, A_MINUTE + forgiven(told, "restart"))
    assert_counted(told.counted("restart", "error:events1m"), errors, A_MINUTE + forgiven(told, "restart"))


def test_a_counter_that_steps_back_loses_its_minute_and_adds_nothing(told: Told) -> None:
    total, errors = told.truth("stepback")

    assert_counted(told.counted("stepback"), total, A_MINUTE + forgiven(told, "stepback"))
    assert_counted(told.counted("stepback", "error:events1m"), errors, forgiven(told, "stepback"))


def test_a_long_scrape_gap_loses_its_own_events_and_leaves_the_ratio_right(told: Told) -> None:
    total, errors = told.truth("longgap")
    found, failed = told.counted("longgap"), told.counted("longgap", "error:events1m")

    # 25 minutes; and the minutes at both of its ends.
    assert_counted(found, total, 27 * A_MINUTE + forgiven(told, "longgap"))
    assert failed / found == pytest.approx(errors / total, rel=0.02)  # a minute more or less of one of the two


@pytest.mark.parametrize("tenant", ["a", "b", "c"])
def test_groups_that_come_go_and_return_are_counted_each(told: Told, tenant: str) -> None:
    total, errors = told.truth("tenants", tenant=tenant)
    may_miss = forgiven(told, "tenants", 48)

    assert_counted(told.counted("tenants", tenant=tenant), total, may_miss)
    assert_counted(told.counted("tenants", "error:events1m", tenant=tenant), errors, may_miss)


def test_latency_counts_slow_requests_as_errors(told: Told) -> None:
    service = told.scenarios["latency"].service
    requests = service.truth("request_seconds_count")
    slow = requests - service.truth("request_seconds_bucket", le="0.3")

    assert_counted(told.counted("latency"), requests, forgiven(told, "latency", 40))
    assert_counted(told.counted("latency", "error:events1m"), slow, forgiven(told, "latency", 40))


def test_failures_with_a_counter_of_their_own_count_although_it_comes_late(told: Told) -> None:
    service = told.scenarios["jobs"].service

    assert_counted(told.counted("jobs"), service.truth("jobs_total"), forgiven(told, "jobs"))
    assert_counted(told.counted("jobs", "error:events1m"), service.truth("jobs_failed_total"), forgiven(told, "jobs"))


def test_slices_are_minutes(told: Told) -> None:
    missed = told.prometheus.missed("slo-events-1")

    # The first and the last minute depend on the phase; the server was up some seconds before and is after.
    assert END - 2 - missed <= told.counted("memory") <= END + 30
    assert told.counted("memory", "error:events1m") == pytest.approx(BAD_TO - BAD_FROM, abs=1 + missed)


def test_an_slo_that_is_added_counts_from_then_on_and_disturbs_nobody(told: Told) -> None:
    now, _ = told.truth("added")

    # The first minute that is evaluated comes up to a minute after the reload. It counts from the last scrape that is
    # 72 s old, and a scrape comes every 30 s.
    before = (72 + 30 + 12) / 60
    assert now - told.marks["added"] - 3 * A_MINUTE <= told.counted("added")
    assert told.counted("added") <= now - told.marks["before"] + before * A_MINUTE
    # Whom it joined (shard 0) is held to the last event by the tests above.
    assert told.scenarios["added"].shard == told.scenarios["phase0"].shard


def test_an_idle_service_has_counts_of_zero_and_never_a_ratio(told: Told) -> None:
    of = '{slo="idle-requests"}'

    totals = {found["metric"]["window"]: found["value"][1] for found in told.prometheus.ask(f"slo:total:events{of}")}
    assert set(totals.values()) == {"0"}
    assert told.prometheus.ask(f"present_over_time(slo:error_ratio{of}[1h])") == []
    assert told.prometheus.ask(f"present_over_time(slo:error_budget_remaining:ratio{of}[1h])") == []


def test_a_service_that_went_idle_loses_the_ratio_of_each_window_that_is_empty(told: Told) -> None:
    found = {
        each["metric"]["window"]: float(each["value"][1])
        for each in told.prometheus.ask('slo:error_ratio{slo="stopped-requests"}')
    }

    assert set(found) == {"2h", "6h", "1d", "3d", "30d"}  # it stopped 65 minutes ago
    assert found["6h"] == pytest.approx(0.1, rel=0.01)


def test_nothing_that_was_ever_recorded_is_not_a_number(told: Told) -> None:
    found = told.prometheus.ask('{__name__=~"slo:.+"}[1h]')
    values = [(each["metric"], value) for each in found for _, value in each["values"]]

    assert len(values) > 10_000
    assert [metric for metric, value in values if not math.isfinite(float(value))] == []


def test_no_rule_fails(told: Told) -> None:
    rules = [rule for group in told.prometheus.rule_groups() for rule in group["rules"]]

    assert rules
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] == "err"] == []


def test_counting_reads_few_samples(told: Told) -> None:
    rules = [rule for group in told.prometheus.rule_groups() for rule in group["rules"]]
    query = next(
        rule["query"] for rule in rules if rule["labels"].get("slo") == "phase0-requests" and "http" in rule["query"]
    )

    # Of each of its two series: twice the two scrapes of a minute, twice the twenty of ten minutes, the ten of five,
    # twice one; and three of the cap.
    assert told.prometheus.samples_read(query) <= 2 * 60 + 4
