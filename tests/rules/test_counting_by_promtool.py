"""Counting at real speed in promtool: what live Prometheus cannot be given here, and twelve hours in a second.

promtool evaluates every group each minute whatever its interval, so nothing here looks at five-minute tiles.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from counted import HOLE, LATE, NOTHING, SEEN, YES, Case, check, errors, lost, put_right, ratio, total
from planned import metric, requests, slo

from slostack.plan import Counters, NativeHistogram, Slices
from slostack.plan.indicators import indicator
from slostack.spec.model import Service, Slo

FIVE = "{{schema:0 count:5 sum:5 buckets:[4 1]}}"  # four up to 1 s, one up to 2 s
ZERO = "{{schema:0 count:0 sum:0 buckets:[0 0]}}"
NATIVE = NativeHistogram(metric("rpc_seconds"), Fraction(1))
UP = indicator(
    Slo.model_validate({"promise": "x", "objective": 99, "availability": {}}), Service.model_construct(job="shop")
)
UP_BY_TENANT = indicator(
    Slo.model_validate({"promise": "x", "objective": 99, "availability": {}, "by": ["tenant"]}),
    Service.model_construct(job="shop"),
)
GOOD = 'http_requests_total{service="shop",instance="i",code="200"}'
BAD = 'http_requests_total{service="shop",instance="i",code="500"}'
ONCE = slo("shop-x", requests("shop"))
TENANTS = slo("shop-x", requests("shop"), by=("tenant",))


def of(text: str, **labels: str) -> str:
    """The series with more labels."""
    return text.replace("}", "".join(f',{name}="{value}"' for name, value in labels.items()) + "}")


CASES = {
    "a native histogram counts events, and those above its threshold as errors": Case(
        slo("shop-x", NATIVE),
        {'rpc_seconds{instance="i"}': f"{FIVE}+{FIVE}x60"},
        [(20, total(), {"": 10}), (20, errors(), {"": 2}), (20, ratio("5m"), {"": 0.2})],
    ),
    "a native histogram is counted per group": Case(
        slo("shop-x", NATIVE, by=("tenant",)),
        {
            'rpc_seconds{instance="i",tenant="a"}': f"{FIVE}+{FIVE}x60",
            'rpc_seconds{instance="i",tenant="b"}': f"{FIVE}+{{{{schema:0 count:2 sum:1 buckets:[2 0]}}}}x60",
        },
        [(20, total(), {"a": 10, "b": 4}), (20, errors(), {"a": 2, "b": 0})],
    ),
    "a native histogram that was reset counts what came since": Case(
        slo("shop-x", NATIVE),
        {'rpc_seconds{instance="i"}': f"{FIVE}+{FIVE}x40 {FIVE}+{FIVE}x40"},
        # The 41st sample, at 20:30, begins again at five; the minute's last is ten.
        [(22, total(), {"": 10}), (22, errors(), {"": 2}), (24, total(), {"": 10})],
    ),
    "an idle native histogram has no ratio": Case(
        slo("shop-x", NATIVE),
        {'rpc_seconds{instance="i"}': f"{FIVE}+{ZERO}x60"},
        [(20, total(), {"": 0}), (20, errors(), {"": 0}), (20, ratio("5m"), {})],
    ),
    "errors that never happened are zero": Case(
        ONCE,
        {GOOD: "0+5x60"},
        [(20, total(), {"": 10}), (20, errors(), {"": 0}), (20, ratio("5m"), {"": 0})],
    ),
    "errors that never happened are zero in every group": Case(
        TENANTS,
        {of(GOOD, tenant="a"): "0+5x60", of(GOOD, tenant="b"): "0+3x60", of(BAD, tenant="b"): "0+1x60"},
        [(20, total(), {"a": 10, "b": 8}), (20, errors(), {"a": 0, "b": 2}), (20, ratio("5m"), {"a": 0, "b": 0.25})],
    ),
    "a negated matcher counts a missing label as an error, as the matcher does": Case(
        slo("shop-x", requests("shop", 'code!="200"')),
        {GOOD: "0+5x60", 'http_requests_total{service="shop",instance="i"}': "0+1x60"},
        [(20, total(), {"": 12}), (20, errors(), {"": 2})],
    ),
    "series that differ only in a label `class` do not collide": Case(
        ONCE,
        {of(GOOD, **{"class": "a"}): "0+5x60", of(GOOD, **{"class": "b"}): "0+1x60"},
        [(20, total(), {"": 12})],
    ),
    "a group that ends leaves no ratio behind": Case(
        TENANTS,
        {of(GOOD, tenant="a"): "0+5x80", of(GOOD, tenant="b"): "0+5x30 stale _x50"},
        [(14, total(), {"a": 10, "b": 10}), (30, total(), {"a": 10}), (30, ratio("5m"), {"a": 0})],
    ),
    "a slice is bad, or good, or not there": Case(
        slo("shop-x", Slices("count by (tenant) (memory)", "count by (tenant) (memory > 7)"), by=("tenant",)),
        {'memory{tenant="a"}': "1x20 9x60", 'memory{tenant="b"}': "1x80", 'memory{tenant="c"}': "1x10 stale _x70"},
        [(20, total(), {"a": 1, "b": 1}), (20, errors(), {"a": 1, "b": 0}), (20, ratio("5m"), {"a": 1, "b": 0})],
    ),
    "an expression that is not a number at the moment is no slice": Case(
        slo("shop-x", Slices("vector(1)", "vector(0) / 0 * (memory > 0)")),
        {"memory": "1x60"},
        [(20, total(), {"": 1}), (20, errors(), {"": 0})],
    ),
    "a fleet that vanished is down with as many as it had, not with all that ever were": Case(
        slo("shop-x", UP),
        {
            f'up{{job="shop",instance="{pod}{rollout}"}}': f"_x{30 * rollout} 1x{29 + 2 * late} stale _x200"
            for rollout in range(4)
            for late, pod in enumerate("ab")
        },
        # a is there until 59:30, b for two scrapes more: it is seen alone once.
        [
            (58, total(), {"": 2}),
            (58, errors(), {"": 0}),
            (62, total(), {"": 1}),
            (64, total(), {"": 2}),
            (64, errors(), {"": 2}),
            (90, total(), {"": 2}),
            (90, errors(), {"": 2}),
        ],
    ),
    "a fleet that came back is up, and what left it is not counted": Case(
        slo("shop-x", UP),
        {
            'up{job="shop",instance="a"}': "1x40 stale _x39 1x80",
            'up{job="shop",instance="b"}': "1x40 stale _x39 1x20 stale _x60",
        },
        [
            (30, errors(), {"": 2}),
            (45, total(), {"": 2}),
            (45, errors(), {"": 0}),
            (60, total(), {"": 1}),
            (60, errors(), {"": 0}),
        ],
    ),
    "a group whose series are all gone is down, beside one that is not, for six hours": Case(
        slo("shop-x", UP_BY_TENANT, by=("tenant",)),
        {
            'up{job="shop",instance="a",tenant="a"}': "1x40 stale _x400",
            'up{job="shop",instance="b",tenant="b"}': "1x500",
            'up{job="shop",instance="c",tenant="b"}': "0x500",
        },
        [
            (60, total(), {"a": 1, "b": 2}),
            (60, errors(), {"a": 1, "b": 1}),
            (399, errors(), {"a": 1, "b": 1}),
            (401, total(), {"b": 2}),
        ],
        interval="1m",
    ),
    "more good events than events is no negative error": Case(
        slo("shop-x", Counters(metric("all_total"), good=metric("good_total"))),
        {'all_total{instance="i"}': "0+1x60", 'good_total{instance="i"}': "0+2x60"},
        [(20, total(), {"": 2}), (20, errors(), {"": 0})],
    ),
    "no good event at all is an outage": Case(
        slo("shop-x", Counters(metric("all_total"), good=metric("good_total"))),
        {'all_total{instance="i"}': "0+1x60"},
        [(20, errors(), {"": 2}), (20, ratio("5m"), {"": 1})],
    ),
}


HALF_DAYS = {
    "a gap is put right, in each group that had one": Case(
        TENANTS,
        {
            of(GOOD, tenant="a"): f"0+5x720 {HOLE} 4505+5x600",
            of(BAD, tenant="a"): f"0+1x720 {HOLE} 901+1x600",
            of(GOOD, tenant="b"): "0+5x1500",
        },
        [
            (LATE, put_right("total", 6 * SEEN, 50, "a"), YES),
            (LATE, put_right("error", SEEN, 10, "a"), YES),
            (LATE, put_right("total", 5 * SEEN, 10, "b"), YES),
            (LATE, lost("total", "b"), NOTHING),
        ],
    ),
    "a gap of a native histogram is put right": Case(
        slo("shop-x", NATIVE),
        # Once a minute: promtool loads no more than 10,000 samples for a query, and buckets count.
        {
            'rpc_seconds{instance="i"}': f"{FIVE}+{FIVE}x360 _x90 "
            "{{schema:0 count:2260 sum:2260 buckets:[1808 452]}}"
            f"+{FIVE}x300"
        },
        [(LATE, put_right("total", 5 * LATE, 30), YES), (LATE, put_right("error", LATE, 6), YES)],
        interval="1m",
    ),
    "a gap is put right where errors are what is not good": Case(
        slo("shop-x", Counters(metric("all_total"), good=metric("good_total"))),
        {
            'all_total{instance="i"}': f"0+5x720 {HOLE} 4505+5x600",
            'good_total{instance="i"}': f"0+4x720 {HOLE} 3604+4x600",
        },
        [(LATE, put_right("total", 5 * SEEN, 50), YES), (LATE, put_right("error", SEEN, 10), YES)],
    ),
    "a restart within a gap is put right as far as anybody can know": Case(
        ONCE,
        {GOOD: f"0+5x720 {HOLE} 200+5x600"},
        # 900 happened in the gap; the counter shows only the 200 since the restart.
        [(LATE, put_right("total", 5 * (SEEN - 180) + 200, 50), YES)],
    ),
    "a counter that steps back lost nothing": Case(
        ONCE,
        {GOOD: "10000000+5x720 9500000+5x800", BAD: "0+1x1500"},
        [(LATE, lost("total"), NOTHING), (LATE, lost("error"), NOTHING), (LATE, put_right("total", 6 * SEEN, 20), YES)],
    ),
    # `increase` does not know of the first value of a birth. So what a gap lost is put right less the birth: never too
    # much, and too little by no more than the birth brought.
    "a birth beside a gap is counted, and hides no more of the gap than it brought": Case(
        ONCE,
        {GOOD: f"0+5x720 {HOLE} 4505+5x600", BAD: f"_x300 10+1x420 {HOLE} 610+1x600"},
        # 1,438 samples of 5, and the errors' ten at birth, in the 301st sample, then one each.
        [
            (LATE, put_right("total", 5 * SEEN + 10 + SEEN - 300, 60), YES),
            (LATE, put_right("error", 10 + SEEN - 300, 20), YES),
        ],
    ),
    "an idle service lost nothing": Case(ONCE, {GOOD: f"7+0x720 {HOLE} 7+0x600"}, [(LATE, lost("total"), NOTHING)]),
}


@pytest.mark.parametrize("name", CASES)
def test_minutes(name: str, tmp_path: Path) -> None:
    check(CASES[name], tmp_path)


@pytest.mark.parametrize("name", HALF_DAYS)
def test_half_days(name: str, tmp_path: Path) -> None:
    check(HALF_DAYS[name], tmp_path)
