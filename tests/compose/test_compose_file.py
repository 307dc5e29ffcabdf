"""docker-compose.yml as text: what holds without an engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import yaml

from slostack import version
from slostack.live.containers import DOORS
from slostack.live.ports import USUAL
from slostack.plan.build import build
from slostack.plan.components import COMPONENTS
from slostack.plan.model import Plan
from slostack.promql import duration_ms
from slostack.render import grafana
from slostack.spec.load import load
from slostack.tools.catalogue import ALERTMANAGER, COLLECTOR, JAEGER, PROMETHEUS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
KNOBS = (ROOT / ".env.example").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def plan() -> Plan:
    loaded = load(ROOT / "slo.yaml", None)
    assert loaded.spec is not None
    return build(loaded.spec)


def _default(value: str) -> str:
    """What a value is while no knob is turned."""
    before = ""
    while before != value:
        before, value = value, re.sub(r"\$\{\w+:-([^${}]*)\}", r"\1", value)
    return value


class Mount(NamedTuple):
    """What a service sees of a folder or a volume."""

    source: str
    target: str
    read_only: bool


def _mounts(service: dict[str, Any]) -> list[Mount]:
    """A service's mounts, in the short form or the long one, while no knob is turned."""
    found = []
    for volume in service.get("volumes", []):
        if isinstance(volume, dict):
            found.append(Mount(_default(volume["source"]), volume["target"], volume["read_only"]))
        else:
            source, target, *mode = _default(volume).split(":")
            found.append(Mount(source, target, mode == ["ro"]))
    return found


def test_every_foreign_image_is_pinned_by_tag_and_digest() -> None:
    images = {_default(service["image"]) for service in SERVICES.values()}
    own = {image for image in images if image.startswith("slostack/")}
    assert own == {f"slostack/programs:{version()}"}
    base = _default(SERVICES["init"]["build"]["args"]["BASE"])
    assert f"ARG BASE={base}\n" in (ROOT / "stack/Dockerfile").read_text()
    for image in images - own | {base}:
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+(-[a-z-]+)?@sha256:[0-9a-f]{64}", image), image


def test_the_images_are_those_that_programs_are_taken_from() -> None:
    images = {_default(service["image"]) for service in SERVICES.values()}
    assert {kit.image for kit in (PROMETHEUS, ALERTMANAGER, JAEGER, COLLECTOR)} <= images


def test_every_knob_is_explained_with_its_default_and_no_other() -> None:
    used = set(re.findall(r"\$\{(\w+)", TEXT))
    explained = dict(re.findall(r"^#(\w+)=(.*)$", KNOBS, re.MULTILINE))
    assert used == explained.keys() - {"COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES"}
    for name, shown in explained.items():
        plain = set(re.findall(rf"\$\{{{name}:-([^${{}}]*)\}}", TEXT))
        if shown and plain and not name.endswith("_IMAGE") and name != "SLOSTACK_CA_BUNDLE":
            assert plain == {shown}, name
    assert f"SLOSTACK_IMAGE=slostack/programs:{version()}" in KNOBS
    lines = KNOBS.splitlines()
    assert all(line.startswith("#") for line in lines if line), "an example turns no knob by itself"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_hardened(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["ipc"] == "none"
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].split(":")[0]) > 0
    assert service["mem_limit"]
    assert float(_default(str(service["cpus"]))) > 0
    assert service["pids_limit"] > 0
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    assert service["restart"] == ("no" if name == "init" else "unless-stopped")
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:"), port
    assert service["dns_search"] == ".", "a name that is not there would be looked for in the host's domain"
    for mount in _mounts(service):
        assert mount.source in COMPOSE["volumes"] or mount.read_only, f"{mount} could be written to from inside"
        assert "docker.sock" not in mount.source


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"init"}))
def test_every_service_has_a_health_check_of_its_own_or_a_neighbour_that_asks(name: str) -> None:
    if "healthcheck" in SERVICES[name]:
        assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    else:
        asking = SERVICES[f"{name}-health"]
        assert any(f"//{name}:" in part for part in asking["healthcheck"]["test"])
        assert name in asking["depends_on"]


@pytest.mark.parametrize("name", ["prometheus", "alertmanager", "alertmanager-2", "jaeger", "grafana"])
def test_what_keeps_data_in_memory_has_time_to_write_it_down(name: str) -> None:
    assert SERVICES[name]["stop_grace_period"] == "1m"


@pytest.mark.parametrize("name", ["alertmanager", "alertmanager-2"])
def test_a_crash_costs_a_minute_of_silences_at_most(name: str) -> None:
    assert "--data.maintenance-interval=1m" in SERVICES[name]["command"]


def test_prometheus_may_read_its_log_for_longer_than_the_five_minutes_of_its_runbook() -> None:
    assert "up to 5 min" in (ROOT / "runbooks/Watchdog.md").read_text(encoding="utf-8")
    assert duration_ms(SERVICES["prometheus"]["healthcheck"]["start_period"]) > 5 * 60_000


def test_one_shots_are_waited_for_by_something() -> None:
    waited = {
        needed
        for service in SERVICES.values()
        for needed, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }
    assert waited == {name for name, service in SERVICES.items() if service["restart"] == "no"}


def test_nothing_waits_only_for_a_start_where_health_can_be_had() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_started":
                assert name == f"{needed}-health"


def test_generated_addresses_are_services_and_ports_of_this_file(plan: Plan) -> None:
    targets = {component.address for component in COMPONENTS} | {
        target for scrape in plan.scrapes for target in scrape.targets
    }
    urls = {team.page.webhook for team in plan.teams} | {team.ticket.webhook for team in plan.teams} | {plan.heartbeat}
    targets |= {urlsplit(url).netloc for url in urls if url}
    assert {target.split(":")[0] for target in targets} <= SERVICES.keys()


