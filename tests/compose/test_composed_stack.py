"""What `docker compose up --wait` brings up, looked at from outside while it works in a time-lapse."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
from docker.models.containers import Container

from slostack.live.clients import Client, wait_until
from slostack.live.incident import Incident
from tests.compose.conftest import ONCE, Running, start

SCALE = 60
# How long images take to make, and the stack to start, is not counted; one stack at a time is enough for a machine.
pytestmark = [pytest.mark.timeout(300, func_only=True), pytest.mark.xdist_group("compose")]
# Message queues of the kernel's, which the engine mounts into every container. They are small and hold no files.
QUEUES = "/dev/mqueue"
# The only places that may be written to: what must survive, and small file systems in memory.
WRITABLE = {
    "alertmanager": {"/alertmanager"},
    "grafana": {"/var/lib/grafana", "/tmp"},  # noqa: S108 - a path in a container
    "inbox": {"/data/inbox"},
    "jaeger": {"/badger", "/tmp"},  # noqa: S108
    "prometheus": {"/prometheus"},
    "reloader": {"/tmp"},  # noqa: S108
}


@pytest.fixture(scope="module")
def running(
    client: docker.DockerClient, built: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    yield from start(client, built, tmp_path_factory.mktemp("composed"), "stack", SCALE)


def _details(running: Running) -> dict[str, dict[str, Any]]:
    return {service: container.attrs for service, container in running.containers().items()}


def test_up_returns_when_everything_that_has_a_check_is_healthy(running: Running) -> None:
    states = {container.service: (container.state, container.health) for container in running.compose.containers()}
    assert states.pop(ONCE) == ("exited", "")
    assert running.container(ONCE).attrs["State"]["ExitCode"] == 0
    assert {state for state, _ in states.values()} == {"running"}
    unchecked = {service for service, (_, health) in states.items() if health != "healthy"}
    assert unchecked == {"jaeger", "otel-collector"}  # their neighbours ask in their place
    assert {"jaeger-health", "otel-collector-health"} <= states.keys()
    assert all(details["RestartCount"] == 0 for details in _details(running).values())


def test_every_target_is_scraped(running: Running) -> None:
    prometheus = running.stack.prometheus
    wanted = {"alertmanager", "inbox", "jaeger", "mcts-framework", "otel-collector", "prometheus", "span-metrics"}
    wanted |= {"llm-gateway", "reloader", "runbooks"}

    def targets() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = prometheus.json("/api/v1/targets")["data"]["activeTargets"]
        return found

    def all_up() -> set[str]:
        found = targets()
        healthy = all(target["health"] == "up" for target in found)
        return {target["labels"]["job"] for target in found} if healthy else set()

    # One answer in which all are up: in the time-lapse a scrape has 167 ms, and the next may come too late.
    jobs = wait_until(all_up, 120)
    assert jobs, [(target["scrapeUrl"], target["lastError"]) for target in targets() if target["health"] != "up"]
    assert wanted <= jobs


def test_every_rule_is_evaluated_without_an_error(running: Running) -> None:
    prometheus = running.stack.prometheus

    def groups() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = prometheus.json("/api/v1/rules")["data"]["groups"]
        return found

    def unevaluated() -> list[str]:  # of those that need not be waited for
        soon = [group for group in groups() if group["interval"] <= 20]
        return [group["name"] for group in soon if group["lastEvaluation"].startswith("0001")]

    wait_until(lambda: not unevaluated(), 60)
    assert len(groups()) > 3
    assert unevaluated() == []
    assert prometheus.rule_errors() == []
    loaded = {rule["name"] for group in groups() for rule in group["rules"] if rule["type"] == "alerting"}
    assert loaded == {alert.name for alert in running.plan().alerts}


def test_a_fault_becomes_a_notification_whose_runbook_opens(running: Running) -> None:
    bad = 'sum(increase(mcts_requests_total{status=~"5.."}[45s])) / sum(increase(mcts_requests_total[45s])) > 0.05'
    plan = running.plan()
    incident = Incident(running.stack, "errors", "HighErrorRate", plan.lapse(bad), patience=90)
    hops = [hop.name for hop in incident.burn()]
    assert hops
    assert incident.arrival is not None
    assert "API requests" in incident.arrival.text or "requests fail" in incident.arrival.text
    links = [word for word in incident.arrival.text.split() if word.startswith(running.stack.url("runbooks"))]
    assert links, incident.arrival.text
    page = requests.get(links[0], timeout=10)
    assert page.status_code == 200
    assert "Mitigate now" in page.text
    assert list(incident.recover())


def _exemplars(running: Running, selector: str) -> list[dict[str, Any]]:
    now = time.time()
    asked = {"query": selector, "start": str(now - 600), "end": str(now + 60)}
    found = running.stack.prometheus.json("/api/v1/query_exemplars", params=asked)["data"]
    return [exemplar for series in found for exemplar in series["exemplars"]]


@pytest.mark.parametrize(
    "metric", ["mcts_request_duration_seconds_bucket", "traces_span_metrics_duration_milliseconds_bucket"]
)
def test_an_exemplar_leads_to_its_trace_through_two_processes(running: Running, metric: str) -> None:
    jaeger = Client(running.stack.url("jaeger"))

    def trace() -> set[str]:
        for exemplar in reversed(_exemplars(running, metric)):
            path = f"/api/traces/{exemplar['labels']['trace_id']}"
            if jaeger.answers(path):
                (found,) = jaeger.json(path)["data"]
                services = {process["serviceName"] for process in found["processes"].values()}
                if len(services) > 1:
                    return services
        return set()

    assert wait_until(trace, 60) == {"mcts-framework", "llm-gateway"}


@pytest.mark.parametrize("what", ["calls", "errors", "latencies"])
def test_performance_monitoring_has_data(running: Running, what: str) -> None:
    jaeger = Client(running.stack.url("jaeger"))
    asked = {"service": "mcts-framework", "quantile": "0.95", "step": "5000", "lookback": "600000", "ratePer": "60000"}

    def points() -> list[float]:
        metrics = jaeger.json(f"/api/metrics/{what}", params=asked)["metrics"]
        values = [point["gaugeValue"]["doubleValue"] for metric in metrics for point in metric["metricPoints"]]
        return [value for value in values if isinstance(value, float | int)]  # Jaeger writes NaN as a word

    found = wait_until(lambda: [value for value in points() if value > 0 or what == "errors"], 90)
    assert found


def test_every_container_has_limits_and_stays_inside_them(running: Running) -> None:
    for service, container in running.containers().items():
        host = container.attrs["HostConfig"]
        assert host["Memory"] > 0, service
        assert host["NanoCpus"] > 0, service
        assert host["PidsLimit"] > 0, service
        assert not container.attrs["State"]["OOMKilled"], service
        used = container.stats(stream=False)["memory_stats"]["usage"]
        assert used < 0.8 * host["Memory"], f"{service} uses {used / 1e6:.0f} MB of {host['Memory'] / 1e6:.0f}"


def test_every_container_restarts_and_rotates_its_log(running: Running) -> None:
    for service, details in _details(running).items():
        host = details["HostConfig"]
        assert host["RestartPolicy"]["Name"] == "unless-stopped", service
        assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}}, service


def test_nothing_listens_beyond_loopback(running: Running) -> None:
    published = set()
    for service, details in _details(running).items():
        for bindings in (details["NetworkSettings"]["Ports"] or {}).values():
            for binding in bindings or []:
                assert binding["HostIp"] == "127.0.0.1", service
                published.add(int(binding["HostPort"]))
    assert len(published) >= 8
    beyond = _own_address()
    if beyond is None:
        pytest.skip("this machine has no address beyond loopback to knock at")
    for port in published:
        with socket.socket() as knock:
            knock.settimeout(2)
            assert knock.connect_ex((beyond, port)) != 0, f"{beyond}:{port} answers"


def _own_address() -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent; the kernel only picks the address it would send from
        except OSError:
            return None
        address: str = probe.getsockname()[0]
        return None if address.startswith("127.") else address


def _kernel(container: Container) -> dict[str, str]:
    text = _of_kernel(container, "status")
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def _of_kernel(container: Container, what: str) -> str:
    """What the kernel says about a container's first process."""
    try:
        return Path(f"/proc/{container.attrs['State']['Pid']}/{what}").read_text(encoding="utf-8")
    except OSError:
        pytest.skip("the engine's processes are not visible from here, as on a virtual machine of its own")


