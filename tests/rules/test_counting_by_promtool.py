"""Counting at real speed in promtool: what live Prometheus cannot be given here, and twelve hours in a second.

promtool evaluates every group each minute whatever its interval, so nothing here looks at five-minute tiles.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from planned import metric, plan, requests, slo

from slostack.plan import Counters, Indicator, NativeHistogram, Slices, SloPlan
from slostack.plan.indicators import indicator
from slostack.render.rules import EVENTS_FILE, WINDOWS_FILE, render
from slostack.spec.model import Service, Slo
from slostack.tools.errors import ToolError
from slostack.tools.find import find
from slostack.tools.promtool import test_rules as run_rule_tests

FIVE = "{{schema:0 count:5 sum:5 buckets:[4 1]}}"  # four up to 1 s, one up to 2 s
ZERO = "{{schema:0 count:0 sum:0 buckets:[0 0]}}"
NATIVE = NativeHistogram(metric("rpc_seconds"), Fraction(1))


@dataclass
class Case:
    """Series by their text, a value every `interval`, and what queries give (minutes, query, value by tenant or "")."""

    slo: SloPlan
    series: dict[str, str]
    expected: list[tuple[int, str, dict[str, float]]]
    interval: str = "30s"


def total(slo_id: str = "shop-x") -> str:
    return f'slo:total:events1m{{slo="{slo_id}"}}'


def errors(slo_id: str = "shop-x") -> str:
    return f'slo:error:events1m{{slo="{slo_id}"}}'


def ratio(window: str) -> str:
    return f'slo:error_ratio{{window="{window}"}}'


def latency(under: str) -> Indicator:
    """Requests of at most this size, as a spec's SLO counts them."""
    asked = Slo.model_validate(
        {"promise": "x", "objective": 99, "latency": {"histogram": "request_size", "under": under, "native": False}}
    )
    return indicator(asked, Service.model_construct(job="shop"))


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
    "a bucket is found although its bound is written with an exponent": Case(
        slo("shop-x", latency("1000000")),
        {
            'request_size_count{instance="i"}': "0+10x60",
            'request_size_bucket{instance="i",le="1e+06"}': "0+9x60",
            'request_size_bucket{instance="i",le="+Inf"}': "0+10x60",
        },
        [(20, total(), {"": 20}), (20, errors(), {"": 2})],
    ),
    "without its bucket a histogram says nothing, and not that all is slow": Case(
        slo("shop-x", latency("0.3"), by=("tenant",)),
        {
            'request_size_count{instance="i",tenant="a"}': "0+10x60",
            'request_size_bucket{instance="i",tenant="a",le="0.25"}': "0+9x60",
            'request_size_count{instance="i",tenant="b"}': "0+10x60",
            'request_size_bucket{instance="i",tenant="b",le="0.3"}': "0+9x60",
        },
        [(20, total(), {"b": 20}), (20, errors(), {"b": 2}), (20, ratio("5m"), {"b": 0.1})],
    ),
    "a release that brings the bucket counts where it is, and makes nothing slow": Case(
        slo("shop-x", latency("0.3")),
        {
            'request_size_count{instance="old"}': "0+90x60 stale _x30",
            'request_size_count{instance="canary"}': "_x30 0+10x90",
            'request_size_bucket{instance="canary",le="0.3"}': "_x30 0+9x90",
            'request_size_count{instance="new"}': "_x60 0+90x60",
            'request_size_bucket{instance="new",le="0.3"}': "_x60 0+90x60",
        },
        # One of ten events of the canary is slow, and none of another process.
        [
            (29, total(), {"": 20}),
            (29, ratio("5m"), {"": 0.1}),
            (40, total(), {"": 200}),
            (40, f"sum_over_time({errors()}[10m])", {"": 20}),
        ],
    ),
    "a bucket that comes to a count, or is written otherwise, makes no minute slow": Case(
        slo("shop-x", latency("30")),
        {
            'request_size_count{instance="late"}': "10000+10x90",
            'request_size_bucket{instance="late",le="30"}': "_x40 10400+10x50",
            'request_size_count{instance="float"}': "10000+10x90",
            'request_size_bucket{instance="float",le="30"}': "10000+10x39 stale _x50",
            'request_size_bucket{instance="float",le="30.0"}': "_x40 10400+10x50",
        },
        # One of them counts at first, in the minute of the change none, then both.
        [
            (18, total(), {"": 20}),
            (24, total(), {"": 40}),
            (24, f"sum_over_time({errors()}[24m])", {"": 0}),
        ],
    ),
    "a bucket that goes within a minute makes none slow": Case(
        slo("shop-x", latency("0.3")),
        {
            'request_size_count{instance="i"}': "0+10x90",
            'request_size_bucket{instance="i",le="0.3"}': "0+10x40 stale _x50",
        },
        [(20, total(), {"": 20}), (30, f"sum_over_time({errors()}[30m])", {"": 0}), (30, total(), {})],
    ),
    "a histogram whose scrape fails, or whose process ends, counts to its last sample": Case(
        slo("shop-x", latency("0.3")),
        {
            'request_size_count{instance="i"}': "0+10x20 stale 220+10x15 stale stale 390+10x1 stale _x40",
            'request_size_bucket{instance="i",le="0.3"}': "0+9x20 stale 198+9x15 stale stale 351+9x1 stale _x40",
        },
        # All but what the first sample of a new process brings.
        [(30, f"sum_over_time({total()}[30m])", {"": 390}), (30, f"sum_over_time({errors()}[30m])", {"": 39})],
    ),
    "a histogram that is born or reset counts with its bucket": Case(
        slo("shop-x", latency("0.3")),
        {
            'request_size_count{instance="i",route="a"}': "0+10x60",
            'request_size_bucket{instance="i",route="a",le="0.3"}': "0+10x60",
            'request_size_count{instance="i",route="b"}': "_x40 7 7x50",
            'request_size_bucket{instance="i",route="b",le="0.3"}': "_x40 4 4x50",
            'request_size_count{instance="i",route="c"}': "1000+0x40 6 6x50",
            'request_size_bucket{instance="i",route="c",le="0.3"}': "500+0x40 5 5x50",
        },
        # The sample of 20:00 belongs to the minute that ends after it, that of 20:30 too.
        [(20, total(), {"": 20}), (20, errors(), {"": 0}), (21, total(), {"": 33}), (21, errors(), {"": 4})],
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


def put_right(kind: str, truth: float, within: float, tenant: str = "") -> str:
    """Whether all minutes and what was reconciled come to the truth, or miss it by at most this much."""
    series = [f'slo:{kind}:{name}{{tenant="{tenant}"}}[13h]' for name in ("events1m", "reconcile6h")]
    found, lost = (f"sum(sum_over_time({each}))" for each in series)
    return f"abs({found} + ({lost} or vector(0)) - {truth}) <= bool {within}"


def lost(kind: str, tenant: str = "") -> str:
    """What was reconciled, or zero."""
    return f'sum(sum_over_time(slo:{kind}:reconcile6h{{tenant="{tenant}"}}[13h])) or vector(0)'


YES, NOTHING = {"": 1.0}, {"": 0.0}
LATE = 719  # twelve hours less a minute; the sample of 718:30 is the last that was counted
SEEN = 2 * LATE - 1
# 180 samples are an hour and a half, far beyond the ten minutes that the base rules bridge. What remains is the minute
# that is summed beyond the twelve hours, and losses below one percent of what was counted until then.
HOLE = "_x180"
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
    "a gap of a classic histogram is put right, but for series without the bucket": Case(
        slo("shop-x", latency("0.3")),
        {
            'request_size_count{instance="i"}': f"0+5x720 {HOLE} 4505+5x600",
            'request_size_bucket{instance="i",le="0.3"}': f"0+4x720 {HOLE} 3604+4x600",
            'request_size_count{instance="without"}': "0+50x1500",
        },
        [(LATE, put_right("total", 5 * SEEN, 50), YES), (LATE, put_right("error", SEEN, 10), YES)],
    ),
    "a bucket that goes with a release leaves nothing to put right": Case(
        slo("shop-x", latency("0.3")),
        {
            'request_size_count{instance="i"}': "0+5x1500",
            'request_size_bucket{instance="i",le="0.3"}': "0+5x1000 stale _x500",
        },
        [(LATE, lost("total"), NOTHING), (LATE, lost("error"), NOTHING), (LATE, put_right("error", 0, 0), YES)],
    ),
    "a bucket that comes with a release leaves nothing to put right": Case(
        slo("shop-x", latency("0.3")),
        {
            'request_size_count{instance="old"}': "0+5x700 stale _x800",
            'request_size_count{instance="new"}': "_x700 0+5x800",
            'request_size_bucket{instance="new",le="0.3"}': "_x700 0+5x800",
        },
        [(LATE, lost("total"), NOTHING), (LATE, lost("error"), NOTHING), (LATE, put_right("error", 0, 0), YES)],
    ),
    "what a bucket counted before it went hides no lost errors of another series": Case(
        slo("shop-x", latency("0.3")),
        {
            'request_size_count{instance="i"}': f"0+50x720 {HOLE} 45050+50x600",
            'request_size_bucket{instance="i",le="0.3"}': f"0+40x720 {HOLE} 36040+40x600",
            'request_size_count{instance="gone"}': "0+5x1500",
            'request_size_bucket{instance="gone",le="0.3"}': "0+5x1000 stale _x500",
        },
        [(LATE, put_right("error", 10 * SEEN, 110), YES)],
    ),
    "a bucket that is written otherwise since is put right as before": Case(
        slo("shop-x", latency("30")),
        {
            'request_size_count{instance="i"}': f"0+5x720 {HOLE} 4505+5x600",
            'request_size_bucket{instance="i",le="30"}': "0+4x499 stale _x1000",
            'request_size_bucket{instance="i",le="30.0"}': f"_x500 2000+4x220 {HOLE} 3604+4x600",
        },
        [(LATE, put_right("total", 5 * SEEN, 50), YES), (LATE, put_right("error", SEEN, 20), YES)],
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


def check(case: Case, folder: Path) -> None:
    """Run the case, and fail with what promtool says differs."""
    try:
        find("promtool")
    except ToolError as error:
        pytest.skip(f"no promtool to run the rules: {error}")
    rendered = render(plan(case.slo))
    for path in (EVENTS_FILE, WINDOWS_FILE):
        (folder / Path(path).name).write_text(rendered[path], encoding="utf-8")
    names = re.findall(r"^  - name: (\S+)$", rendered[EVENTS_FILE] + rendered[WINDOWS_FILE], re.MULTILINE)
    document = {
        "rule_files": [Path(EVENTS_FILE).name, Path(WINDOWS_FILE).name],
        "evaluation_interval": "1m",
        "group_eval_order": names,
        "tests": [
            {
                "interval": case.interval,
                "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
                "promql_expr_test": [
                    {
                        "expr": f"round(sum by (tenant) ({query}), 0.001)",
                        "eval_time": f"{minutes}m",
                        "exp_samples": [_sample(tenant, value) for tenant, value in expected.items()],
                    }
                    for minutes, query, expected in case.expected
                ],
            }
        ],
    }
    file = folder / "test.yml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    report = run_rule_tests([file])
    assert report.ok, "\n".join(problem for group in report.groups for problem in group.problems)


def _sample(tenant: str, value: float) -> dict[str, Any]:
    return {"labels": f'{{tenant="{tenant}"}}' if tenant else "{}", "value": value}


@pytest.mark.parametrize("name", CASES)
def test_minutes(name: str, tmp_path: Path) -> None:
    check(CASES[name], tmp_path)


@pytest.mark.parametrize("name", HALF_DAYS)
def test_half_days(name: str, tmp_path: Path) -> None:
    check(HALF_DAYS[name], tmp_path)
