"""What an environment changes, and what it leaves alone."""

from __future__ import annotations

import pytest
from spec_texts import completed, found

from slostack.problems import render
from slostack.spec.load import parse

TEXT = completed(
    """\
links: {grafana: http://grafana/}
environments:
  staging:
    links.grafana: http://staging/
    services.checkout.slos.requests.objective: 99
    services.checkout.slos.requests.alerts: {page: "off"}
    services.checkout.job: null
    teams.shop.ticket.hours: Mon-Fri 09:00-17:00 UTC
  live: {period: 28d}
"""
)


def test_overrides_are_applied_to_the_chosen_environment_only() -> None:
    """A key that the file lacks can be set, and null sets a key back to its default."""
    plain = parse(TEXT, "slo.yaml").spec
    staging = parse(TEXT, "slo.yaml", "staging").spec
    live = parse(TEXT, "slo.yaml", "live").spec
    assert plain is not None
    assert staging is not None
    assert live is not None
    assert (plain.links.grafana, staging.links.grafana) == ("http://grafana/", "http://staging/")
    slo = staging.services["checkout"].slos["requests"]
    assert (str(slo.objective), slo.alerts.page) == ("99", "off")
    assert (plain.services["checkout"].job, staging.services["checkout"].job) == ("checkout", None)
    assert (plain.teams["shop"].ticket.hours, staging.teams["shop"].ticket.hours) == (None, "Mon-Fri 09:00-17:00 UTC")
    assert (plain.period, staging.period, live.period) == (2_592_000, 2_592_000, 2_419_200)


def test_places_are_those_of_the_override() -> None:
    """A key keeps its place in the file where an override only goes through it."""
    places = parse(TEXT, "slo.yaml", "staging").places
    assert places.of(("services", "checkout", "slos", "requests", "objective")) == (5, 48)
    assert places.of(("services", "checkout", "slos", "requests", "objective"), key=True) == (5, 5)
    assert places.of(("teams", "shop", "ticket", "hours")) == (8, 30)
    assert places.of(("links",), key=True) == (1, 1)


def test_an_unknown_environment_is_refused() -> None:
    """Wrong usage, with the nearest name."""
    loaded = parse(TEXT, "slo.yaml", "stagin")
    assert loaded.refused
    assert loaded.spec is None
    assert render(loaded.problems) == (
        "slo.yaml:2:1: unknown-environment: there is no environment `stagin` — did you mean `staging`?\n"
    )


def test_an_environment_where_there_are_none_is_refused() -> None:
    """The remedy says where they stand."""
    assert render(parse(completed(""), "slo.yaml", "staging").problems) == (
        "slo.yaml:1:1: unknown-environment: there is no environment `staging`"
        " — add it to `environments`, or leave the choice out\n"
    )


@pytest.mark.parametrize("environment", [None, "staging", "live"])
def test_what_is_wrong_does_not_depend_on_the_choice(environment: str | None) -> None:
    """Every environment is checked whichever is chosen."""
    text = TEXT.replace("live: {period: 28d}", "live: {period: 28, retention: 10d}")
    assert render(found(text, environment)) == (
        "slo.yaml:9:18: bad-value: `period: 28` is no duration, in environment `live`"
        " — write a number with its unit, such as 90s, 5m, 1h30m or 30d\n"
    )


def test_a_broken_environment_leaves_no_spec_to_any() -> None:
    """A file with a mistake is not half right."""
    assert parse(TEXT.replace("28d", "28"), "slo.yaml", "staging").spec is None


def test_overrides_of_one_part_build_on_each_other() -> None:
    """They are applied in the order in which they stand."""
    text = completed(
        "tiers: {own: [{severity: page, budget: 2, long: 1h, short: 5m}]}\n"
        "environments:\n"
        "  staging:\n"
        "    tiers.own: [{severity: page, budget: 5, long: 2h, short: 5m}]\n"
        "    tiers.own.0.short: 10m\n"
    )
    loaded = parse(text, "slo.yaml", "staging")
    assert loaded.spec is not None
    assert [(tier.long, tier.short) for tier in loaded.spec.tiers["own"]] == [(7200, 600)]
    plain = parse(text, "slo.yaml").spec
    assert plain is not None
    assert [(tier.long, tier.short) for tier in plain.tiers["own"]] == [(3600, 300)]