def test_no_process_runs_as_root_or_could_become_it(running: Running) -> None:
    for service, container in running.containers().items():
        listed = container.top(ps_args="-eo uid,pid,comm")
        users = {row[0] for row in listed["Processes"]}
        assert users, service
        assert "0" not in users, f"{service}: {listed}"
        assert container.attrs["HostConfig"]["CapDrop"] == ["ALL"], service
        assert not container.attrs["HostConfig"]["Privileged"], service
        kernel = _kernel(container)
        assert kernel["NoNewPrivs"] == "1", service
        for kind in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
            assert int(kernel[kind], 16) == 0, f"{service} has {kind} {kernel[kind]}"


def test_no_file_system_is_writable_that_need_not_be(running: Running) -> None:
    for service, details in _details(running).items():
        assert details["HostConfig"]["ReadonlyRootfs"], service
        writable = {mount["Destination"] for mount in details["Mounts"] if mount["RW"]}
        writable |= set(details["HostConfig"].get("Tmpfs") or {})
        assert writable == WRITABLE.get(service, set()), service
        assert _writable(running.container(service)) == WRITABLE.get(service, set()) | {QUEUES}, service


def _writable(container: Container) -> set[str]:
    """Where the kernel lets the container's user write. What the kernel shows of itself is no storage."""
    found = set()
    for line in _of_kernel(container, "mounts").splitlines():
        _, where, kind, options, *_ = line.split()
        flags = set(options.split(","))
        roots = kind == "tmpfs" and "mode=755" in flags  # root's alone, and nobody there is root
        if "rw" in flags and kind not in {"proc", "sysfs", "devpts", "cgroup", "cgroup2"} and not roots:
            found.add(where)
    return found


