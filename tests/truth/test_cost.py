"""What an SLO costs Prometheus in samples read per minute, with all its windows full: no clock is involved."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from instance import Prometheus
from planned import metric, plan, requests, slo

from slostack import recorded
from slostack.burnrate import DAY, HOUR, MINUTE
from slostack.plan import Counters, Indicator
from slostack.tools.errors import ToolError
from slostack.tools.find import find

pytestmark = pytest.mark.xdist_group("truth")

RAW_SERIES = 10
KINDS: dict[str, Indicator] = {
    "requests": requests("shop"),
    "latency": Counters(
        metric("request_seconds_count"), good=metric(r'request_seconds_bucket{le=~"0\\.3"}'), bucket=True
    ),
}
IDENTITY = {"slo": "shop-x", "service": "shop", "period": "30d"}


def _past(name: str, labels: dict[str, str], end: int, span: int, every: int, step: float) -> str:
    inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
    # A gauge to OpenMetrics, which asks nothing of the names of those.
    lines = [f"{name}{{{inside}}} {step * n} {end - span + n * every}" for n in range(span // every)]
    return "\n".join(lines) + "\n"


def _history(end: int) -> str:
    """A day of ten raw series and of minutes, thirty-one days of tiles, hours of what is slower."""
    families = {
        "http_requests_total": [
            _past("http_requests_total", {"service": "shop", "instance": "i", "code": str(200 + n)}, end, DAY, 30, 1)
            for n in range(RAW_SERIES)
        ],
        **{
            f"request_seconds_{name}": [
                _past(f"request_seconds_{name}", {"instance": str(n)} | labels, end, DAY, 30, 1)
                for n in range(RAW_SERIES // 2)
            ]
            for name, labels in {"count": {}, "bucket": {"le": "0.3"}}.items()
        },
    }
    for name in (recorded.ERRORS_1M, recorded.TOTAL_1M):
        families[name] = [_past(name, IDENTITY, end, DAY, MINUTE, 0.001)]
    for name in (recorded.ERRORS_5M, recorded.TOTAL_5M):
        families[name] = [_past(name, IDENTITY, end, 31 * DAY, 5 * MINUTE, 0.001)]
    for name in (recorded.ERRORS_SLOW, recorded.TOTAL_SLOW):
        families[name] = [
            _past(name, IDENTITY | {"window": window}, end, HOUR, every * MINUTE, 1)
            for window, every in (("1d", 5), ("3d", 10), ("30d", 10))
        ]
    return "".join(f"# TYPE {name} gauge\n{''.join(series)}" for name, series in families.items()) + "# EOF\n"


@pytest.mark.parametrize(("kind", "raw"), {"requests": 650, "latency": 720}.items())
def test_an_slo_of_ten_series_costs_four_thousand_samples_a_minute(kind: str, raw: int, tmp_path: Path) -> None:
    try:
        find("prometheus")
    except ToolError as error:
        pytest.skip(f"no Prometheus to ask: {error}")
    end = int(time.time()) - 5 * HOUR
    prometheus = Prometheus(tmp_path, exporter_port=1, services=[], scale=1)
    prometheus.rules(plan(slo("shop-x", KINDS[kind])))
    prometheus.fill(_history(end))
    prometheus.start()
    try:
        prometheus.freeze(end)
        cost = {
            group["name"]: sum(prometheus.samples_read(rule["query"]) for rule in group["rules"])
            * 60
            / group["interval"]
            for group in prometheus.rule_groups()
        }
    finally:
        prometheus.kill()

    # The raw series are most of the work, thirty days most of the samples.
    assert 400 < cost["slo-events-0"] < raw, cost
    assert 1500 < cost["slo-windows-10m"] < 2200, cost
    assert sum(cost.values()) < 4000, cost
