"""The boards in a running Grafana: loaded as they were written, every query answered, every panel drawn.

`GRAFANA_URL` names one that serves this project's provisioning, `GRAFANA_AUTH` is `user:password`. What is drawn is
seen in Chromium, where one is installed.
"""

from __future__ import annotations

import os
import re
import time
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, Response, ViewportSize, expect
from reading import Json, filled, panels

from slostack.live.clients import wait_until
from slostack.render.dashboards import links

URL = os.environ.get("GRAFANA_URL", "")
AUTH = tuple(os.environ.get("GRAFANA_AUTH", "admin:admin").split(":", 1))

pytestmark = [
    pytest.mark.skipif(not URL, reason="GRAFANA_URL names no running Grafana"),
    pytest.mark.timeout(900),
]
PATIENCE = 120_000  # milliseconds: a page is drawn late where others use the machine
_TALL: ViewportSize = {"width": 1600, "height": 5000}  # pixels: Grafana draws a panel only when it comes into view
_BROKEN = '[data-testid="data-testid Panel status error"]'
_LOADING = '[aria-label="Panel loading bar"]'


def call(path: str, body: Json | None = None) -> Any:
    """The JSON that Grafana answers with."""
    user, password = AUTH
    method = "POST" if body is not None else "GET"
    response = requests.request(method, f"{URL}{path}", json=body, auth=(user, password), timeout=60)
    response.raise_for_status()
    return response.json()


def served() -> list[Json]:
    """Every dashboard of this project that Grafana has."""
    found = call("/api/search?type=dash-db&tag=slostack")
    return [call(f"/api/dashboards/uid/{entry['uid']}") for entry in found]


@pytest.fixture(scope="module")
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser's context, signed in."""
    signed = b64encode(":".join(AUTH).encode()).decode()
    context = browser.new_context(viewport=_TALL, extra_http_headers={"Authorization": f"Basic {signed}"})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.mark.parametrize("uid", ["prometheus", "jaeger"])
def test_a_data_source_is_well(uid: str) -> None:
    answer = call(f"/api/datasources/uid/{uid}/health")

    assert answer["status"] == "OK", answer


def test_alertmanager_answers_and_is_a_prometheus_alertmanager() -> None:
    """Its plugin has no health endpoint: Grafana's own check asks through the proxy, from the browser, as this does."""
    answer = call("/api/datasources/proxy/uid/alertmanager/api/v2/status")

    assert answer["config"]["original"], answer
    assert answer["versionInfo"]["version"], answer


def test_exemplars_lead_to_a_view_of_the_trace_by_its_id() -> None:
    """What Grafana made of the file: the variable is still there, and no data source asks in another language."""
    [link] = call("/api/datasources/uid/prometheus")["jsonData"]["exemplarTraceIdDestinations"]

    assert "${__value.raw}" in link["url"], link
    assert "$$" not in link["url"], link
    assert "datasourceUid" not in link, link


def exemplar(selector: str) -> str:
    """The id of a trace that an exemplar of the last minutes names, old enough for all its spans to have arrived."""
    found: list[Json] = []

    def some() -> bool:
        now = time.time()
        asked = urlencode({"query": selector, "start": now - 300, "end": now})
        answer = call(f"/api/datasources/proxy/uid/prometheus/api/v1/query_exemplars?{asked}")
        kept = [each for series in answer["data"] for each in series["exemplars"] if each["timestamp"] < now - 10]
        found[:] = sorted(kept, key=lambda each: float(each["timestamp"]))
        return bool(found)

    assert wait_until(some, 60, 1), f"Prometheus has no exemplar of {selector}"
    trace_id: str = found[-1]["labels"]["trace_id"]
    return trace_id


def trace(trace_id: str) -> tuple[str, list[str]]:
    """What Jaeger has of a trace: the service and operation of its root, and the operation of every span."""
    [found] = call(f"/api/datasources/proxy/uid/jaeger/api/traces/{trace_id}")["data"]
    [root] = [span for span in found["spans"] if not span["references"]]
    service = found["processes"][root["processID"]]["serviceName"]
    return f"{service}: {root['operationName']}", [span["operationName"] for span in found["spans"]]


def opened(visitor: BrowserContext, trace_id: str) -> Page:
    """A page that followed an exemplar's link, as Grafana fills it."""
    [link] = call("/api/datasources/uid/prometheus")["jsonData"]["exemplarTraceIdDestinations"]
    page = visitor.new_page()
    page.goto(URL + link["url"].replace("${__value.raw}", trace_id), wait_until="commit")
    return page


