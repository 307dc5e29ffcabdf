"""PromQL as text: what the time-lapse may change, and what it must leave alone."""

from __future__ import annotations

from fractions import Fraction

import pytest

from slostack.promql import duration, duration_ms, quote, selector, time_lapse, tokens, without_comments


@pytest.mark.parametrize(
    ("expression", "lapsed"),
    [
        ("up", "up"),
        ("rate(a[5m])", "(rate(a[5s]) / 60)"),
        ("sum(rate(a[5m])) > 0.1", "sum((rate(a[5s]) / 60)) > 0.1"),
        ("rate (a[1h30m] offset 12s)", "(rate (a[90s] offset 200ms) / 60)"),
        ("increase(a[1h])", "increase(a[1m])"),
        ("deriv(a[10m]) + irate(b[2m])", "(deriv(a[10s]) / 60) + (irate(b[2s]) / 60)"),
        ('a{path="/5m/rate(x)"}', 'a{path="/5m/rate(x)"}'),
        ("sum by (rate) (a)", "sum by (rate) (a)"),
        ("rate(a[$__rate_interval])", "(rate(a[$__rate_interval]) / 60)"),
        (
            "histogram_quantile(0.95, sum by (le) (rate(a[5m])))",
            "histogram_quantile(0.95, sum by (le) ((rate(a[5s]) / 60)))",
        ),
        ("a:rate5m > 5", "a:rate5m > 5"),
        ("slo:error_ratio{window='5m'} # 5m ago\n> 1", "slo:error_ratio{window='5m'} # 5m ago\n> 1"),
        ("a offset 1d and max_over_time(b[30d:1h])", "a offset 24m and max_over_time(b[12h:1m])"),
        ("rate(a[5m]) / (rate(b[5m]) > 0)", "(rate(a[5s]) / 60) / ((rate(b[5s]) / 60) > 0)"),
    ],
)
def test_a_time_lapse_divides_durations_and_rates_and_nothing_else(expression: str, lapsed: str) -> None:
    assert time_lapse(expression, 60) == lapsed


def test_real_time_changes_nothing() -> None:
    assert time_lapse("rate( a [5m])", 1) == "rate( a [5m])"


@pytest.mark.parametrize(
    "text", ['a{b="c\\"d"}', "a[5m] offset -1h", "1e3 * 0x1F - .5", "`raw}`", "a # c", "{__name__=~'x'}"]
)
def test_tokens_lose_nothing(text: str) -> None:
    assert "".join(token.text for token in tokens(text)) == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("sum(a) # why", "sum(a)"),
        ("# why\n# and how\nsum(a)", "sum(a)"),
        ("sum(\n  # why (\n  a # how\n  + b\n)", "sum(\n  a\n  + b\n)"),
        ('a{b="#1",c=~\'# x\',d=`#`} # "why"', "a{b=\"#1\",c=~'# x',d=`#`}"),
        ("sum( a )\n  / b", "sum( a )\n  / b"),
        ("# why", ""),
    ],
)
def test_a_comment_goes_with_the_blanks_before_it_and_a_text_in_quotes_stays(written: str, read: str) -> None:
    assert without_comments(written) == read


@pytest.mark.parametrize(
    ("seconds", "scale", "text"),
    [
        (300, 1, "5m"),
        (300, 60, "5s"),
        (12, 60, "200ms"),
        (86_400, 1, "1d"),
        (5400, 1, "90m"),
        (0, 1, "0s"),
        (Fraction(1, 3), 1, "333ms"),
    ],
)
def test_durations_are_written_in_the_largest_unit_that_fits(seconds: int | Fraction, scale: int, text: str) -> None:
    assert duration(seconds, scale) == text


def test_durations_are_read_as_prometheus_reads_them() -> None:
    assert duration_ms("1h30m5s250ms") == 5_405_250
    with pytest.raises(ValueError, match="no duration"):
        duration_ms("90")


def test_quoted_text_cannot_leave_its_quotes() -> None:
    assert quote('a"} or vector(1) #\n\\') == '"a\\"} or vector(1) #\\n\\\\"'


@pytest.mark.parametrize(
    "text", ["sum(a)", "a[5m]", "a / b", 'a{x="1"} or b{y="2"}', "1", "", "{a='b'}", "a offset 5m"]
)
def test_what_is_no_plain_selector_is_seen(text: str) -> None:
    assert selector(text) is None


def test_a_selector_is_narrowed_inside_its_braces() -> None:
    found = selector(' http_total{ code="2}0", } ')

    assert found is not None
    assert str(found.plus('le="0.3"')) == 'http_total{code="2}0",le="0.3"}'
    assert str(found.renamed("_count")) == 'http_total_count{code="2}0"}'
