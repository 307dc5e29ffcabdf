"""A label is called kept only where an aggregation names it and its series may differ in it."""

from __future__ import annotations

import promql_parser
import pytest

from slostack.checks.spec.fates import Fate, fate


@pytest.mark.parametrize(
    "expression",
    [
        "sum by (a) (x)",
        "(-sum by (a, b) (rate(x[5m]))) > 2",
        "2 * sum by (a) (x)",
        "topk(3, sum by (a) (x))",
        "sum by (a) (x) / sum by (a) (y)",
        "sum by (a) (x) / on (a) y",
        "sum by (a) (x) / ignoring (b) y",
        "sum by (a) (x) * on () group_left () sum(y)",
        "sum(x) * on () group_right () sum by (a) (y)",
        "x * on (b) group_left (a) sum by (a, b) (y)",
        "sum(y) or sum by (a) (x)",
        "sum by (a) (x) and on () sum(y)",
        "sum by (a) (x) unless sum by (a) (y{a='b'})",
        "sum without (b) (sum by (a) (x))",
        "max_over_time(sum by (a) (x)[5m:1m])",
        "clamp_min(sum by (a) (x), 1)",
        'count_values("a", x)',
        'label_replace(sum by (a) (x), "b", "$1", "a", "(.*)")',
        "histogram_quantile(0.9, sum by (a, le) (rate(x[5m])))",
    ],
)
def test_a_label_is_kept(expression: str) -> None:
    assert fate(promql_parser.parse(expression), "a") == Fate.KEPT


@pytest.mark.parametrize(
    "expression",
    [
        "x",
        'x{a=~"b|c"}',
        "sum by (b) (x)",
        "sum(sum by (a) (x))",
        "sum without (b) (x)",
        "sum without (a) (sum by (a, b) (x))",
        'sum by (a) (x{a="b"})',
        'sum by (a) (rate(x{a="b"}[5m]))',
        'sum by (a) (x{a=""})',
        'sum by (a) (x) / sum by (a) (y{a="b"})',
        'sum by (a) (x) and sum by (a) (y{a="b"})',
        "sum by (a) (x) / on () sum(y)",
        "sum by (a) (x) / ignoring (a) sum(y)",
        'label_replace(sum by (a) (x), "a", "", "", "")',
        "y and sum by (a) (x)",
        "absent(sum by (a) (x))",
        "time() * x",
    ],
)
def test_a_label_may_be_gone_or_the_same_for_all(expression: str) -> None:
    assert fate(promql_parser.parse(expression), "a") != Fate.KEPT