@pytest.mark.parametrize("selector", ["mcts_requests_total", "mcts_request_duration_seconds_bucket"])
def test_an_exemplars_link_leads_to_its_trace(visitor: BrowserContext, selector: str) -> None:
    trace_id = exemplar(selector)
    title, operations = trace(trace_id)
    assert len(operations) > 1

    page = opened(visitor, trace_id)
    expect(page.get_by_text(title, exact=True).first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_test_id("span-view")).to_have_count(len(operations), timeout=PATIENCE)
    lines = page.locator("body").inner_text().splitlines()
    for operation in set(operations):  # one line each: its service where that changes, its name, its duration
        named = re.compile(rf"(\S+ )?{re.escape(operation)} \([\d.]+\S*\)")
        assert len(list(filter(named.fullmatch, lines))) == operations.count(operation), (operation, lines)
    page.close()


def numbers(answer: Response) -> list[float]:
    """Every number that Prometheus answered to one query of Explore."""
    frames = answer.json()["results"]["A"].get("frames", [])
    columns = [column for frame in frames for column in frame["data"]["values"][1:]]
    return [value for column in columns for value in column if isinstance(value, int | float)]


def test_a_spans_links_lead_to_its_metrics(visitor: BrowserContext) -> None:
    jaeger = call("/api/datasources/uid/jaeger")["jsonData"]["tracesToMetrics"]
    names = [query["name"] for query in jaeger["queries"]]
    trace_id = exemplar("mcts_requests_total")
    page = opened(visitor, trace_id)
    page.get_by_test_id("SpanLinksMenu").first.get_by_role("button").click()
    leads = {name: page.locator("a", has_text=name).get_attribute("href") or "" for name in names}
    assert len(leads) > 2

    def asked(answer: Response) -> bool:
        return "/api/ds/query" in answer.url and "traces_span_metrics" in (answer.request.post_data or "")

    def answered(lead: str) -> list[float]:
        with page.expect_response(asked) as found:
            page.goto(f"{URL}{lead}", wait_until="commit")
        return numbers(found.value)

    for name, lead in leads.items():
        # By its name alone a call of another service would be counted, too.
        query = unquote(lead)
        assert "span_name=" in query, query
        assert "service_name=" in query or "exported_instance=" in query, query
        found = wait_until(lambda lead=lead: answered(lead), 90, 2)  # type: ignore[misc]  # as yet unscraped spans
        assert found, f"{name}: nobody answers {query}"
        expect(page.locator(".uplot canvas").first).to_be_visible(timeout=PATIENCE)
    page.close()


def test_every_board_is_drawn_without_an_error(visitor: BrowserContext) -> None:
    boards = served()
    assert len(boards) > 2
    for board in boards:
        shown = [panel for panel in board["dashboard"]["panels"] if panel["type"] != "row" and not panel.get("repeat")]
        page = visitor.new_page()
        raised: list[str] = []
        page.on("pageerror", lambda error, raised=raised: raised.append(str(error)))
        # Without the refresh of every few seconds, or a busy machine is never done with loading.
        page.goto(f"{URL}{board['meta']['url']}?kiosk&refresh=1d", wait_until="commit")
        for panel in shown:
            page.locator(f'[data-viz-panel-key="panel-{panel["id"]}"] section').first.wait_for()
        page.wait_for_function(f"document.querySelectorAll('{_LOADING}').length === 0")
        broken = page.locator(f"section:has({_BROKEN})").evaluate_all("all => all.map(one => one.innerText)")
        assert not broken, f"{board['dashboard']['uid']}: {broken}"
        assert not page.get_by_text("Panel plugin not found").count(), board["dashboard"]["uid"]
        assert not raised, f"{board['dashboard']['uid']}: {raised}"
        page.close()


def test_grafana_lists_the_alerts_that_alertmanager_holds(visitor: BrowserContext) -> None:
    """The heartbeat always fires: where Grafana shows none, it did not ask Alertmanager."""
    held = call("/api/datasources/proxy/uid/alertmanager/api/v2/alerts")
    assert "Watchdog" in {alert["labels"]["alertname"] for alert in held}

    page = visitor.new_page()
    page.goto(f"{URL}{links.NOTIFICATIONS}")
    page.get_by_text("Watchdog").first.wait_for()
    page.close()


def test_grafana_loaded_boards_into_their_folders_and_lets_nobody_edit_them() -> None:
    loaded = {board["dashboard"]["uid"]: board["meta"] for board in served()}

    assert loaded["slo-overview"]["folderTitle"] == "SLOs"
    assert all(meta["provisioned"] for meta in loaded.values())
    assert all(not meta["canEdit"] or meta["provisionedExternalId"] for meta in loaded.values())


def test_every_query_of_every_board_is_answered() -> None:
    asked = 0
    for board in served():
        for panel in panels(board["dashboard"]):
            queries = [
                target | {"expr": filled(target["expr"]), "intervalMs": 60_000, "maxDataPoints": 100}
                for target in panel.get("targets", [])
            ]
            if not queries:
                continue
            answer = call("/api/ds/query", {"queries": queries, "from": "now-6h", "to": "now"})
            for ref, result in answer["results"].items():
                assert result.get("status", 200) == 200, (
                    f"{board['dashboard']['uid']}: {panel['title']}: {ref}: {result}"
                )
                asked += 1
    assert asked > 20
