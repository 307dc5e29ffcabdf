"""`slostack check` as people and CI run it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from transcript import ROOT, slostack

SPEC = """\
version: 1
heartbeat: http://heartbeat/beat
teams:
  shop: {page: {webhook: "https://h-example/p"}, ticket: {slack: {channel: "#shop", url_file: secrets/slack}}}
services:
  checkout:
    team: shop
    slos:
      requests:
        promise: Checkouts succeed
        objective: 99.9
        events: {bad: 'http_requests_total{code=~"5.."}', total: http_requests_total}
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A first spec, generated: its pages are drafts, its secret is missing."""
    folder: Path = tmp_path_factory.mktemp("generated")
    (folder / "slo.yaml").write_text(SPEC, encoding="utf-8")
    made = slostack(folder, "generate")
    assert made.code == 0, made.err
    return folder


@pytest.fixture
def shop(generated: Path, tmp_path: Path) -> Path:
    """A copy of it, to plant mistakes in."""
    return shutil.copytree(generated, tmp_path / "shop")


def test_the_shipped_spec_and_its_pages_have_no_problems(tmp_path: Path) -> None:
    shutil.copy(ROOT / "slo.yaml", tmp_path)
    shutil.copytree(ROOT / "runbooks", tmp_path / "runbooks")
    assert slostack(tmp_path, "generate").code == 0
    run = slostack(tmp_path, "check", "--strict")
    assert (run.code, run.out) == (0, ""), run.err
    assert re.fullmatch(r"checked 9 SLOs, (\d+) alerts, \1 runbooks, \d+ dashboards: no problems\n", run.err)


def test_a_first_spec_passes_with_warnings_for_its_drafts(shop: Path) -> None:
    run = slostack(shop, "check")
    assert (run.code, run.out) == (0, "")
    lines = run.err.splitlines()
    assert re.fullmatch(
        r"runbooks/CheckoutRequestsBurnsFast\.md:\d+:1: warning: runbook-draft: the page of `CheckoutRequestsBurnsFast`"
        r" is a draft — write what to do, then delete the line <!-- slostack:draft [0-9a-f]{12} -->",
        lines[0],
    )
    assert "slo.yaml:4:95: warning: secret-missing: the secret file secrets/slack is not there" in run.err
    assert lines[-1] == "checked 1 SLO, 14 alerts, 14 runbooks, 3 dashboards: 3 warnings"


def test_drafts_are_errors_under_strict_and_a_missing_secret_is_none(shop: Path) -> None:
    run = slostack(shop, "check", "--strict")
    assert run.code == 1
    assert run.err.endswith("slostack: checked 1 SLO, 14 alerts, 14 runbooks, 3 dashboards: 2 problems and 1 warning\n")
    assert ": warning: secret-missing: " in run.err
    assert ": warning: runbook-draft: " not in run.err


def test_a_mistake_in_the_spec_is_told_before_anything_is_generated(shop: Path) -> None:
    (shop / "slo.yaml").write_text(SPEC.replace("team: shop", "team: shops"), encoding="utf-8")
    run = slostack(shop, "check")
    assert run.code == 1
    assert run.err.startswith("slo.yaml:7:11: unknown-team: ")
    assert run.err.endswith(
        "slostack: 1 problem in the spec; what is generated from it was not checked\n",
    )


def test_every_kind_of_mistake_is_told_in_one_run(shop: Path) -> None:
    page = shop / "runbooks/CheckoutRequestsBurnsFast.md"
    page.write_text(page.read_text(encoding="utf-8").replace("## Afterwards", "[x](Nowhere.md)"), encoding="utf-8")
    rules = shop / "alerts/rules/checkout.yml"
    rules.write_text(rules.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    run = slostack(shop, "check", "--format", "json")
    found = json.loads(run.out)
    assert run.code == 1
    assert {(one["file"], one["code"], one["severity"]) for one in found} >= {
        ("runbooks/CheckoutRequestsBurnsFast.md", "runbook-link", "error"),
        ("runbooks/CheckoutRequestsBurnsFast.md", "runbook-section", "error"),
        ("alerts/rules/checkout.yml", "drift", "warning"),
        ("slo.yaml", "secret-missing", "warning"),
    }
    assert run.err == "slostack: checked 1 SLO, 14 alerts, 14 runbooks, 3 dashboards: 2 problems and 4 warnings\n"


def test_errors_are_told_before_warnings(shop: Path) -> None:
    page = shop / "runbooks/Watchdog.md"
    page.write_text(page.read_text(encoding="utf-8").replace("## Afterwards", "[x](Nowhere.md)"), encoding="utf-8")
    lines = slostack(shop, "check").err.splitlines()
    assert [line.split(": ")[0].split(":")[0] for line in lines[:2]] == ["runbooks/Watchdog.md"] * 2
    assert [": warning: " in line for line in lines] == [False, False, True, True, True, False]


def test_github_reads_annotations(shop: Path) -> None:
    run = slostack(shop, "check", "--format", "github")
    assert run.code == 0
    assert (
        "::warning file=slo.yaml,line=4,col=95,title=secret-missing::the secret file secrets/slack is not there"
        in run.out
    )


def test_a_missing_tool_is_told_after_what_was_found_without_it(shop: Path) -> None:
    run = slostack(shop, "check", SLOSTACK_PROMTOOL="/nonexistent/promtool")
    assert run.code == 3
    assert ": runbook-draft: " in run.err
    assert "SLOSTACK_PROMTOOL is /nonexistent/promtool, which is no promtool that runs here" in run.err.splitlines()[-1]
    assert "Traceback" not in run.err


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    run = slostack(tmp_path, "check", "--spec", "none.yaml")
    assert run.code == 2
    assert run.err.startswith("none.yaml:1:1: unreadable: there is no such file")


def test_each_environment_is_checked_and_its_problems_name_it(shop: Path) -> None:
    text = SPEC + "environments:\n  mute: {heartbeat: null}\n  same: {links.grafana: https://g.example}\n"
    (shop / "slo.yaml").write_text(text, encoding="utf-8")
    run = slostack(shop, "check")
    found = [line for line in run.err.splitlines() if "no-heartbeat" in line]
    assert len(found) == 1
    assert "nobody notices when Prometheus or Alertmanager die, in environment `mute` — add `heartbeat" in found[0]
    assert "in environment `same`" not in run.err
    alone = slostack(shop, "check", "--env", "same")
    assert "no-heartbeat" not in alone.err


def test_a_prometheus_that_does_not_answer_is_told_after_all_problems(shop: Path) -> None:
    run = slostack(shop, "check", "--live", "http://127.0.0.1:9")
    assert run.code == 3
    assert ": runbook-draft: " in run.err
    assert run.err.endswith("slostack: Prometheus at http://127.0.0.1:9 does not answer — is the stack up?\n")


@pytest.mark.parametrize(
    "address", ["not-a-url", "localhost:9090", "ftp://prometheus/", "http://", "http://h:port/", "http://[::1"]
)
def test_what_is_no_address_is_wrong_usage(shop: Path, address: str) -> None:
    run = slostack(shop, "check", "--live", address)
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"slostack: Invalid value for '--live': `{address}` is no address — write one such as http://127.0.0.1:9090\n"
    )
