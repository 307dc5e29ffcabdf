"""Latency of a classic histogram in promtool: a bucket that is not there says nothing, and not that all is slow."""

from __future__ import annotations

from pathlib import Path

import pytest
from counted import HOLE, LATE, NOTHING, SEEN, YES, Case, check, errors, lost, put_right, ratio, total
from planned import slo

from slostack.plan import Indicator
from slostack.plan.indicators import indicator
from slostack.spec.model import Service, Slo


def latency(under: str) -> Indicator:
    """Requests of at most this size, as a spec's SLO counts them."""
    asked = Slo.model_validate(
        {"promise": "x", "objective": 99, "latency": {"histogram": "request_size", "under": under, "native": False}}
    )
    return indicator(asked, Service.model_construct(job="shop"))


CASES = {
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
}


@pytest.mark.parametrize("name", CASES)
def test_a_classic_histogram(name: str, tmp_path: Path) -> None:
    check(CASES[name], tmp_path)
