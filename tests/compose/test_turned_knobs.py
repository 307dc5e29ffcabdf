"""Knobs that somebody has turned, ports that others hold, and secrets that are not there: what is said before a start.

Nothing here starts a container, but Compose itself reads `.env`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import docker
import pytest

from slostack.failure import Failure
from slostack.live import containers, knobs
from slostack.live.compose import FILE, Compose
from slostack.plan.build import build
from slostack.plan.model import Plan
from slostack.spec.load import load
from tests.compose.images import ROOT

CONFIG = Path("/somewhere/config")
NAMED = {"runbooks": 9098, "grafana": 3000, "prometheus": 9090, "alertmanager": 9093, "traces": 16686}


def plan_of(folder: Path, **more: object) -> Plan:
    loaded = load(folder / "slo.yaml", None)
    assert loaded.spec is not None, loaded.problems
    return build(loaded.spec, source="slo.yaml", **more)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spec with its own docker-compose.yml; the environment turns no knob that matters."""
    shutil.copy(ROOT / "tests/golden/ten-lines/slo.yaml", tmp_path)
    shutil.copy(ROOT / FILE, tmp_path)
    for knob in (*knobs.SHARED, *map(knobs.port, containers.DOORS)):
        monkeypatch.delenv(knob, raising=False)
    return tmp_path


@pytest.fixture
def own_name(client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch) -> str:
    """A project of this process's own on an engine that answers."""
    name = f"slostack-test-knobs-{os.getpid()}"
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", name)
    return name


