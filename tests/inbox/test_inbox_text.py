"""What a notification says: firing, resolved, grouped, incomplete and hostile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox.message import compose
from inbox.notification import Notification
from inbox.receive import BadBodyError, decode, storable, understand
from inbox.text import render_text

NOW = datetime(2026, 11, 20, 3, 26, tzinfo=UTC)


def alert(minutes: int = 14, **changes: Any) -> dict[str, Any]:
    start = NOW - timedelta(minutes=minutes)
    made: dict[str, Any] = {
        "status": "firing",
        "labels": {
            "alertname": "HighErrorRate",
            "severity": "page",
            "team": "search",
            "service": "mcts",
            "slo": "requests",
            "tier": "fast",
            "environment": "production",
        },
        "annotations": {
            "summary": "API requests succeed — 31 % fail, promised at most 0.5 %",
            "description": "Gone in 14 h.",
            "command": "curl -s http://mcts/healthz",
            "runbook_url": "http://runbooks/HighErrorRate?service=mcts",
            "silence_url": "http://am/#/silences/new",
        },
        "startsAt": start.isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
    }
    for part in ("labels", "annotations"):
        made[part] |= changes.pop(part, {})
    return made | changes


def notification(*alerts: dict[str, Any], kind: str = "webhook", **body: Any) -> Notification:
    raw = {"version": "4", "status": "firing", "alerts": list(alerts), **body} if kind == "webhook" else body
    return Notification(1, NOW, "phone", kind, understand(kind, raw), raw)


def test_a_firing_page_reads_from_the_top_what_where_since_when() -> None:
    assert render_text(notification(alert()), NOW) == (
        "■ PAGE API requests succeed — 31 % fail, promised at most 0.5 %\n"
        "mcts · production · since 03:12 UTC (14 min ago)\n"
        "\n"
        "Gone in 14 h.\n"
        "\n"
        "Run first:\n"
        "  curl -s http://mcts/healthz\n"
        "\n"
        "Runbook:   http://runbooks/HighErrorRate?service=mcts&since=1795144320\n"
        "Graph:     http://prometheus/graph\n"
        "Silence:   http://am/#/silences/new\n"
    )


def test_a_resolved_one_says_how_long_it_lasted_and_offers_nothing_to_run() -> None:
    ended = alert(41, status="resolved", endsAt=(NOW - timedelta(minutes=1)).isoformat())
    text = render_text(notification(ended, status="resolved"), NOW)
    assert text.startswith("● RESOLVED API requests succeed")
    assert "lasted 40 min (02:45–03:25 UTC)" in text
    assert "While it fired: Gone in 14 h." in text
    assert "Run first" not in text
    assert "Silence" not in text


def test_many_groups_show_the_worst_three_and_count_the_rest() -> None:
    tenants = [alert(5 + i, labels={"tenant": f"t{i}"}) for i in range(4)]
    mild = alert(500, labels={"tenant": "mild", "severity": "ticket"})
    gone = alert(9, status="resolved", labels={"tenant": "gone"})
    text = render_text(notification(mild, *tenants, gone, truncatedAlerts=2), NOW)
    assert "7 affected, the worst first:" in text
    shown = [line for line in text.splitlines() if "tenant=" in line]
    assert [line.split("tenant=")[1].split(" ")[0] for line in shown] == ["t3", "t2", "t1"]
    assert "and 4 more\n1 already recovered\n" in text


def test_two_tiers_of_one_burn_are_one_thing() -> None:
    message = compose(notification(alert(90), alert(14, labels={"tier": "slow"})), NOW)
    assert message.affected == 1
    assert message.when == "since 01:56 UTC (1 h 30 min ago)"


@pytest.mark.parametrize(
    ("labels", "first"),
    [
        ({}, "◆ ALERT An alert without a name or summary\n"),
        ({"alertname": "Disk", "severity": "ticket"}, "▲ TICKET Disk\n"),
    ],
)
def test_whatever_is_missing_the_rest_is_sensible(labels: dict[str, str], first: str) -> None:
    assert render_text(notification({"status": "firing", "labels": labels}), NOW) == first


def test_hostile_text_can_steer_neither_terminal_nor_reading_order() -> None:
    bad = alert(
        labels={"service": "a\x1b[2Jb\u202e\ud800"},
        annotations={
            "summary": "x\r\n● RESOLVED y\x07",
            "runbook_url": "javascript:alert(1)",
            "description": "z" * 9000,
        },
    )
    text = render_text(notification(bad), NOW)
    assert not set(text) & set("\x1b\x07\r\u202e\ud800")
    assert text.splitlines()[0] == "■ PAGE x ● RESOLVED y"
    assert "javascript:alert(1) (not a web address)" in text
    assert len(text) < 3000


def test_slack_attachments_become_the_same_message() -> None:
    attachment = {
        "title": "■ PAGE Checkouts succeed &amp; more",
        "color": "danger",
        "text": "31 % fail\n```curl -s 'http://x/?a=1&amp;b=2'```\n<http://r/x|Runbook> · <http://g/d|Dashboard>",
        "fields": [{"title": "Service", "value": "shop"}, {"title": "Environment", "value": "staging"}],
    }
    text = render_text(notification(kind="slack", attachments=[attachment]), NOW)
    assert text == (
        "■ PAGE Checkouts succeed & more\nshop · staging\n\n31 % fail\n\n"
        "Run first:\n  curl -s 'http://x/?a=1&b=2'\n\nRunbook:   http://r/x\nDashboard: http://g/d\n"
    )
    good = notification(kind="slack", attachments=[{"title": "Checkouts succeed", "color": "good"}])
    assert good.status == "resolved"


def test_pagerduty_events_become_the_same_message_and_lose_their_key() -> None:
    event = {
        "routing_key": "a-password",
        "dedup_key": "k",
        "event_action": "trigger",
        "payload": {
            "summary": "■ PAGE Checkouts succeed",
            "severity": "critical",
            "custom_details": {"service": "shop"},
        },
        "links": [{"href": "http://r/x", "text": "Runbook"}],
    }
    text = render_text(notification(kind="pagerduty", **event), NOW)
    assert text == "■ PAGE Checkouts succeed\nshop\n\nRunbook:   http://r/x\n"
    assert "a-password" not in str(storable("pagerduty", event))
    assert notification(kind="pagerduty", dedup_key="k", event_action="resolve").status == "resolved"


@pytest.mark.parametrize(
    ("kind", "body", "sentence"),
    [
        ("webhook", b"{", "not JSON"),
        ("webhook", b"\xff", "not UTF-8"),
        ("webhook", b"[]", "must be a JSON object"),
        ("webhook", b'{"status": NaN}', "NaN is not a JSON number"),
        ("webhook", b"[" * 100_000, "nested too deeply"),
        ("webhook", b'{"x": ' * 60 + b"1" + b"}" * 60, "nested too deeply"),
        pytest.param("webhook", b'{"x": [' + b"1," * 150_000 + b"1]}", "more than 150000 values", id="too much"),
        ("webhook", b'{"version": "3"}', "version '3'"),
        ("webhook", b'{"status": "firing", "alerts": []}', "at least one alert"),
        ("webhook", b'{"status": "firing", "alerts": [{"labels": {"a": 1}}]}', "alerts[0].labels.a must be a string"),
        ("webhook", b'{"status": "maybe", "alerts": [{}]}', "status must be"),
        ("slack", b"{}", "'attachments' or 'text'"),
        ("pagerduty", b'{"event_action": "trigger"}', "payload.summary"),
        ("pagerduty", b"{}", "event_action"),
    ],
)
def test_a_bad_body_is_refused_with_the_place_and_reason(kind: str, body: bytes, sentence: str) -> None:
    with pytest.raises(BadBodyError) as refusal:
        understand(kind, decode(body))
    assert sentence in str(refusal.value)


def test_slack_texts_of_several_alerts_become_several_with_their_times() -> None:
    text = (
        "\n*Checkouts succeed*\nsince 2026-11-20 03:12:00 UTC\nacme: 31 % fail\n```curl a```\n<http://r/x?service=shop|Runbook>\n"
        "\n*Checkouts succeed*\nsince 2026-11-20 03:16:00 UTC\nglobex: 4 % fail\n"
    )
    attachment = {
        "title": "■ PAGE Checkouts succeed · shop · demo",
        "title_link": "http://r/x?service=shop",
        "text": text,
    }
    assert render_text(notification(kind="slack", attachments=[attachment]), NOW) == (
        "■ PAGE Checkouts succeed\nshop · demo · since 03:12 UTC (14 min ago)\n\n2 affected, the worst first:\n"
        "■ PAGE\n  acme: 31 % fail\n■ since 03:16 UTC (10 min ago)\n  globex: 4 % fail\n\n"
        "Run first:\n  curl a\n\nRunbook:   http://r/x?service=shop&since=1795144320\n"
    )
    over = {**attachment, "title": "● RESOLVED x", "text": "*x*\nlasted 1h9m2.5s, from 2026-11-20 02:00:00 UTC\n"}
    assert "lasted 69 min (02:00–03:09 UTC)" in render_text(notification(kind="slack", attachments=[over]), NOW)


def test_pagerduty_events_show_the_alerts_that_alertmanager_adds() -> None:
    details = {"firing": [alert(labels={"tenant": "a"})], "resolved": [], "num_firing": 1}
    event = {"event_action": "trigger", "payload": {"summary": "x", "custom_details": details}}
    same = render_text(notification(alert(labels={"tenant": "a"})), NOW)
    assert render_text(notification(kind="pagerduty", **event), NOW) == same


def test_the_runbook_link_says_since_when() -> None:
    text = render_text(notification(alert(annotations={"runbook_url": "http://r/X?service=a#fix"})), NOW)
    assert f"http://r/X?service=a&since={int(NOW.timestamp()) - 14 * 60}#fix" in text
