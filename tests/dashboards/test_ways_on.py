"""Where a click leads: from failures to their traces, and from alerts to what Alertmanager holds."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from dashboard_plans import plan
from reading import Json, boards, named, panels

from slostack.render.dashboards import links


def one_click(panel: Json) -> Json:
    """The panel's only link."""
    [link] = panel["fieldConfig"]["defaults"]["links"]
    return dict(link)


@pytest.mark.parametrize("title", ["What share fails?", "How many fail, how many may?"])
def test_a_click_on_failures_leads_to_the_failed_traces_before_that_moment(title: str) -> None:
    page = boards(plan())["slo-shop"]
    link = one_click(named(page, title))
    [pane] = json.loads(parse_qs(urlsplit(link["url"]).query)["panes"][0]).values()

    assert link["oneClick"]
    assert pane["queries"][0] == {
        "refId": "A",
        "datasource": {"type": "jaeger", "uid": "jaeger"},
        "queryType": "search",
        "service": "shop",
        "tags": "error=true",
        "limit": 20,
    }
    assert pane["range"] == {"from": "${__from}", "to": "${__value.time}"}


def test_a_service_without_traces_promises_none() -> None:
    whole = plan()
    silent = replace(whole, services=tuple(replace(service, traces=None) for service in whole.services))
    panel = named(boards(silent)["slo-shop"], "What share fails?")

    assert "links" not in panel["fieldConfig"]["defaults"]
    assert "Click" not in panel["description"]


def test_only_times_ask_for_exemplars() -> None:
    asking = {
        panel["title"]: panel["fieldConfig"]["defaults"]["unit"]
        for board in boards(plan()).values()
        for panel in panels(board)
        if any(target.get("exemplar") for target in panel.get("targets", []))
    }

    assert set(asking.values()) == {"s"}, asking


def test_the_stack_and_the_overview_lead_to_what_alertmanager_holds() -> None:
    drawn = boards(plan())

    for uid in ("stack", links.OVERVIEW):
        assert links.NOTIFICATIONS in {link.get("url") for link in drawn[uid]["links"]}, uid
    held = named(drawn["stack"], "What does Alertmanager hold?")
    overrides = {each["matcher"]["options"]: each["properties"] for each in held["fieldConfig"]["overrides"]}
    assert {name: properties[-1]["value"][0]["url"] for name, properties in overrides.items()} == {
        "notify": links.NOTIFICATIONS,
        "silenced or inhibited": links.NOTIFICATIONS,
        "silences in force": links.SILENCES,
    }
    assert "ALERTS_FOR_STATE" in named(drawn["stack"], "Which alerts fire?")["targets"][0]["expr"]
