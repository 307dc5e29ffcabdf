"""The inbox as a real process: what is accepted, kept, shown and refused."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests
from running import LIFETIME, PATIENCE, Program, command, surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def body(name: str = "Burn", status: str = "firing", **annotations: str) -> dict[str, Any]:
    labels = {"alertname": name, "severity": "page", "service": "shop", "environment": "demo"}
    one = {"status": status, "labels": labels, "annotations": annotations, "startsAt": "2026-11-20T03:12:00.123456789Z"}
    return {"version": "4", "groupKey": name, "status": status, "groupLabels": {"service": "shop"}, "alerts": [one]}


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Program]:
    with Program("inbox", "--data", str(tmp_path / "data"), "--heartbeat-limit", "0.5") as running:
        yield running


def post(inbox: Program, path: str, value: object) -> requests.Response:
    return requests.post(inbox.url + path, json=value, timeout=PATIENCE)


def get(inbox: Program, path: str) -> Any:
    answer = requests.get(inbox.url + path, timeout=PATIENCE)
    answer.raise_for_status()
    return answer.json()


def test_what_is_posted_can_be_read_by_id_by_receiver_and_after_an_id(inbox: Program) -> None:
    first = post(inbox, "/hooks/phone", body("A")).json()["id"]
    second = post(inbox, "/hooks/desk", body("B")).json()["id"]
    everything = get(inbox, "/api/notifications")
    assert [item["id"] for item in everything["notifications"]] == [first, second]
    assert everything["last_id"] == second
    assert [item["id"] for item in get(inbox, f"/api/notifications?after={first}")["notifications"]] == [second]
    assert [item["id"] for item in get(inbox, "/api/notifications?receiver=phone")["notifications"]] == [first]
    one = get(inbox, f"/api/notifications/{first}")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["received_at"])
    assert (one["receiver"], one["kind"], one["status"]) == ("phone", "webhook", "firing")
    assert one["group_labels"] == {"service": "shop"}
    assert one["alerts"][0]["startsAt"] == "2026-11-20T03:12:00.123Z"
    assert one["alerts"][0]["endsAt"] is None
    assert one["raw"] == body("A")


def test_slack_and_pagerduty_get_the_answers_their_senders_expect(inbox: Program) -> None:
    slack = post(inbox, "/slack/chat", {"attachments": [{"title": "▲ TICKET Slow", "color": "warning"}]})
    assert (slack.status_code, slack.text) == (200, "ok")
    event = {"routing_key": "password", "dedup_key": "k", "event_action": "trigger", "payload": {"summary": "Down"}}
    pager = post(inbox, "/pagerduty/pager", event)
    assert (pager.status_code, pager.json()["status"], pager.json()["dedup_key"]) == (202, "success", "k")
    assert "password" not in requests.get(inbox.url + "/api/notifications", timeout=PATIENCE).text


def test_a_kill_and_half_a_line_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Program("inbox", "--data", str(data)) as running:
        for number in range(5):
            assert post(running, "/hooks/phone", body(str(number))).status_code == 200
        running.process.kill()
        running.process.wait(LIFETIME)
    with (data / "notifications.jsonl").open("ab") as file:
        file.write(b'{"id": 6, "recei')
    with Program("inbox", "--data", str(data)) as running:
        assert "removed half a line" in running.stderr
        assert [item["id"] for item in get(running, "/api/notifications")["notifications"]] == [1, 2, 3, 4, 5]
        assert post(running, "/hooks/phone", body()).json()["id"] == 6
        assert get(running, "/api/notifications/6")["status"] == "firing"


def test_after_emptying_and_a_restart_no_id_comes_twice(tmp_path: Path) -> None:
    data = str(tmp_path)
    with Program("inbox", "--data", data) as running:
        post(running, "/hooks/phone", body())
        assert requests.delete(running.url + "/api/notifications", timeout=PATIENCE).json() == {"deleted": 1}
        assert get(running, "/api/notifications") == {"notifications": [], "last_id": 1, "more": False}
    with Program("inbox", "--data", data) as running:
        assert post(running, "/hooks/phone", body()).json()["id"] == 2


def test_the_oldest_leave_when_there_are_more_than_keep(tmp_path: Path) -> None:
    with Program("inbox", "--data", str(tmp_path), "--keep", "5") as running:
        for _ in range(20):
            post(running, "/hooks/phone", body())
        assert [item["id"] for item in get(running, "/api/notifications")["notifications"]] == [16, 17, 18, 19, 20]
    assert len((tmp_path / "notifications.jsonl").read_text().splitlines()) <= 5 + 10 + 1


def test_senders_at_the_same_time_get_different_ids(inbox: Program) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda n: post(inbox, "/hooks/phone", body(str(n))).json()["id"], range(40)))
    assert sorted(ids) == list(range(1, 41))
    assert len(get(inbox, "/api/notifications")["notifications"]) == 40


def test_a_second_inbox_may_not_share_the_directory(tmp_path: Path) -> None:
    with Program("inbox", "--data", str(tmp_path)):
        words = command("inbox", "--port", "0", "--data", str(tmp_path))
        done = subprocess.run(words, env=surroundings(), capture_output=True, text=True, timeout=LIFETIME, check=False)
    assert done.returncode == 3
    assert "another inbox already uses" in done.stderr


@pytest.mark.parametrize(
    ("method", "path", "data", "status", "sentence"),
    [
        ("POST", "/hooks/phone", b"{", 400, "not JSON"),
        pytest.param("POST", "/hooks/phone", b"x" * (2 * 1024 * 1024 + 1), 413, "at most 2097152", id="too long"),
        ("POST", "/hooks/a%2Fb", b"{}", 400, "name has letters"),
        ("POST", "/nowhere", b"{}", 404, "/hooks/<receiver>"),
        ("GET", "/hooks/phone", None, 405, "answers only POST"),
        ("GET", "/api/notifications/99", None, 404, "no notification '99'"),
        ("GET", "/api/notifications?after=x", None, 400, "'after' must be"),
        ("POST", "/heartbeat/x", b"{", 400, "not JSON"),
    ],
)
def test_refusals_say_why_in_one_sentence(
    inbox: Program, method: str, path: str, data: bytes | None, status: int, sentence: str
) -> None:
    answer = requests.request(method, inbox.url + path, data=data, timeout=PATIENCE)
    assert answer.status_code == status
    assert sentence in answer.json()["error"]
    assert get(inbox, "/api/notifications")["notifications"] == []


def test_whoever_pauses_while_it_sends_too_much_is_still_told_so(inbox: Program) -> None:
    """On a busy machine a sender stands still for seconds; a connection that was cut would tell it nothing."""
    length = 2 * 1024 * 1024 + 1
    with socket.create_connection(("127.0.0.1", inbox.port), timeout=PATIENCE) as connection:
        connection.sendall(
            f"POST /hooks/phone HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode()
        )
        connection.sendall(b"x" * 1000)
        time.sleep(3)
        connection.sendall(b"x" * (length - 1000))
        assert connection.makefile("rb").readline().split()[1] == b"413"


def test_another_sites_page_may_not_write(inbox: Program) -> None:
    headers = {"Origin": "http://evil.example"}
    answer = requests.post(inbox.url + "/hooks/phone", data=json.dumps(body()), headers=headers, timeout=PATIENCE)
    assert answer.status_code == 403
    assert requests.delete(inbox.url + "/api/notifications", headers=headers, timeout=PATIENCE).status_code == 403


def test_metrics_count_by_receiver_and_status(inbox: Program) -> None:
    for status in ("firing", "firing", "resolved"):
        post(inbox, "/hooks/phone", body(status=status))
    answer = requests.get(inbox.url + "/metrics", timeout=PATIENCE)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert 'slostack_inbox_notifications_total{receiver="phone",status="firing"} 2.0\n' in answer.text
    assert 'slostack_inbox_notifications_total{receiver="phone",status="resolved"} 1.0\n' in answer.text


def test_a_heartbeat_falls_silent_and_the_page_says_so_even_after_a_restart(tmp_path: Path) -> None:
    flags = ("--data", str(tmp_path), "--heartbeat-limit", "0.5")
    with Program("inbox", *flags) as running:
        assert requests.post(running.url + "/heartbeat/watchdog", timeout=PATIENCE).json() == {"beat": True}
        (beat,) = get(running, "/api/heartbeats")["heartbeats"]
        assert (beat["name"], beat["silent"]) == ("watchdog", beat["age_seconds"] > 0.5)
        time.sleep(0.7)
        assert post(running, "/heartbeat/watchdog", body(status="resolved")).json() == {"beat": False}
        (beat,) = get(running, "/api/heartbeats")["heartbeats"]
        assert beat["silent"]
        assert beat["age_seconds"] > 0.5
    with Program("inbox", *flags) as running:
        assert "No heartbeat from watchdog" in requests.get(running.url + "/", timeout=PATIENCE).text


def test_the_page_escapes_everything_and_links_only_to_web_addresses(inbox: Program) -> None:
    evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'"
    post(
        inbox,
        "/hooks/phone",
        body(
            evil,
            summary=evil,
            description=evil + "\ud800",
            command=evil,
            runbook_url="javascript:alert(1)",
            dashboard_url=" java\nscript:alert(1)",
            traces_url="data:text/html,x",
            query_url="http://ok.example/" + evil,
            silence_url="http://good.example/silence",
        ),
    )
    page = requests.get(inbox.url + "/", timeout=PATIENCE).text
    assert "<script>alert" not in page
    assert "<img" not in page
    targets = re.findall(r'href="([^"]*)"', page)
    assert "http://good.example/silence" in targets
    assert not [target for target in targets if not target.startswith(("http://", "/", "#"))]


def test_the_page_shows_newest_first_and_folds_what_later_news_replaced(inbox: Program) -> None:
    post(inbox, "/hooks/phone", body("Old", summary="Checkouts succeed"))
    post(inbox, "/hooks/phone", body("Other", summary="Searches are fast"))
    post(inbox, "/hooks/phone", body("Old", status="resolved", summary="Checkouts succeed"))
    page = requests.get(inbox.url + "/", timeout=PATIENCE).text
    assert re.findall(r'id="n(\d)"', page) == ["3", "2", "1"]
    assert re.findall(r'<details[^>]*id="n(\d)"', page) == ["1"]
    assert "■ 1 page<" in page
    assert "● RESOLVED" in page
    text = requests.get(inbox.url + "/api/notifications/2/text", timeout=PATIENCE).text
    assert text.startswith("■ PAGE Searches are fast\nshop · demo · since ")