@pytest.mark.parametrize("service", ["inbox", "workload", "runbooks", "reloader", "llm-gateway"])
def test_a_program_of_ours_cannot_write_beside_its_data(running: Running, service: str) -> None:
    code, said = running.container(service).exec_run(["python", "-c", "open('/opt/slostack/x', 'w')"])
    assert code != 0
    assert b"Read-only file system" in said


def test_the_inner_network_has_no_way_out(running: Running) -> None:
    networks = {network.name: network.attrs for network in running.client.networks.list(names=[running.name])}
    assert networks[f"{running.name}_inside"]["Internal"] is True
    outside = {
        service for service, details in _details(running).items() if f"{running.name}_outside" in _networks(details)
    }
    assert outside == {"alertmanager", "prometheus"}
    for service, details in _details(running).items():
        assert f"{running.name}_inside" in _networks(details), service


def _networks(details: dict[str, Any]) -> set[str]:
    return set(details["NetworkSettings"]["Networks"])


def test_a_secret_is_made_once_and_only_its_reader_can_read_it(running: Running) -> None:
    volume = f"{running.name}_secrets"
    image = running.settings["SLOSTACK_IMAGE"]
    show = ["first_start", "--folder", "/data/secrets", "--show"]

    def run(user: str, *command: str) -> str:
        said: bytes = running.client.containers.run(
            image,
            list(command),
            user=user,
            volumes={volume: {"bind": "/data/secrets"}},
            remove=True,
            network_mode="none",
        )
        return said.decode().strip()

    first = run("472", *show)
    assert len(first) >= 24
    run("472", *show[:-1])  # a second first start
    assert run("472", *show) == first
    with pytest.raises(docker.errors.ContainerError):
        run("10001", *show)


class Board(Client):
    """Grafana, as its administrator."""

    title = "Grafana"

    def __init__(self, url: str, password: str) -> None:
        super().__init__(url)
        self._session.auth = ("admin", password)


@pytest.fixture
def grafana(running: Running) -> Board:
    if "GRAFANA_IMAGE" not in running.settings:
        pytest.skip("no image of Grafana can be pulled, and GRAFANA_IMAGE names none")
    show = ["run", "--rm", "--no-deps", "-T", "init", "first_start", "--folder", "/data/secrets", "--show"]
    return Board(running.stack.url("grafana"), running.compose.ask(*show).strip())


def test_grafana_lets_in_nobody_without_the_password_that_was_made(grafana: Board) -> None:
    path = f"{grafana.url}/api/search"
    assert requests.get(path, timeout=10).status_code == 401
    assert requests.get(path, auth=("admin", "admin"), timeout=10).status_code == 401
    assert grafana.answers("/api/search")


def test_grafana_reaches_every_data_source(grafana: Board) -> None:
    sources = {source["uid"]: source for source in grafana.json("/api/datasources")}
    assert sources.keys() == {"alertmanager", "jaeger", "prometheus"}
    for uid in ("jaeger", "prometheus"):
        assert grafana.json(f"/api/datasources/uid/{uid}/health")["status"] == "OK"
    # Alertmanager's is asked by the browser alone, through this address.
    assert grafana.json("/api/datasources/proxy/uid/alertmanager/api/v2/status")["config"]["original"]
    linked = sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert [link["name"] for link in linked] == ["trace_id"]
    assert "${__value.raw}" in linked[0]["url"], "Grafana took the variable for one of its environment"


def test_grafana_has_every_board_in_its_folder(grafana: Board, running: Running) -> None:
    written = {path.stem for path in (running.folder / ".slostack/docker/config/dashboards").rglob("*.json")}
    found = grafana.json("/api/search", params={"type": "dash-db"})
    assert {board["uid"] for board in found} == written
    assert {board["folderTitle"] for board in found} >= {"SLOs", "Monitoring"}