def test_every_program_that_stays_is_scraped_or_asked_by_a_neighbour(plan: Plan) -> None:
    """Its death would otherwise alert nobody. A second Alertmanager is found by its name."""
    scraped = {component.address.split(":")[0] for component in COMPONENTS}
    scraped |= {target.split(":")[0] for scrape in plan.scrapes for target in scrape.targets}
    staying = {name for name, service in SERVICES.items() if service["restart"] != "no"}
    neighbours = {name for name in staying if name.endswith("-health")}
    assert staying - neighbours - scraped == {"alertmanager-2"}


def test_own_programs_answer_to_the_name_that_the_others_call_them_by() -> None:
    for name, service in SERVICES.items():
        words = [part for word in service.get("command", []) for part in word.split("=")]
        if service["image"] == SERVICES["inbox"]["image"] and "--host" in words:
            allowed = {words[place + 1] for place, word in enumerate(words) if word == "--allow-host"}
            behind_a_proxy = {address for address in allowed if address.startswith(f"${{{name.upper()}_URL:-http://")}
            assert allowed - behind_a_proxy == {name}
            assert len(behind_a_proxy) == len(service.get("ports", []))
        else:
            assert "--allow-host" not in words
    serving = {name for name, service in SERVICES.items() if "--allow-host" in str(service.get("command"))}
    assert serving == {"inbox", "runbooks", "workload", "llm-gateway", "reloader"}


def test_the_doors_and_links_are_the_published_ports(plan: Plan) -> None:
    published = {}
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            _, outer, inner = _default(port).split(":")
            published.setdefault(name, (int(outer), int(inner)))
    assert {name: inner for name, (_, inner) in published.items() if name in DOORS} == DOORS
    assert {name: published[name][0] for name in USUAL} == USUAL
    links = {"traces": "jaeger"}
    for link, url in plan.links.model_dump().items():
        assert urlsplit(url).port == published[links.get(link, link)][0], link


def test_retention_is_what_the_spec_says(plan: Plan) -> None:
    (days,) = re.findall(r"PROMETHEUS_RETENTION:-(\d+)d", TEXT)
    assert int(days) * 86_400 == plan.retention


@pytest.mark.parametrize("name", ["alertmanager", "alertmanager-2"])
def test_receivers_secrets_are_where_the_spec_names_them(name: str) -> None:
    service = SERVICES[name]
    mounted = {mount.target: mount.source for mount in _mounts(service)}
    assert mounted[f"{service['working_dir']}/secrets"] == "./secrets"
    assert (ROOT / "secrets").is_dir(), "Docker would make it, as root"


def test_grafana_has_what_its_provisioning_reads(plan: Plan) -> None:
    service = SERVICES["grafana"]
    environment = service["environment"]
    for variable in grafana.VARIABLES:
        assert variable in environment, variable
    for variable in ("PROMETHEUS_URL", "ALERTMANAGER_URL", "JAEGER_URL"):
        assert urlsplit(environment[variable]).hostname in SERVICES
    mounted = {mount.target: mount.source for mount in _mounts(service)}
    assert mounted[environment["SLOSTACK_DASHBOARDS"]] == "./dashboards"
    assert mounted["/etc/grafana/provisioning"] == f"./{grafana.FOLDER}"
    read = {name: value for name, value in environment.items() if "__file{" in value}
    assert read == {
        "GF_SECURITY_ADMIN_PASSWORD": "$$__file{/run/slostack/admin-password}",
        "GF_SECURITY_SECRET_KEY": "$$__file{/run/slostack/secret-key}",
    }
    assert mounted["/run/slostack"] == "secrets"
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    kept = {name for name in environment if re.search("PASSWORD|SECRET|__FILE", name)}
    assert kept == read.keys(), "what is in the environment is no secret; the start script puts there what __FILE names"
    assert render_paths(plan) <= {"datasources/slostack.yaml", "dashboards/slostack.yaml"}


def test_the_first_step_looks_at_all_that_is_mounted_from_the_checkout() -> None:
    named = COMPOSE["volumes"].keys()

    def mounted(service: dict[str, Any]) -> set[str]:
        return {mount.source for mount in _mounts(service)} - named

    others = set().union(*(mounted(service) for name, service in SERVICES.items() if name != "init"))
    # Receivers' secrets are nobody's business but Alertmanager's.
    assert mounted(SERVICES["init"]) == others - {"./secrets"}
    (below,) = [
        SERVICES["init"]["command"][place + 1]
        for place, word in enumerate(SERVICES["init"]["command"])
        if word == "--readable"
    ]
    for source, inner, _ in _mounts(SERVICES["init"]):
        assert source in named or inner == f"{below}/{source.removeprefix('./')}", source


def test_a_folder_of_generated_files_that_is_not_there_is_not_made() -> None:
    chosen = [volume for volume in SERVICES["init"]["volumes"] if "SLOSTACK_CONFIG" in str(volume)]
    assert chosen
    for volume in chosen:
        assert volume["type"] == "bind"
        assert volume["bind"] == {"create_host_path": False}


def render_paths(plan: Plan) -> set[str]:
    """The provisioning files below their folder."""
    return {path.removeprefix(f"{grafana.FOLDER}/") for path in grafana.render(plan)}


def test_ports_are_published_where_no_one_is_let_out() -> None:
    networks = COMPOSE["networks"]
    assert networks["inside"] == {"internal": True}
    assert networks["loopback"]["driver_opts"]["com.docker.network.bridge.enable_ip_masquerade"] == "false"
    outside = {name for name, service in SERVICES.items() if "outside" in service.get("networks", [])}
    assert outside == {"prometheus", "alertmanager", "alertmanager-2"}
