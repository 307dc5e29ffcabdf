"""Inhibition and grouping in a real Alertmanager: alerts are posted, states and messages are read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from slostack.live import ports, programs
from slostack.live.clients import Alertmanager, Inbox, wait_until
from slostack.live.processes import Process, start, stop
from slostack.plan.build import build
from slostack.render.alertmanager import CONFIG, render
from slostack.spec.load import parse
from slostack.tools.find import find

SPEC = """
version: 1
teams:
  shop: {page: {webhook: "http://inbox:9099/hooks/page"}, ticket: {webhook: "http://inbox:9099/hooks/ticket"}}
services:
  shop:
    team: shop
    job: shop
    slos:
      requests: {promise: Orders succeed, objective: 99.9, events: {bad: b, total: t}}
      other: {promise: Others succeed, objective: 99.9, events: {bad: b, total: t}}
      tenants: {promise: Tenants succeed, objective: 99.9, events: {bad: b, total: t}, by: [tenant]}
      regions: {promise: Regions succeed, objective: 99.9, events: {bad: b, total: t}, by: [region]}
    alerts:
      HighErrorRate: {severity: page, summary: High, when: a, above: 1, slo: requests}
      OtherErrors: {severity: page, summary: High, when: a, above: 1, by: [tenant], slo: other}
      TenantErrors: {severity: page, summary: High, when: a, above: 1, by: [tenant], slo: requests}
      PodErrors: {severity: page, summary: High, when: a, above: 1, by: [pod], slo: requests}
      RegionDoubts: {severity: ticket, summary: High, when: a, above: 1, by: [region], slo: requests}
      AllTenants: {severity: page, summary: High, when: a, above: 1, slo: tenants}
      AllDoubts: {severity: ticket, summary: High, when: a, above: 1, slo: tenants}
      TenantRegion: {severity: page, summary: High, when: a, above: 1, by: [tenant, region], slo: tenants}
"""
SCALE = 40  # group_wait of a page: three quarters of a second; of a ticket: three seconds


class House:
    """A running Alertmanager and its inbox."""

    def __init__(self, alertmanager: Alertmanager, inbox: Inbox) -> None:
        self.alertmanager = alertmanager
        self.inbox = inbox

    def fire(self, *alerts: dict[str, str]) -> None:
        """Post alerts that fire for a minute, and wait until each is known and judged."""
        # An alert older than its group_wait is told at once, alone; these stay young however late they are taken.
        now = datetime.now(UTC)
        starts, ends = ((now + timedelta(seconds=later)).isoformat() for later in (30, 120))
        posted = [{"labels": one, "annotations": {}, "startsAt": starts, "endsAt": ends} for one in alerts]
        self.alertmanager.request("POST", "/api/v2/alerts", json=posted)
        assert wait_until(lambda: all(self._state(one) != "unprocessed" for one in alerts), 30)

    def expect(self, held_back: list[bool], *alerts: dict[str, str]) -> None:
        """Which of the alerts Alertmanager must hold back; that it does may take it a moment."""
        found: list[bool] = []

        def as_expected() -> bool:
            found[:] = [self._state(alert) == "suppressed" for alert in alerts]
            return found == held_back

        wait_until(as_expected, 20)
        assert found == held_back

    def _state(self, alert: dict[str, str]) -> str:
        found = [one for one in self.alertmanager.alerts() if one["labels"] == alert]
        return str(found[0]["status"]["state"]) if found else "unprocessed"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An empty Alertmanager with the routing of `SPEC`, and an inbox."""
    taken = ports.free(["alertmanager", "inbox"])
    loaded = parse(SPEC, "slo.yaml")
    assert loaded.spec is not None, loaded.problems
    addresses = {"inbox:9099": f"127.0.0.1:{taken['inbox']}"}
    for path, text in render(build(loaded.spec, time_scale=SCALE, addresses=addresses)).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    listen = ["--host", "127.0.0.1", "--port", str(taken["inbox"]), "--data", str(tmp_path / "inbox")]
    server = [
        *find("alertmanager").argv,
        f"--config.file={tmp_path / CONFIG}",
        f"--storage.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{taken['alertmanager']}",
        "--cluster.listen-address=",
    ]
    running: list[Process] = []
    try:
        for name, argv in (("inbox", [*programs.command("inbox"), *listen]), ("alertmanager", server)):
            url = f"http://127.0.0.1:{taken[name]}"
            log = tmp_path / f"{name}.log"
            running.append(start(name, argv, cwd=tmp_path, env=programs.environment(), log=log, url=url))
        found = House(Alertmanager(running[1].url), Inbox(running[0].url))
        up = wait_until(lambda: found.alertmanager.answers("/-/ready") and found.inbox.answers("/healthz"), 60)
        assert up, running[1].last_words()
        yield found
    finally:
        stop(running)


def burn(severity: str, slo: str = "shop-requests", tier: str = "1h", **more: str) -> dict[str, str]:
    name = "BurnsFast" if severity == "page" else "BurnsSlowly"
    labels = {"alertname": name, "severity": severity, "team": "shop", "service": "shop", "slo": slo, "tier": tier}
    return labels | more


def owners(name: str, slo: str = "shop-requests", severity: str = "page", **more: str) -> dict[str, str]:
    return burn(severity, slo, "threshold", **more) | {"alertname": name}


