"""`slostack explain`: the numbers are those of the Site Reliability Workbook's arithmetic."""

from __future__ import annotations

from pathlib import Path

import pytest
from transcript import slostack

SPEC = """\
version: 1
teams:
  shop: {page: {webhook: "http://inbox/p"}, ticket: {webhook: "http://inbox/t"}}
services:
  checkout:
    team: shop
    job: checkout
    slos:
      requests:
        promise: Checkouts succeed
        objective: 99.9
        events: {bad: 'http_requests_total{code=~"5.."}', total: http_requests_total}
        alerts: {ticket: off}
      up: {promise: The shop is open, objective: 99, availability: {}, period: 28d, minimum: {failures: 1}}
  basket:
    team: shop
    job: basket
    slos:
      up: {promise: Baskets are there, objective: 99, availability: {}}
"""

EXPLAINED = """\
checkout-requests: Checkouts succeed
  objective  99.9 % of events, over 30 days
  budget     0.1 %, as much as 43 min 12 s of total outage
  owner      team shop, service checkout

Indicator
  Events that fail, over all events.
  failed  http_requests_total{code=~"5.."}
  all     http_requests_total
  error ratio of an hour: slo:error_ratio{slo="checkout-requests",window="1h"}
  budget left: slo:error_budget_remaining:ratio{slo="checkout-requests"}

Alerts
          burn rate  fires above  over  and over  of the budget
  page    14.4 x     1.44 %       1h    5m        2 %
  page    6 x        0.6 %        6h    30m       5 %
  ticket  3 x        0.3 %        1d    2h        10 %
  ticket  1 x        0.1 %        3d    6h        10 %
  page is the alert CheckoutRequestsBurnsFast

Detection: time from a step to this error rate until it fires, at the latest
  error rate     page 1h      page 6h      ticket 1d    ticket 3d
  100 %          3 min 34 s   5 min 52 s   14 min 1 s   24 min 1 s
  10 %           11 min 20 s  25 min 18 s  52 min 54 s  1 h 2 min
  1 %            never        3 h 39 min   7 h 21 min   7 h 31 min
  threshold x 2  32 min 42 s  3 h 3 min    12 h 9 min   1 d 12 h
  At the latest: counting a minute and the turns of the rules are in it; a
  scrape and Alertmanager's group wait are not. The tier of a severity that is
  first is its alert; the others then stay silent.
  No time is in it for the guard of 3 failures: traffic is taken to be enough.
  `--events-per-hour N` reckons with yours.

Reset: time from full recovery until it ends, at the latest
  error rate  page         ticket
  100 %       37 min 31 s  6 h 18 min
  10 %        35 min 54 s  6 h 15 min
  1 %         19 min 42 s  5 h 42 min
  An alert goes on while any tier of its severity holds, and keeps firing after
  that: 5 min for a page and 15 min for a ticket. All of it is in these times,
  which are shorter after an incident that the longer windows hardly saw.
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Two services, each with an SLO called `up`."""
    (tmp_path / "slo.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def test_an_slo_is_explained(shop: Path) -> None:
    run = slostack(shop, "explain", "requests")
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith(EXPLAINED)
    assert "  page 1h    floor(0.0144 x N) + 1, at least 3  N = 139\n" in run.out
    assert "\n  ticket: turned off in the spec\n" in run.out
    assert "\x1b" not in run.out


def test_it_fits_a_terminal_of_eighty_columns(shop: Path) -> None:
    long = [line for line in slostack(shop, "explain", "requests").out.splitlines() if len(line) > 80]
    assert long == []


def test_what_nobody_wrote_is_marked_as_a_default(shop: Path) -> None:
    requests = slostack(shop, "explain", "requests").out
    assert "  period            30d                                  (default)\n" in requests
    assert "  minimum.failures  3                                    (default)\n" in requests
    assert "alerts.ticket" not in requests
    up = slostack(shop, "explain", "checkout-up").out
    defaults = up[up.index("Not written in the spec") :]
    assert "period" not in defaults
    assert "minimum.failures" not in defaults
    assert "availability.series" in defaults


def test_with_traffic_the_failures_needed_are_numbers(shop: Path) -> None:
    few = slostack(shop, "explain", "requests", "--events-per-hour", "2").out
    assert ["page", "1h", "2", "3", "1"] in [line.split() for line in few.splitlines()]
    assert "  page 1h: its window holds 2 events, fewer than the guards need\n" in few
    many = slostack(shop, "explain", "requests", "--events-per-hour", "100000").out
    assert ["page", "1h", "100000", "1441", "1441"] in [line.split() for line in many.splitlines()]
    assert "its window holds" not in many


@pytest.mark.parametrize(
    ("arguments", "all_of_it", "a_tenth", "said"),
    [
        # One series: three minutes, or thirty, and a minute more for a mean of two, before 2 min 42 s of counting.
        ((), "6 min 42 s", "33 min 42 s", "In it is the guard of 3 bad minutes, at 60 minutes an hour; one series has"),
        # Ten series count ten minutes in each: the burn rate of 1.44 % decides.
        (("--events-per-hour", "600"), "4 min 34 s", "12 min 20 s", "at 600 minutes an hour"),
    ],
)
def test_the_minutes_that_the_guard_needs_are_in_the_times(
    shop: Path, arguments: tuple[str, ...], all_of_it: str, a_tenth: str, said: str
) -> None:
    text = SPEC.replace("are there, objective: 99", "are there, objective: 99.9")
    (shop / "slo.yaml").write_text(text, encoding="utf-8")
    told = slostack(shop, "explain", "basket-up", *arguments).out
    times = {line[:15].strip(): line[17:].split("  ")[0] for line in told.split("\nReset")[0].splitlines()}

    assert (times["100 %"], times["10 %"]) == (all_of_it, a_tenth)
    assert said in told
    silent = "  page 1h: below an error rate of 5 %: its window holds 60 events\n"
    assert (times["threshold x 2"] == "never", silent in told) == (not arguments, not arguments)


def test_a_tier_that_can_never_fire_is_told(shop: Path) -> None:
    (shop / "slo.yaml").write_text(SPEC.replace("are there, objective: 99", "are there, objective: 90"), "utf-8")
    run = slostack(shop, "explain", "basket-up")
    assert run.code == 1
    assert run.err.startswith("slo.yaml:19:51: unreachable-tier: ")
    assert run.err.endswith("slostack: slo.yaml has 1 mistake; what can never fire is explained above\n")
    assert "  page 1h: needs an error rate above 144 %, which there is not\n" in run.out
    assert "  100 %          never    3 h 40 min  7 h 22 min   7 h 32 min\n" in run.out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("request", "there is no SLO `request` — did you mean requests?"),
        ("up", "several services have an SLO `up` — choose checkout-up or basket-up"),
        ("zzz", "there is no SLO `zzz` — there are checkout-requests, checkout-up, basket-up"),
    ],
)
def test_a_name_that_is_not_one_slo_is_wrong_usage(shop: Path, name: str, said: str) -> None:
    run = slostack(shop, "explain", name)
    assert (run.code, run.out) == (2, "")
    assert run.err == f"slostack: {said}\n"


