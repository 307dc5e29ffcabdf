"""A composed stack through restarts, changes, a second Alertmanager, removal, backup and restore."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import docker
import pytest
import yaml

from slostack.live import backup, containers
from slostack.live.clients import Alertmanager, Client, wait_until
from slostack.live.compose import Compose
from slostack.plan.model import Plan
from slostack.promql import duration_ms
from tests.compose import keepsake
from tests.compose.conftest import ONCE, ROOT, Running, start

SCALE = 10  # slow enough that a restart is shorter than the time after which an unrepeated alert counts as resolved
ALERT = "RateLimitingActive"
FAULT = "rate-limited"
PATIENCE = 240.0
OTHER_ALERT, OTHER_FAULT = "HighQueueDepth", "queue"
LAPSES = 15.0  # seconds after which Alertmanager may take an alert for resolved that nobody has repeated
GROUP_INTERVAL = 900  # seconds of a ticket's route, before the time-lapse
LATER = "SetAfterARestart"
# The pages that begin with a start or restart, and what has stopped there.
RUNBOOKS = {"Watchdog": ("prometheus", "alertmanager"), "AlertmanagerUnreachable": ("alertmanager",)}
WRITES_EVERY = 60  # seconds after which Alertmanager writes down what it knows; no time-lapse changes that
LOOKS_EVERY = 60  # seconds after which Prometheus looks for what of its head belongs into blocks; as little
STAYING = [
    name
    for name, service in yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"].items()
    if name != ONCE and "profiles" not in service
]

# A real stack in a mild time-lapse. How long images take is not counted; one stack at a time is enough for a machine.
pytestmark = [pytest.mark.timeout(900, func_only=True), pytest.mark.xdist_group("compose")]


@pytest.fixture(scope="module")
def running(
    client: docker.DockerClient, built: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    yield from start(client, built, tmp_path_factory.mktemp("lifecycle"), "life", SCALE)


@pytest.fixture(scope="module")
def burning(running: Running) -> Running:
    """The stack while one alert fires and another is silenced."""
    # Prometheus is up first: a page about what was still starting would hold the ticket back.
    assert wait_until(lambda: _firing(running) == {"Watchdog"}, PATIENCE), f"{_firing(running)} fire at the start"
    _silence(running.stack.alertmanager, "KeptQuiet")
    running.stack.workload.fail(FAULT)
    assert wait_until(lambda: _notified(running, "firing"), PATIENCE), f"{ALERT} did not arrive"
    return running


@pytest.fixture(scope="module")
def told(burning: Running) -> set[int]:
    """All that may be told of the incident. Where this machine was too slow for that, what was told of it joins."""
    found = _told(burning)
    assert len(found) == 1
    return found


def _told(running: Running) -> set[int]:
    return {*_notified(running, "firing"), *_notified(running, "resolved")}


def _firing(running: Running) -> set[str]:
    """The alerts that fire in Prometheus, and those that Alertmanager still holds."""
    held = {alert["labels"]["alertname"] for alert in running.stack.alertmanager.alerts()}
    alerts = running.stack.prometheus.alerts()
    return held | {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}


def _silence(alertmanager: Alertmanager, alert: str) -> None:
    now = datetime.now(UTC)
    matcher = {"name": "alertname", "value": alert, "isRegex": False, "isEqual": True}
    body = {
        "matchers": [matcher],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "test",
        "comment": "a silence that must survive",
    }
    alertmanager.request("POST", "/api/v2/silences", json=body)


def _silenced(alertmanager: Alertmanager) -> set[str]:
    return {
        silence["matchers"][0]["value"]
        for silence in alertmanager.json("/api/v2/silences")
        if silence["status"]["state"] == "active"
    }


def _notified(running: Running, status: str, alert: str = ALERT) -> list[int]:
    return [
        found["id"]
        for found in running.stack.inbox.notifications()
        if found["status"] == status and any(one["labels"]["alertname"] == alert for one in found["alerts"])
    ]


def _fires(alertmanager: Alertmanager, alert: str = ALERT) -> bool:
    return any(found["labels"]["alertname"] == alert for found in alertmanager.alerts())


def _all_healthy(running: Running) -> bool:
    return all(container.well for container in running.compose.containers())


@pytest.mark.parametrize("service", STAYING)
def test_after_a_restart_the_alert_fires_and_the_silence_holds(burning: Running, told: set[int], service: str) -> None:
    if service not in burning.containers():
        pytest.skip(f"there is no {service} in this stack: no image of it can be had")
    for _ in range(3):
        began = time.time()
        _restart(burning, service)
        if service != "prometheus" or _gap(burning, began) < LAPSES:
            return
        # So long a gap lets the alert lapse, and what is told of it is true.
        time.sleep(_seconds(burning.plan(), GROUP_INTERVAL) + 10)
        told |= _told(burning)
    pytest.skip(f"this machine takes more than {LAPSES:.0f} s to restart {service}: every alert lapses meanwhile")


def _restart(burning: Running, service: str) -> None:
    burning.container(service).restart(timeout=30)
    if service == "workload":  # what is wrong with it is gone with the process
        assert wait_until(lambda: burning.stack.workload.answers("/healthz"), 30)
        burning.stack.workload.fail(FAULT)
    assert wait_until(lambda: _all_healthy(burning), 90), burning.compose.containers()
    assert wait_until(lambda: _fires(burning.stack.alertmanager), 60)
    assert "KeptQuiet" in _silenced(burning.stack.alertmanager)
    if service == "alertmanager":  # it has just written down all that it knew; this it has not
        _silence(burning.stack.alertmanager, LATER)


def _gap(running: Running, since: float) -> float:
    """The longest time without a sample since a moment, in seconds."""

    def moments() -> list[float]:
        now = time.time()
        series = running.stack.prometheus.query(f'up{{job="inbox"}}[{now - since + 10:.0f}s]')
        found = [float(moment) for one in series for moment, _ in one["values"]]
        return found if len(found) > 1 and now - found[-1] < LAPSES / 2 else []

    found = wait_until(moments, 60)
    assert found, "Prometheus scrapes nothing after its restart"
    return max(later - earlier for earlier, later in pairwise(found))


def test_neither_restarts_nor_a_crash_tell_anything_twice(burning: Running, told: set[int]) -> None:
    """What was lost would be told as resolved, or again, when Alertmanager looks at the group the next time."""
    alertmanager = burning.stack.alertmanager
    if LATER not in _silenced(alertmanager):  # this test runs alone
        _silence(alertmanager, LATER)
    time.sleep(max(0.0, WRITES_EVERY + 10 - _age(alertmanager, LATER)))
    burning.container("alertmanager").kill("SIGKILL")
    burning.container("alertmanager").start()
    assert wait_until(lambda: _all_healthy(burning), 90), burning.compose.containers()
    assert _silenced(alertmanager) >= {"KeptQuiet", LATER}
    assert wait_until(lambda: _fires(alertmanager), 60)
    time.sleep(_seconds(burning.plan(), GROUP_INTERVAL) + 10)
    assert _told(burning) == told


def _age(alertmanager: Alertmanager, alert: str) -> float:
    """Seconds since a silence was set."""
    (since,) = [
        datetime.fromisoformat(silence["updatedAt"])
        for silence in alertmanager.json("/api/v2/silences")
        if silence["matchers"][0]["value"] == alert
    ]
    return (datetime.now(UTC) - since).total_seconds()


def _seconds(plan: Plan, seconds: int) -> float:
    """How long something takes in this time-lapse."""
    return duration_ms(plan.duration(seconds)) / 1000


def test_the_commands_of_the_runbooks_start_what_stopped_and_make_nothing_anew(burning: Running) -> None:
    """They are typed where docker-compose.yml is, without what `slostack up` knew when it made the containers."""
    as_typed = Compose(ROOT, {"COMPOSE_PROJECT_NAME": burning.name})
    ids = {service: container.id for service, container in burning.containers().items()}
    for page, stopped in RUNBOOKS.items():
        text = (ROOT / f"runbooks/{page}.md").read_text(encoding="utf-8")
        begins = re.findall(r"^docker compose ((?:start|restart) .*)$", text, re.MULTILINE)
        assert begins, page
        assert not re.search(r"^docker compose .*\bup\b", text, re.MULTILINE), page
        burning.compose.ask("stop", *stopped, timeout=120)
        as_typed.ask(*begins[0].split(), timeout=120)
        assert wait_until(lambda: _all_healthy(burning), 90), burning.compose.containers()
    assert {service: container.id for service, container in burning.containers().items()} == ids


def test_changed_rules_and_routes_are_picked_up_without_a_restart(running: Running) -> None:
    spec = running.folder / "changed.yaml"
    text = (ROOT / "slo.yaml").read_text(encoding="utf-8")
    assert "above: 10\n" in text
    spec.write_text(text.replace("above: 10\n", "above: 10.5\n", 1).replace("platform", "platforms"), encoding="utf-8")
    ids = {service: container.id for service, container in running.containers().items()}
    running.up(running.plan(spec))
    assert {service: container.id for service, container in running.containers().items()} == ids
    assert wait_until(lambda: "> 10.5" in str(running.stack.prometheus.json("/api/v1/rules")), 60)
    status = running.stack.alertmanager.json
    assert wait_until(lambda: "platforms-page" in status("/api/v2/status")["config"]["original"], 30)
    running.up()


def test_a_broken_configuration_is_refused_and_seen(running: Running) -> None:
    config = running.folder / containers.FOLDER / "config/alerts/alertmanager.yml"
    good = config.read_bytes()
    config.write_bytes(b"route: {receiver: nobody}\n")
    try:
        assert wait_until(lambda: b"refused" in running.container("reloader").logs(), 30)
        assert running.stack.alertmanager.answers("/-/ready")
        unhealthy = wait_until(lambda: _health(running, "reloader") == "unhealthy", 90, step=1)
        assert unhealthy, "the reloader's health check did not fail"
    finally:
        config.write_bytes(good)
    assert wait_until(lambda: _health(running, "reloader") == "healthy", 60, step=1)


def _health(running: Running, service: str) -> str:
    health: str = running.container(service).attrs["State"]["Health"]["Status"]
    return health


def test_every_health_check_fails_when_its_program_does_not_answer(running: Running) -> None:
    watchers = {"jaeger": "jaeger-health", "otel-collector": "otel-collector-health"}
    frozen = [name for name in STAYING if name in running.containers() and name not in watchers.values()]
    for service in frozen:
        running.container(service).kill("SIGSTOP")
    try:
        for service in frozen:
            watcher = watchers.get(service, service)
            failed = wait_until(lambda watcher=watcher: _health(running, watcher) == "unhealthy", 120, step=1)  # type: ignore[misc]
            assert failed, f"{watcher} is still {_health(running, watcher)}"
    finally:
        for service in frozen:
            running.container(service).kill("SIGCONT")
    assert wait_until(lambda: _all_healthy(running), 90, step=1), running.compose.containers()


def test_a_second_alertmanager_shares_silences_and_tells_nothing_twice(burning: Running) -> None:
    with_second = replace(burning.stack.compose, profiles=("ha",))
    with_second.ask("up", "--detach", "--wait", "alertmanager-2", timeout=120)
    second = Alertmanager(with_second.url("alertmanager-2", 9093))
    assert wait_until(lambda: "KeptQuiet" in _silenced(second), 60)
    known = "/api/v1/alertmanagers"
    prometheus = burning.stack.prometheus
    assert wait_until(lambda: len(prometheus.json(known)["data"]["activeAlertmanagers"]) == 2, 60)
    up = 'count(up{job="alertmanager",instance=~"alertmanager(-2)?:9093"} == 1)'
    assert wait_until(lambda: prometheus.number(up) == 2, 60)
    burning.stack.workload.fail(OTHER_FAULT)
    assert wait_until(lambda: _notified(burning, "firing", OTHER_ALERT), PATIENCE)
    assert wait_until(lambda: all(_fires(one, OTHER_ALERT) for one in (second, burning.stack.alertmanager)), 60)
    time.sleep(20)  # the second one would have told by now
    assert len(_notified(burning, "firing", OTHER_ALERT)) == 1
    with_second.ask("rm", "--stop", "--force", "alertmanager-2", timeout=60)


def test_no_restart_lets_a_time_lapse_lose_its_present(burning: Running) -> None:
    prometheus = burning.stack.prometheus
    if prometheus.number('sum(prometheus_tsdb_head_out_of_order_samples_appended_total{job="prometheus"})'):
        _restart(burning, "prometheus")  # one that took the past in itself does not know how old its head is
    running_for = 'time() - process_start_time_seconds{job="prometheus"}'
    assert wait_until(lambda: prometheus.number(f"{running_for} > {LOOKS_EVERY + 15}"), LOOKS_EVERY + 60, step=1)
    assert prometheus.number('prometheus_tsdb_compactions_total{job="prometheus"}') == 0


def _samples_since(running: Running, moment: float) -> float | None:
    return running.stack.prometheus.number(f'count_over_time(up{{job="inbox"}}[10s] @ {moment:.0f})')


def _received(running: Running) -> set[tuple[int, str]]:
    """What the inbox holds; an inbox that begins anew gives the same numbers again, at other times."""
    return {(found["id"], found["received_at"]) for found in running.stack.inbox.notifications()}


def test_data_survive_removal_and_a_backup_restores_what_was_deleted(burning: Running, tmp_path: Path) -> None:
    running = burning
    moment = time.time()
    assert wait_until(lambda: _samples_since(running, moment), 30)
    jaeger = Client(running.stack.url("jaeger"))
    (trace,) = jaeger.json("/api/traces", params={"service": "mcts-framework", "limit": "1"})["data"]
    notifications = _received(running)
    assert notifications
    keepsake.leave(running)
    password = keepsake.password(running)
    saved = backup.save(running.compose, tmp_path / "saved", print)
    assert saved == [volume.name for volume in backup.VOLUMES]
    assert (tmp_path / "saved").stat().st_mode & 0o077 == 0

    def everything_is_there() -> None:
        assert wait_until(lambda: _samples_since(running, moment), 60)
        assert "KeptQuiet" in _silenced(running.stack.alertmanager)
        assert notifications <= _received(running)
        again = Client(running.stack.url("jaeger"))
        assert again.json(f"/api/traces/{trace['traceID']}")["data"]
        assert keepsake.password(running) == password
        assert keepsake.is_there(running)

    running.compose.ask("down", timeout=120)
    running.up()
    everything_is_there()

    running.compose.ask("down", "--volumes", timeout=120)
    running.up()
    assert _samples_since(running, moment) is None
    assert _silenced(running.stack.alertmanager) == set()
    assert not notifications & _received(running)
    keepsake.make_volume(running)
    assert keepsake.password(running) != password
    assert not keepsake.is_there(running)
    backup.restore(running.compose, tmp_path / "saved", print)
    assert _all_healthy(running)
    everything_is_there()