def down(severity: str) -> dict[str, str]:
    labels = {"alertname": "ServiceDown", "severity": severity, "team": "shop", "service": "shop", "job": "shop"}
    return labels | {"tier": "threshold"}


def test_a_page_holds_back_the_ticket_of_the_same_slo_only(house: House) -> None:
    page, same, other = burn("page"), burn("ticket", tier="1d"), burn("ticket", "shop-other", "1d")
    house.fire(page, same, other)

    house.expect([False, True, False], page, same, other)


def test_one_tenants_page_does_not_hide_another_tenants_ticket(house: House) -> None:
    page = burn("page", "shop-tenants", tenant="a")
    same, other = (burn("ticket", "shop-tenants", "1d", tenant=name) for name in "ab")
    house.fire(page, same, other)

    house.expect([True, False], same, other)


def test_a_page_about_all_tenants_holds_back_each_tenants_ticket(house: House) -> None:
    page, ticket = owners("AllTenants", "shop-tenants"), burn("ticket", "shop-tenants", "1d", tenant="a")
    house.fire(page, ticket)

    house.expect([False, True], page, ticket)


def test_the_page_of_what_has_no_tenant_is_one_tenants_page(house: House) -> None:
    page, same = burn("page", "shop-tenants"), burn("ticket", "shop-tenants", "1d")
    others = [
        burn("ticket", "shop-tenants", "1d", tenant="a"),
        owners("AllDoubts", "shop-tenants", severity="ticket"),
        owners("AllTenants", "shop-tenants"),
    ]
    # Without the owners' page about all tenants, which does hold them back.
    house.fire(page, same, *others[:2])
    house.expect([False, True, False, False], page, same, *others[:2])

    house.fire(others[2])
    house.expect([False], others[2])


def test_a_burning_budget_holds_back_the_owners_page_about_the_same(house: House) -> None:
    page, same = burn("page"), owners("HighErrorRate")
    house.fire(page, same)

    house.expect([False, True], page, same)


def test_a_burning_budget_holds_back_the_owners_page_about_one_of_all(house: House) -> None:
    page, part, other = (
        burn("page"),
        owners("TenantErrors", tenant="a"),
        owners("OtherErrors", "shop-other", tenant="a"),
    )
    house.fire(page, part, other)

    house.expect([False, True, False], page, part, other)


def test_a_tenants_burning_budget_holds_back_the_owners_page_about_a_part_of_it(house: House) -> None:
    page = burn("page", "shop-tenants", tenant="a")
    part, other = (owners("TenantRegion", "shop-tenants", tenant=name, region="eu") for name in "ab")
    house.fire(page, part, other)

    house.expect([False, True, False], page, part, other)


def test_an_owners_page_about_one_of_all_holds_back_no_ticket_of_the_rest(house: House) -> None:
    page = owners("PodErrors", pod="a")
    tickets = [burn("ticket", tier="1d"), owners("RegionDoubts", severity="ticket", region="eu")]
    house.fire(page, *tickets)

    house.expect([False, False, False], page, *tickets)


def test_labels_by_which_only_other_slos_are_grouped_make_no_difference(house: House) -> None:
    page, ticket = burn("page"), owners("RegionDoubts", severity="ticket", region="eu")
    house.fire(page, ticket)

    house.expect([False, True], page, ticket)


def test_an_outage_that_pages_holds_back_every_symptom(house: House) -> None:
    scrape = {
        "alertname": "ScrapeTargetDown",
        "severity": "ticket",
        "team": "shop",
        "service": "slostack",
        "job": "shop",
    }
    symptoms = [burn("page"), burn("ticket", "shop-other", "1d"), scrape]
    house.fire(down("page"), *symptoms)

    house.expect([False, True, True, True], down("page"), *symptoms)


def test_an_outage_that_is_a_ticket_holds_back_no_page(house: House) -> None:
    page, ticket = burn("page"), burn("ticket", "shop-other", "1d")
    house.fire(down("ticket"), page, ticket)

    house.expect([False, True], page, ticket)


def test_what_burns_one_slo_is_one_message_and_what_burns_none_is_one_each(house: House) -> None:
    none = {"severity": "ticket", "team": "shop", "service": "shop", "tier": "threshold"}
    house.fire(
        burn("ticket", tier="1d"),
        burn("ticket", tier="threshold") | {"alertname": "HighLatency"},
        none | {"alertname": "DiskFull"},
        none | {"alertname": "CpuHigh"},
    )
    assert wait_until(lambda: len(house.inbox.notifications()) >= 3, 20)

    assert sorted(names(one) for one in house.inbox.notifications()) == [
        ["BurnsSlowly", "HighLatency"],
        ["CpuHigh"],
        ["DiskFull"],
    ]


def test_an_alert_of_nobody_reaches_the_owners_of_the_monitoring(house: House) -> None:
    house.fire({"alertname": "Foreign", "severity": "warning", "team": "unknown"})
    assert wait_until(house.inbox.notifications, 20)

    assert [one["receiver"] for one in house.inbox.notifications()] == ["ticket"]


def names(notification: dict[str, Any]) -> list[str]:
    return sorted(alert["labels"]["alertname"] for alert in notification["alerts"])