def test_a_spec_that_check_refuses_is_not_explained(shop: Path) -> None:
    (shop / "slo.yaml").write_text(SPEC.replace("period: 28d", "period: 5m"), encoding="utf-8")
    run = slostack(shop, "explain", "requests")
    assert (run.code, run.out) == (1, "")
    assert run.err.startswith("slo.yaml:14:80: period: the period 5m is not 1 to 400 whole days")
    assert run.err.endswith("slostack: slo.yaml has 1 mistake; nothing was explained\n")


@pytest.mark.parametrize(
    ("histogram", "under", "said"),
    [
        ("took_seconds", "300ms", "Events that take longer than 0.3 s, over all events."),
        ('took_seconds{code="200"}', "2", "Events that take longer than 2 s, over all events."),
        ("took_milliseconds", "250", "Events that take longer than 250 ms, over all events."),
        ("sent_bytes", "1MB", "Events above 1 MB, over all events."),
        ("took_microseconds", "1000000", "Events above 1000000, over all events."),
    ],
)
def test_a_unit_is_said_only_where_the_name_of_the_histogram_says_it(
    shop: Path, histogram: str, under: str, said: str
) -> None:
    latency = f"latency: {{histogram: '{histogram}', under: {under}}}"
    text = SPEC.replace("objective: 99, availability: {}, period", f"objective: 99, {latency}, period")
    (shop / "slo.yaml").write_text(text, encoding="utf-8")
    run = slostack(shop, "explain", "checkout-up")
    assert run.code == 0, run.err
    assert f"  {said}\n" in run.out
