"""Traffic without a process: exact ratios, and a whole day without one bad minute."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter

import pytest
from prometheus_client import CollectorRegistry

from workload.apportion import Apportionment, Carry
from workload.clock import DAY, load_at
from workload.conditions import AGENT_TYPES, PROVIDERS, Conditions
from workload.events import Requests
from workload.histogram import BulkHistogram
from workload.shapes import Bell, LogNormal, Shape, Uniform, mean, shares_and_means
from workload.traffic import AGENTS, PROVIDER_CALLS, WORKING, Traffic

BOUNDS = (0.5, 1.0, 2.5, 10.0, math.inf)


def test_carried_fractions_add_up() -> None:
    """A thousand tenths are a hundred, however the float falls."""
    carry = Carry()
    assert sum(carry.take(0.1) for _ in range(1000)) == 100


def test_every_part_stays_within_two_events_of_its_share() -> None:
    """At every moment, for shares from common to rare and counts from none to many."""
    shares = (0.9, 0.07, 0.0295, 0.0005)
    apportionment, totals, count = Apportionment(4), [0] * 4, 0
    draw = random.Random(7)  # noqa: S311 -- sizes of test input
    for _ in range(2000):
        size = draw.choice((0, 1, 2, 17, 400))
        parts = apportionment.divide(size, shares)
        assert sum(parts) == size
        assert min(parts) >= 0
        totals = [total + part for total, part in zip(totals, parts, strict=True)]
        count += size
        assert all(abs(total - count * share) <= 2 for total, share in zip(totals, shares, strict=True))


def test_a_part_whose_share_ended_gets_nothing_more() -> None:
    """A fault that is over fails no request."""
    apportionment = Apportionment(10)
    for _ in range(5):
        apportionment.divide(1, [0.1] * 10)
    apportionment.divide(1, [0.0] * 5 + [0.2] * 5)  # four of these are now owed 0.7, the first has 0.5 too much
    assert [apportionment.divide(1, [1.0] + [0.0] * 9)[0] for _ in range(5)] == [1] * 5


@pytest.mark.parametrize("shape", [LogNormal(1.1, 1.3), Uniform(0.2, 4), Bell(3, 2, 0, 8)])
def test_shares_and_means_of_buckets_agree_with_the_shape(shape: Shape) -> None:
    """Shares sum to 1, each mean lies in its bucket, and together they give the mean of all."""
    shares, means = shares_and_means(shape, BOUNDS)
    assert sum(shares) == pytest.approx(1)
    assert sum(share * each for share, each in zip(shares, means, strict=True)) == pytest.approx(mean(shape))
    for (lower, upper), share, each in zip(itertools.pairwise((0.0, *BOUNDS)), shares, means, strict=True):
        assert share == 0 or lower <= each <= upper


def test_means_are_those_of_the_textbook() -> None:
    """Log-normal: median times e to half the variance; uniform: the middle; a bell cut evenly: its centre."""
    assert mean(LogNormal(2, 0.5)) == pytest.approx(2 * math.exp(0.125))
    assert mean(Uniform(30, 60)) == pytest.approx(45)
    assert mean(Bell(5, 3, 0, 10)) == pytest.approx(5)


def test_a_bulk_histogram_counts_what_it_was_given() -> None:
    """One by one or all at once: cumulative buckets, a count that is the last bucket, and a sum that fits."""
    registry = CollectorRegistry()
    histogram = BulkHistogram("h", "Test.", buckets=(1, 5, 30), registry=registry)
    for _ in range(100):
        histogram.observe((), WORKING, 1)
    histogram.observe((), WORKING, 900)
    buckets = [registry.get_sample_value("h_bucket", {"le": le}) for le in ("1.0", "5.0", "30.0", "+Inf")]
    expected = [1000 * WORKING.cdf(bound) for bound in (1, 5, 30, math.inf)]
    assert buckets == pytest.approx(expected, abs=3)
    assert registry.get_sample_value("h_count") == 1000
    assert registry.get_sample_value("h_sum") == pytest.approx(1000 * mean(WORKING), rel=0.03)


def test_a_label_too_few_is_an_error() -> None:
    """And not a series that no query finds."""
    histogram = BulkHistogram("h", "Test.", ["a", "b"], buckets=(1,), registry=CollectorRegistry())
    with pytest.raises(ValueError, match="labels"):
        histogram.bear("only one")


def test_load_swings_around_one_with_its_peak_in_the_afternoon() -> None:
    """A day has the mean load 1, whatever its time scale."""
    minutes = [load_at(60 * minute) for minute in range(1440)]
    assert sum(minutes) / 1440 == pytest.approx(1)
    assert [min(minutes), max(minutes)] == pytest.approx([0.7, 1.3])
    assert minutes.index(max(minutes)) == 16 * 60


def test_a_healthy_day_has_its_error_ratio_and_not_one_bad_five_minutes() -> None:
    """Random draws would sooner or later page somebody about a healthy service."""
    traffic, healthy = Traffic(seed=3), Conditions()
    totals, errors = [], []
    for minute in range(1440):
        counts: Counter[bool] = Counter()
        for event in traffic.tick(60.0 * minute, 60, healthy):
            if isinstance(event, Requests):
                counts[event.status.startswith("5")] += event.count
        totals.append(counts.total())
        errors.append(counts[True])
    assert sum(totals) == pytest.approx(10.05 * DAY, rel=0.02)
    assert sum(errors) / sum(totals) == pytest.approx(0.0005, rel=0.02)
    worst = max(sum(errors[m : m + 5]) / sum(totals[m : m + 5]) for m in range(1436))
    assert worst < 0.0025  # a fast-burn page at 99.9 % begins at 0.0144


def test_the_same_seed_gives_the_same_events() -> None:
    """What a failing test saw can be seen again."""
    first, second, other = ([*Traffic(seed).tick(0, 60, Conditions())] for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_conditions_name_the_agents_and_providers_that_there_are() -> None:
    """A fault can only hit what has traffic."""
    assert tuple(AGENTS) == AGENT_TYPES
    assert tuple(PROVIDER_CALLS) == PROVIDERS
