"""What the generated block of a runbook page says of an alert's silence."""

from __future__ import annotations

import pytest

from slostack.plan.build import build
from slostack.render.runbooks import facts
from slostack.spec.load import parse

SPEC = """
version: 1
teams: {shop: {page: {webhook: "http://x/p"}, ticket: {webhook: "http://x/t"}}}
services:
  shop:
    team: shop
    slos:
      requests: {promise: Orders succeed, objective: 99.9, events: {bad: b, total: t}}
      tenants: {promise: Tenants succeed, objective: 99.9, events: {bad: b, total: t}, by: [tenant]}
      quiet: {promise: Kept, objective: 99.9, events: {bad: b, total: t}, alerts: {page: off}}
    alerts:
      OfTheSlo: {severity: page, summary: x, when: a, above: 1, slo: requests}
      OfEachTenant: {severity: ticket, summary: x, when: a, above: 1, slo: tenants, by: [tenant]}
      OfAllTenants: {severity: page, summary: x, when: a, above: 1, slo: tenants}
      OfWhatDoesNotPage: {severity: page, summary: x, when: a, above: 1, slo: quiet}
      OfNothing: {severity: page, summary: x, when: a, above: 1}
"""


@pytest.mark.parametrize(
    ("alert", "quiet"),
    [
        ("OfTheSlo", "ShopRequestsBurnsFast"),
        ("OfEachTenant", "ShopTenantsBurnsSlowly"),
        ("OfAllTenants", None),  # a tenant's budget burns for itself
        ("OfWhatDoesNotPage", None),
        ("OfNothing", None),
        ("ShopRequestsBurnsFast", None),
    ],
)
def test_an_owners_alert_says_which_burn_alert_its_silence_keeps_from_beginning(alert: str, quiet: str | None) -> None:
    loaded = parse(SPEC, "slo.yaml")
    assert loaded.spec is not None, loaded.problems
    plan = build(loaded.spec)
    block = facts(plan, [rule for rule in plan.alerts if rule.name == alert])

    assert ("silenced or not" in block) == (quiet is not None)
    if quiet:
        assert f"no [{quiet}]({quiet}.md) begins" in block