def up(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`slostack up --engine docker`, which must end before it starts anything."""
    argv = [sys.executable, "-m", "slostack", "up", "--engine", "docker", "--spec", str(folder / "slo.yaml")]
    return subprocess.run([*argv, *arguments], check=False, capture_output=True, text=True, timeout=120)


def started(client: docker.DockerClient, name: str) -> list[object]:
    found: list[object] = client.containers.list(all=True, filters={"label": f"com.docker.compose.project={name}"})
    return found


def test_where_no_knob_is_turned_the_spec_says_all(folder: Path) -> None:
    links = {f"{name.upper()}_URL": f"http://127.0.0.1:{port}" for name, port in NAMED.items() if name != "traces"}
    assert knobs.settle(plan_of(folder), {}, CONFIG) == links | {
        "JAEGER_URL": "http://127.0.0.1:16686",
        "PROMETHEUS_RETENTION": "3888000s",
        "SLOSTACK_CONFIG": str(CONFIG),
        "SLOSTACK_ENVIRONMENT": "compose",
        "INBOX_HEARTBEAT": "",
    }


@pytest.mark.parametrize("kept", ["90d", "45d", "1y", "1080h"])
def test_samples_are_kept_for_as_long_as_a_knob_says(folder: Path, kept: str) -> None:
    assert knobs.settle(plan_of(folder), {"PROMETHEUS_RETENTION": kept}, CONFIG)["PROMETHEUS_RETENTION"] == kept


def test_the_traces_environment_may_have_a_name_of_its_own(folder: Path) -> None:
    plan = plan_of(folder, environment="staging")
    assert knobs.settle(plan, {}, CONFIG)["SLOSTACK_ENVIRONMENT"] == "staging"
    turned = {"SLOSTACK_ENVIRONMENT": "staging-eu"}
    assert knobs.settle(plan, turned, CONFIG)["SLOSTACK_ENVIRONMENT"] == "staging-eu"


@pytest.mark.parametrize(
    ("knob", "value", "said"),
    [
        ("PROMETHEUS_RETENTION", "30d", "`retention` in slo.yaml is 45d: Prometheus would delete samples"),
        ("PROMETHEUS_RETENTION", "90 days", "which is no duration — write one such as 45d"),
        ("GRAFANA_URL", "https://grafana.example", "`links.grafana` in slo.yaml is http://127.0.0.1:3000"),
        ("JAEGER_URL", "https://jaeger.example", "`links.traces` in slo.yaml is http://127.0.0.1:16686"),
        ("SLOSTACK_CONFIG", "/elsewhere", "`slostack up` starts what it makes from slo.yaml"),
    ],
)
def test_a_knob_that_contradicts_the_spec_is_named_with_both_values(
    folder: Path, knob: str, value: str, said: str
) -> None:
    with pytest.raises(Failure) as raised:
        knobs.settle(plan_of(folder), {knob: value}, CONFIG)
    assert raised.value.exit_code == 2
    assert str(raised.value).startswith(f"`.env` says {knob}={value}, ")
    assert said in str(raised.value)


def test_every_contradiction_is_told_at_once_and_where_it_stands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFANA_URL", "https://g.example")
    with pytest.raises(Failure) as raised:
        knobs.settle(plan_of(folder), {"PROMETHEUS_RETENTION": "1d", "GRAFANA_URL": "https://g.example"}, CONFIG)
    first, second = str(raised.value).splitlines()
    assert first.startswith("`.env` says PROMETHEUS_RETENTION=1d")
    assert second.startswith("the environment says GRAFANA_URL=https://g.example")


def test_a_heartbeat_that_somebody_took_away_stays_away() -> None:
    beating = build(load(ROOT / "slo.yaml", "demo").spec)  # type: ignore[arg-type]
    assert knobs.settle(beating, {}, CONFIG)["INBOX_HEARTBEAT"] == "prometheus"
    assert knobs.settle(beating, {"INBOX_HEARTBEAT": ""}, CONFIG)["INBOX_HEARTBEAT"] == ""


def test_an_address_that_says_the_same_is_no_contradiction(folder: Path) -> None:
    moved = plan_of(folder, addresses=containers.moved({"grafana": 3300}))
    for plan in (plan_of(folder), moved):
        settled = knobs.settle(plan, {"GRAFANA_URL": "http://127.0.0.1:3000/"}, CONFIG)
        assert settled["GRAFANA_URL"] == plan.links.grafana


def test_links_follow_a_port_that_was_chosen_unless_a_proxy_stands_before_it() -> None:
    turned = {"GRAFANA_PORT": "3300", "PROMETHEUS_PORT": "9190", "PROMETHEUS_URL": "https://prometheus.example"}
    assert knobs.doors(turned, containers.DOORS) == {"grafana": 3300}
    assert containers.moved({"grafana": 3300}) == {"127.0.0.1:3000": "127.0.0.1:3300"}


@pytest.mark.usefixtures("client")
def test_compose_itself_reads_what_was_turned(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["PROMETHEUS_RETENTION=30d # comment", "GRAFANA_URL='https://g.example/$x'", "JAEGER_URL=", "INBOX_PORT=1"]
    lines.append("INBOX_HEARTBEAT=")
    (folder / ".env").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setenv("INBOX_PORT", "2")
    names = ["PROMETHEUS_RETENTION", "GRAFANA_URL", "JAEGER_URL", "INBOX_PORT", "ALERTMANAGER_URL", "WORKLOAD_PORT"]
    names.append("INBOX_HEARTBEAT")
    assert Compose(folder, {"WORKLOAD_PORT": "3"}).turned(names, knobs.MAY_BE_EMPTY) == {
        "INBOX_HEARTBEAT": "",
        "PROMETHEUS_RETENTION": "30d",
        "GRAFANA_URL": "https://g.example/$x",
        "INBOX_PORT": "2",
        "WORKLOAD_PORT": "3",
    }


def test_up_with_a_shorter_retention_in_env_starts_nothing(
    folder: Path, client: docker.DockerClient, own_name: str
) -> None:
    (folder / ".env").write_text("PROMETHEUS_RETENTION=30d\n", encoding="utf-8")
    done = up(folder)
    assert done.returncode == 2, done.stderr
    assert "`.env` says PROMETHEUS_RETENTION=30d, and `retention` in slo.yaml is 45d" in done.stderr
    assert not (folder / containers.FOLDER).exists()
    assert started(client, own_name) == []


def test_up_names_a_taken_port_its_owner_and_the_remedy_and_starts_nothing(
    folder: Path, client: docker.DockerClient, own_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.setenv("OTLP_HTTP_PORT", str(taken))
        done = up(folder)
    assert done.returncode == 3, done.stderr
    assert f"{taken} (otel-collector 4318)" in done.stderr
    assert "stop what listens there, or pass --free-ports to use others" in done.stderr
    assert not (folder / containers.FOLDER).exists()
    assert started(client, own_name) == []


def test_the_published_ports_are_those_of_the_file_and_its_knobs(client: docker.DockerClient, folder: Path) -> None:
    assert client.ping()
    (folder / ".env").write_text("GRAFANA_PORT=3300\n", encoding="utf-8")
    published = Compose(folder).published()
    assert published["grafana"] == 3300
    assert published["prometheus"] == 9090
    assert {name for name in published if name.startswith("otel")} == {"otel-collector 4317", "otel-collector 4318"}
    assert "alertmanager-2" not in published
    assert "alertmanager-2" in Compose(folder, profiles=("ha",)).published()


@pytest.mark.usefixtures("own_name")
def test_up_says_which_secrets_are_missing_and_which_no_container_would_see(folder: Path) -> None:
    spec = folder / "slo.yaml"
    text = spec.read_text(encoding="utf-8")
    inline = (
        'page: {webhook: "http://127.0.0.1:9099/hooks/shop"}, ticket: {webhook: "http://127.0.0.1:9099/hooks/shop"}'
    )
    assert inline in text
    files = "page: {webhook_file: secrets/pager}, ticket: {webhook_file: private/tracker}"
    spec.write_text(text.replace(inline, files), encoding="utf-8")
    (folder / "private").mkdir()
    (folder / "private/tracker").write_text("http://127.0.0.1:9099/", encoding="utf-8")
    (folder / "private/tracker").chmod(0o600)
    (folder / ".env").write_text("PROMETHEUS_RETENTION=1d\n", encoding="utf-8")  # ends it before it starts anything
    done = up(folder)
    assert done.returncode == 2, done.stderr
    assert "secret-missing: the secret file secrets/pager is not there" in done.stderr
    assert "private/tracker is not there" not in done.stderr
    assert "containers do not see private/tracker — put receivers' secrets below secrets/" in done.stderr
