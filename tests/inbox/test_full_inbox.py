"""An inbox that holds all it may: it starts, answers, and stays within the memory of its container."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from running import Program

from inbox.app import Inbox
from inbox.store import KEEP, MAX_BYTES, Store
from slostack.live.clients import Inbox as InboxClient

pytestmark = pytest.mark.timeout(300)
MEGABYTE = 1_000_000
WITHIN = 75 * MEGABYTE  # well below what docker-compose.yml gives it


def alert(number: int) -> dict[str, Any]:
    labels = {"alertname": "HighErrorRate", "severity": "page", "service": "shop", "tenant": f"t{number}"}
    said = {"summary": "Orders succeed", "description": "x" * 700, "runbook_url": "http://runbooks.example/High"}
    return {"status": "firing", "labels": labels, "annotations": said, "startsAt": "2026-11-20T03:12:00Z"}


def body(group: int, alerts: int) -> dict[str, Any]:
    every = [alert(number) for number in range(alerts)]
    return {"version": "4", "groupKey": f"g{group}", "status": "firing", "groupLabels": {}, "alerts": every}


def fill(folder: Path, count: int, alerts: int) -> Path:
    """What an inbox left, with ids from 1 on."""
    file = folder / "notifications.jsonl"
    with file.open("w") as lines:
        for number in range(1, count + 1):
            record = {"id": number, "received_at": "2026-11-20T03:12:00.000Z", "receiver": "phone", "kind": "webhook"}
            lines.write(json.dumps(record | {"raw": body(number % 40, alerts)}, separators=(",", ":")) + "\n")
    return file


def most_memory(process: int) -> int:
    """The largest resident set so far, in bytes."""
    (line,) = [one for one in Path(f"/proc/{process}/status").read_text().splitlines() if one.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def everything(url: str) -> list[int]:
    """The ids of all notifications, asked for as the API hands them out."""
    ids: list[int] = []
    more, after = True, 0
    while more:
        answer = requests.get(f"{url}/api/notifications", params={"after": after}, timeout=60).json()
        ids += [item["id"] for item in answer["notifications"]]
        more, after = answer["more"], answer["last_id"]
    return ids


@pytest.mark.parametrize(("count", "alerts"), [(5_000, 3), (6, 1_600)], ids=["many", "long"])
def test_a_full_inbox_stays_within_its_memory_even_while_the_longest_bodies_arrive(
    tmp_path: Path, count: int, alerts: int
) -> None:
    file = fill(tmp_path, count, alerts)
    assert file.stat().st_size > MAX_BYTES
    longest = json.dumps(body(50, 1_900))
    assert 1.8 * MEGABYTE < len(longest) <= Inbox.max_body

    def use(number: int) -> list[int]:
        paths = ("/", "/api/notifications", "/api/heartbeats", "/healthz")
        sent = requests.post(f"{running.url}/hooks/phone-{number}", data=longest, timeout=60)
        return [sent.status_code, *(requests.get(running.url + path, timeout=60).status_code for path in paths)]

    with Program("inbox", "--data", str(tmp_path)) as running:
        ids = everything(running.url)
        assert [item["id"] for item in InboxClient(running.url).notifications()] == ids
        assert ids == list(range(ids[0], count + 1))
        assert KEEP >= len(ids) >= min(KEEP, 4)
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(use, range(8))) == [[200] * 5] * 8
        assert everything(running.url)[-1] == count + 8
        assert most_memory(running.process.pid) < WITHIN
    assert file.stat().st_size < 1.25 * MAX_BYTES + 2 * Inbox.max_body


def test_the_container_has_room_for_it() -> None:
    compose = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.yml").read_text(encoding="utf-8"))
    limit = compose["services"]["inbox"]["mem_limit"]
    assert limit.endswith("M")
    assert 0.8 * int(limit.removesuffix("M")) * 1024 * 1024 > WITHIN


def test_the_page_of_a_full_inbox_is_quick(tmp_path: Path) -> None:
    fill(tmp_path, KEEP, 1)
    with Program("inbox", "--data", str(tmp_path), "--keep", "1000000") as running:
        requests.get(running.url + "/", timeout=60).raise_for_status()  # templates are read once
        before = cpu_seconds(running.process.pid)
        for _ in range(3):
            assert f"and {KEEP - 50} older" in requests.get(running.url + "/", timeout=60).text
        assert (cpu_seconds(running.process.pid) - before) / 3 < 0.25


def numbers(store: Store) -> list[int]:
    return [entry.id for entry in store.entries()]


def test_the_oldest_leave_when_all_together_are_too_long(tmp_path: Path) -> None:
    store = Store(tmp_path, keep=100, max_bytes=20_000)
    for number in range(12):
        store.add("webhook", "phone", body(number, 4))  # 3.7 kB each
    assert numbers(store) == [8, 9, 10, 11, 12]
    assert (tmp_path / "notifications.jsonl").stat().st_size < 30_000
    assert [store.get(number) is not None for number in (7, 8, 12)] == [False, True, True]
    store.close()
    again = Store(tmp_path, keep=100, max_bytes=20_000)
    assert numbers(again) == [8, 9, 10, 11, 12]
    assert again.warnings == []
    again.close()


def test_one_that_is_too_long_by_itself_stays_until_the_next(tmp_path: Path) -> None:
    store = Store(tmp_path, keep=100, max_bytes=2_000)
    for number in range(3):
        store.add("webhook", "phone", body(number, 4))
        assert numbers(store) == [number + 1]
        found = store.get(number + 1)
        assert found is not None
        assert len(found.content.alerts) == 4
    store.close()


def test_what_has_gone_meanwhile_is_not_read(tmp_path: Path) -> None:
    store = Store(tmp_path, keep=2)
    store.add("webhook", "phone", body(0, 1))
    (first,) = store.entries()
    assert store.read(first) is not None
    for number in range(20):
        store.add("webhook", "phone", body(number, 1))
    assert store.read(first) is None
    assert [store.read(entry) is not None for entry in store.entries()] == [True, True]
    assert store.clear() == 2
    assert store.entries() == []
    assert store.add("webhook", "phone", body(0, 1)).id == 22
    store.close()


def test_a_file_that_somebody_else_cut_short_loses_no_later_notification(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add("webhook", "phone", body(0, 1))
    os.truncate(tmp_path / "notifications.jsonl", 0)
    assert store.get(1) is None
    store.add("webhook", "phone", body(1, 2))
    found = store.get(2)
    assert found is not None
    assert len(found.content.alerts) == 2
    store.close()
    again = Store(tmp_path)
    assert (numbers(again), again.warnings) == ([2], [])
    again.close()


def test_a_line_that_cannot_be_read_is_left_out_and_told(tmp_path: Path) -> None:
    file = fill(tmp_path, 3, 1)
    lines = file.read_text().splitlines(keepends=True)
    file.write_text(lines[0] + "nonsense\n" + "[" * 100_000 + "\n" + lines[2])
    store = Store(tmp_path)
    assert numbers(store) == [1, 3]
    assert [warning.split(" (")[0] for warning in store.warnings] == [
        f"notifications.jsonl:{number}: left out an unreadable line" for number in (2, 3)
    ]
    assert store.get(3) is not None
    store.close()
