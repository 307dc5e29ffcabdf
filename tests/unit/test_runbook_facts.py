"""What the generated block of a runbook page says of an alert's silence, and of each service that shares it."""

from __future__ import annotations

import pytest

from slostack.plan.build import build
from slostack.render.runbooks import facts, render
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
      OfATenantOfAll: {severity: page, summary: x, when: a, above: 1, slo: requests, by: [tenant]}
      OfAllTenants: {severity: page, summary: x, when: a, above: 1, slo: tenants}
      OfWhatDoesNotPage: {severity: page, summary: x, when: a, above: 1, slo: quiet}
      OfNothing: {severity: page, summary: x, when: a, above: 1}
"""


@pytest.mark.parametrize(
    ("alert", "quiet"),
    [
        ("OfTheSlo", "ShopRequestsBurnsFast"),
        ("OfEachTenant", "ShopTenantsBurnsSlowly"),
        ("OfATenantOfAll", None),  # the rest burns for itself
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


SHARED = """
version: 1
teams:
  pay:
    page: {webhook: "http://x/p"}
    ticket: {webhook: "http://x/t"}
    escalation: [{after: 15m, to: Alice}, {after: 30m, to: Bob}]
  shop:
    page: {webhook: "http://y/p"}
    ticket: {webhook: "http://y/t"}
    escalation: [{after: 5m, to: Zoe}]
services:
  payments: {team: pay, job: payments, links: {Source code: "https://git.example.org/payments"}}
  shop: {team: shop, job: shop, links: {Source code: "https://git.example.org/shop"}}
"""


@pytest.fixture
def shared() -> str:
    """The page of an alert that services of two teams have."""
    loaded = parse(SHARED, "slo.yaml")
    assert loaded.spec is not None, loaded.problems
    return render(build(loaded.spec), "runbooks", {})["runbooks/ServiceDown.md"]


def test_on_a_shared_page_each_service_has_its_own_people_and_links(shared: str) -> None:
    block = shared.split("Silence it for an hour:", maxsplit=1)[0]
    of_payments, of_shop = block.split("**payments is up**")[1].split("**shop is up**")

    assert "Nobody has taken over: after 15 minutes Alice, after 30 minutes Bob.\n" in of_payments
    assert "[Source code](https://git.example.org/payments)\n" in of_payments
    assert "Nobody has taken over: after 5 minutes Zoe.\n" in of_shop
    assert "[Source code](https://git.example.org/shop)\n" in of_shop
    assert "Zoe" not in of_payments
    assert "Alice" not in of_shop


def test_the_draft_of_a_shared_page_speaks_of_each_service_and_team(shared: str) -> None:
    draft = shared.split("## What this means")[1]
    meaning, rest = draft.split("## Is it real?")
    real, rest = rest.split("## Mitigate now")

    assert "- `payments`: payments is up.\n- `shop`: shop is up.\n" in meaning
    payments, shop = real.split("Of `payments`:\n\n```promql\n")[1].split("Of `shop`:\n\n```promql\n")
    assert payments.startswith('max by (job) (up{job="payments"}) == 0 or')
    assert shop.startswith('max by (job) (up{job="shop"}) == 0 or')
    assert "- Of team pay, after 30 minutes: Bob.\n- Of team shop, after 5 minutes: Zoe.\n" in rest
