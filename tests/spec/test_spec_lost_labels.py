"""A label is called lost only where that is proven: a wrong accusation would be worse than silence."""

from __future__ import annotations

import promql_parser
import pytest

from slostack.checks.spec.lost_labels import lost


@pytest.mark.parametrize(
    "expression",
    [
        "sum(x)",
        "sum by (b) (x)",
        "sum without (a) (x)",
        "topk(3, sum(x))",
        "sum by (a, b) (sum by (b) (x))",
        "sum(x) / sum by (a) (y)",
        "sum by (a) (x) / on (b) y",
        "sum by (a) (x) / ignoring (a) y",
        "x * on (b) group_left (a) sum by (b) (y)",
        "sum by (b) (x) * on (b) group_right () sum by (b) (y)",
        "2 * sum(x)",
        "sum(x) > bool 2",
        "-sum(x)",
        "(sum(x))",
        "sum(x) or sum(y)",
        "sum(x) and y",
        "sum(x) unless y",
        'x{a=""}',
        "vector(1)",
        "rate(x{a=''}[5m])",
        "max_over_time(sum(x)[5m:1m])",
        "clamp_min(sum(x), 1)",
        'count_values("b", x)',
        "time() * sum(x)",
    ],
)
def test_a_label_is_lost(expression: str) -> None:
    """No series of the result can have `a`."""
    assert lost(promql_parser.parse(expression), "a")


@pytest.mark.parametrize(
    "expression",
    [
        "x",
        'x{a="b"}',
        'x{a=~".*"}',
        "sum by (a) (x)",
        "sum without (b) (x)",
        "topk(3, x)",
        "sum by (a) (x) / sum by (a) (y)",
        "sum by (a) (x) / on (a) y",
        "sum by (a) (x) * on () group_left () sum(y)",
        "sum(x) * on () group_right () y",
        "sum by (b) (x) * on (b) group_left (a) y",
        "sum by (a) (x) or sum(y)",
        "sum(y) or sum by (a) (x)",
        "x and sum(y)",
        "x unless on () sum(y)",
        'label_replace(sum(x), "a", "b", "", "")',
        'label_join(sum(x), "a", ",", "b")',
        'count_values("a", x)',
        "absent(x{a='b'})",
        "rate(x[5m])",
        "x / 2",
        "2 / x",
        "histogram_quantile(0.9, sum by (a, le) (rate(x[5m])))",
        "info(x)",
    ],
)
def test_a_label_may_be_there(expression: str) -> None:
    """Some series of the result can have `a`."""
    assert not lost(promql_parser.parse(expression), "a")


def test_quantiles_consume_le() -> None:
    """`le` is what a quantile is made from."""
    assert lost(promql_parser.parse("histogram_quantile(0.9, rate(x_bucket[5m]))"), "le")
