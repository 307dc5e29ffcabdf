"""When a quiet inbox means nothing: no heartbeat, or no room on the disk. It says so wherever one looks."""

from __future__ import annotations

import re
import resource
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from running import LIFETIME, PATIENCE, Program, command, surroundings

LIMIT = 0.5


def beats(inbox: Program) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(inbox.url + "/api/heartbeats", timeout=PATIENCE).json()["heartbeats"]
    return found


def page(inbox: Program) -> tuple[str, list[str], str]:
    """Its title, its state in words, and all of it."""
    text = requests.get(inbox.url + "/", timeout=PATIENCE).text
    (title,) = re.findall("<title>(.*)</title>", text)
    return title, re.findall(r'<strong class="pill (.*)</strong>', text), text


def wait_for_silence(inbox: Program) -> None:
    until = time.monotonic() + 30
    while not all(beat["silent"] for beat in beats(inbox)):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_an_expected_heartbeat_that_never_came_is_silent(tmp_path: Path) -> None:
    flags = ("--data", str(tmp_path), "--heartbeat-limit", str(LIMIT))
    with Program("inbox", *flags, "--expect-heartbeat", "prometheus") as running:
        wait_for_silence(running)
        (beat,) = beats(running)
        assert (beat["name"], beat["last"]) == ("prometheus", None)
        assert beat["age_seconds"] > LIMIT
        title, state, text = page(running)
        assert title == "■ No heartbeat — inbox"
        assert state == ['page">■ No heartbeat']
        assert "Nothing is firing" not in text
        assert "No heartbeat from prometheus since the inbox started" in text
        assert "heartbeat_timestamp_seconds{" not in requests.get(running.url + "/metrics", timeout=PATIENCE).text


def test_an_expected_heartbeat_is_waited_for_from_the_start_and_then_from_its_last_beat(tmp_path: Path) -> None:
    flags = ("--data", str(tmp_path), "--heartbeat-limit", "3600", "--expect-heartbeat", "prometheus")
    with Program("inbox", *flags) as running:
        (beat,) = beats(running)
        assert (beat["last"], beat["silent"]) == (None, False)
        assert page(running)[:2] == ("inbox", ['resolved">● Nothing is firing'])
        assert "prometheus: none yet" in page(running)[2]
        requests.post(running.url + "/heartbeat/prometheus", timeout=PATIENCE).raise_for_status()
        (beat,) = beats(running)
        assert beat["last"] is not None
        metrics = requests.get(running.url + "/metrics", timeout=PATIENCE).text
        assert 'slostack_inbox_heartbeat_timestamp_seconds{name="prometheus"}' in metrics
    with Program("inbox", *flags) as running:  # a restart begins no new wait
        assert beats(running)[0]["last"] == beat["last"]


def test_silence_stands_beside_what_fires_and_every_silent_name_is_told(tmp_path: Path) -> None:
    flags = ["--data", str(tmp_path), "--heartbeat-limit", str(LIMIT)]
    for name in ("prometheus", "other"):
        flags += ["--expect-heartbeat", name]
    with Program("inbox", *flags) as running:
        one = {"status": "firing", "labels": {"alertname": "Burn", "severity": "page"}}
        body = {"version": "4", "groupKey": "g", "status": "firing", "groupLabels": {}, "alerts": [one]}
        requests.post(running.url + "/hooks/phone", json=body, timeout=PATIENCE).raise_for_status()
        wait_for_silence(running)
        title, state, text = page(running)
        assert title == "■ 2 heartbeats silent — ■ 1 page — inbox"
        assert state == ['page">■ 2 heartbeats silent', 'page">■ 1 page']
        for name in ("prometheus", "other"):
            assert f"No heartbeat from {name} " in text


def test_nothing_is_expected_unless_asked_for(tmp_path: Path) -> None:
    with Program("inbox", "--data", str(tmp_path), "--expect-heartbeat=") as running:
        assert beats(running) == []
        assert page(running)[:2] == ("inbox", ['resolved">● Nothing is firing'])
        assert "No heartbeat has arrived, and none is expected." in page(running)[2]


def test_a_heartbeat_that_now_goes_elsewhere_can_be_forgotten(tmp_path: Path) -> None:
    flags = ("--data", str(tmp_path), "--heartbeat-limit", str(LIMIT))
    with Program("inbox", *flags) as running:
        address = running.url + "/heartbeat/prometheus"
        assert requests.delete(address, timeout=PATIENCE).json() == {"forgotten": False}
        requests.post(address, timeout=PATIENCE).raise_for_status()
        wait_for_silence(running)
        assert page(running)[1] == ['page">■ No heartbeat']
        assert requests.delete(address, timeout=PATIENCE).json() == {"forgotten": True}
        assert page(running)[1] == ['resolved">● Nothing is firing']
    with Program("inbox", *flags) as running:
        assert beats(running) == []


def test_a_heartbeat_that_cannot_be_sent_cannot_be_expected(tmp_path: Path) -> None:
    words = command("inbox", "--port", "0", "--data", str(tmp_path), "--expect-heartbeat", "a/b")
    done = subprocess.run(words, env=surroundings(), capture_output=True, text=True, timeout=LIFETIME, check=False)
    assert done.returncode == 2
    assert "'a/b' is no name" in done.stderr


def room(inbox: Program, size: int) -> None:
    """Let the program write no file beyond so many bytes: what a full disk is to it."""
    resource.prlimit(inbox.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def send(inbox: Program, path: str, words: int = 1) -> int:
    one = {"status": "firing", "labels": {}, "annotations": {"description": "x" * words}}
    body = {"version": "4", "groupKey": "g", "status": "firing", "groupLabels": {}, "alerts": [one]}
    return requests.post(inbox.url + path, json=body, timeout=PATIENCE).status_code


def health(inbox: Program) -> tuple[int, str]:
    answer = requests.get(inbox.url + "/healthz", timeout=PATIENCE)
    return answer.status_code, answer.text


@pytest.mark.parametrize("path", ["/hooks/phone", "/heartbeat/prometheus"])
def test_an_inbox_that_can_store_nothing_is_not_healthy_until_it_can_again(tmp_path: Path, path: str) -> None:
    with Program("inbox", "--data", str(tmp_path)) as running:
        assert send(running, path) == 200
        assert health(running) == (200, "ok\n")
        room(running, 0)
        assert send(running, path) == 503
        status, sentence = health(running)
        assert status == 503
        assert "The inbox cannot store what it receives: File too large." in sentence
        title, state, text = page(running)
        assert title.startswith("■ Nothing can be stored — ")
        assert state[0] == 'page">■ Nothing can be stored'
        assert "● Nothing is firing" not in text
        room(running, resource.RLIM_INFINITY)
        assert health(running) == (200, "ok\n")  # it tries by itself: nobody may send for hours
        assert not page(running)[0].startswith("■ Nothing can be stored")
        assert send(running, path) == 200
    assert not (tmp_path / "trial").exists()


def test_room_for_a_beat_is_no_room_for_a_notification(tmp_path: Path) -> None:
    with Program("inbox", "--data", str(tmp_path)) as running:
        room(running, 10_000)
        assert send(running, "/hooks/phone", 20_000) == 503
        assert send(running, "/heartbeat/prometheus") == 200
        assert health(running)[0] == 503
        room(running, resource.RLIM_INFINITY)
        assert send(running, "/hooks/phone", 30_000) == 200
        assert health(running)[0] == 200
        stored = requests.get(running.url + "/api/notifications", timeout=PATIENCE).json()["notifications"]
        assert [item["id"] for item in stored] == [1]
