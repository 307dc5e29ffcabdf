"""`slostack generate` as people and CI run it: what it writes, what it leaves alone, and what it says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import orjson
import pytest
from transcript import ROOT, Run, slostack

from slostack.files import MANIFEST

SPEC = """\
version: 1
teams:
  shop: {page: {webhook: "http://inbox/p"}, ticket: {webhook: "http://inbox/t"}}
services:
  checkout:
    team: shop
    slos:
      requests: {promise: Checkouts succeed, objective: 99.9, events: {bad: failed_total, total: all_total}}
      returns: {promise: Returns succeed, objective: 99, events: {bad: lost_total, total: returned_total}}
"""
RETURNS = ("runbooks/CheckoutReturnsBurnsFast.md", "runbooks/CheckoutReturnsBurnsSlowly.md")
OWN = {
    "alerts/alertmanager.yml": "route: {receiver: mine}\n",
    "stack/prometheus/prometheus.yml": "global: {}\n",
    "dashboards/SLOs/slo-overview.json": '{"title": "mine", "tags": ["mine"]}\n',
    "alerts/templates/notification.tmpl": '{{ define "mine" }}{{ end }}\n',
}


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spec of two SLOs, generated."""
    folder: Path = tmp_path_factory.mktemp("generated")
    write(folder, {"slo.yaml": SPEC})
    made = slostack(folder, "generate")
    assert made.code == 0, made.err
    return folder


@pytest.fixture
def shop(generated: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(generated, tmp_path / "shop")


def without_returns(shop: Path, text: str = SPEC) -> Run:
    """Remove the second SLO from the spec, and generate."""
    lines = [line for line in text.splitlines() if not line.startswith("      returns:")]
    write(shop, {"slo.yaml": "\n".join(lines) + "\n"})
    return slostack(shop, "generate")


@pytest.mark.parametrize("options", [(), ("--check",), ("--check", "--diff")], ids=" ".join)
def test_files_of_somebody_else_are_named_and_kept(tmp_path: Path, options: tuple[str, ...]) -> None:
    write(tmp_path, {"slo.yaml": SPEC} | OWN)
    before = tree(tmp_path)

    done = slostack(tmp_path, "generate", *options)

    assert done.code == 2
    assert done.err == (
        f"slostack: {', '.join(sorted(OWN))} were not written by slostack, and would be lost; nothing was written"
        " — move them, write elsewhere with `--out DIR`, or overwrite them with `--force`\n"
    )
    assert tree(tmp_path) == before


def test_a_file_of_somebody_else_is_refused_beside_generated_ones(shop: Path) -> None:
    listed = (shop / MANIFEST).read_text(encoding="utf-8")
    write(
        shop, {MANIFEST: listed.replace("alerts/rules/checkout.yml\n", ""), "alerts/rules/checkout.yml": "groups: []"}
    )

    done = slostack(shop, "generate")

    assert done.code == 2
    assert done.err.startswith("slostack: alerts/rules/checkout.yml was not written by slostack, and would be lost; ")


def test_force_overwrites(tmp_path: Path, generated: Path) -> None:
    write(tmp_path, {"slo.yaml": SPEC} | OWN)

    assert slostack(tmp_path, "generate", "--force").code == 0
    assert tree(tmp_path) == tree(generated)


def test_a_lost_manifest_is_made_again(shop: Path, generated: Path) -> None:
    (shop / MANIFEST).unlink()
    changed = SPEC.replace("objective: 99,", "objective: 98,").replace("shop: {page", "store: {page")
    write(shop, {"slo.yaml": changed.replace("team: shop", "team: store")})

    done = slostack(shop, "generate")

    assert (done.code, done.out) == (0, ""), done.err
    assert tree(shop).keys() == tree(generated).keys()
    assert tree(shop)["alerts/alertmanager.yml"] != tree(generated)["alerts/alertmanager.yml"]


@pytest.mark.parametrize("case", ["ten-lines", "everything"])
def test_every_generated_file_is_known_without_a_manifest(case: str, tmp_path: Path) -> None:
    """Each bears its mark, whatever the spec: none is taken for somebody else's."""
    shutil.copytree(ROOT / "tests/golden" / case / "expected", tmp_path, dirs_exist_ok=True)
    shutil.copy(ROOT / "tests/golden" / case / "slo.yaml", tmp_path)
    (tmp_path / MANIFEST).unlink()
    for path, content in tree(tmp_path).items():
        if path.endswith(".json"):
            (tmp_path / path).write_bytes(orjson.dumps(orjson.loads(content) | {"version": 7}))
        elif path != "slo.yaml" and not path.endswith(".md"):
            (tmp_path / path).write_bytes(content + b"\n")

    done = slostack(tmp_path, "generate")

    assert done.code == 0, done.err


def test_a_hand_edit_of_a_generated_file_is_undone(shop: Path, generated: Path) -> None:
    """As its header says."""
    write(shop, {"alerts/rules/checkout.yml": "# all of it was removed by hand\n"})

    done = slostack(shop, "generate")

    assert (done.code, done.err.splitlines()[0]) == (0, "changed  alerts/rules/checkout.yml")
    assert tree(shop) == tree(generated)


def test_one_file_is_one_file(shop: Path) -> None:
    rules = shop / "alerts/rules/checkout.yml"
    rules.write_bytes(rules.read_bytes() + b"# mine\n")

    checked = slostack(shop, "generate", "--check")
    written = slostack(shop, "generate")

    assert checked.code == 1
    assert checked.err.endswith(
        "1 file would change\nslostack: 1 file differs from slo.yaml — run `slostack generate`\n"
    )
    assert written.err.endswith(": 1 file written\n")


def test_check_reports_an_interrupted_run_and_touches_nothing(shop: Path, generated: Path) -> None:
    steps = [{"path": "alerts/rules/checkout.yml", "staged": "0"}]
    write(
        shop, {".slostack-journal/0": "from the interrupted run\n", ".slostack-journal/sealed.json": json.dumps(steps)}
    )
    before = tree(shop)

    for options in (("--check",), ("--check", "--diff"), ("--check", "--force")):
        done = slostack(shop, "generate", *options)
        assert (done.code, done.out) == (1, "")
        assert done.err == "slostack: a run was interrupted in . — run `slostack generate`, which completes it\n"
        assert tree(shop) == before

    assert slostack(shop, "generate").code == 0
    assert tree(shop) == tree(generated)


def test_pages_that_nobody_wrote_in_go_with_their_alert(shop: Path) -> None:
    done = without_returns(shop)

    assert done.code == 0, done.err
    for page in RETURNS:
        assert f"removed  {page}\n" in done.err
        assert not (shop / page).exists()
    checked = slostack(shop, "check")
    assert checked.code == 0, checked.err
    assert "Returns" not in checked.err


def test_before_they_go_they_are_drift_and_no_error(shop: Path) -> None:
    lines = [line for line in SPEC.splitlines() if not line.startswith("      returns:")]
    write(shop, {"slo.yaml": "\n".join(lines) + "\n"})

    run = slostack(shop, "check")

    assert run.code == 0, run.err
    for page in RETURNS:
        assert f"{page}:1:1: warning: drift: the file was generated once, and nothing in the spec gives it" in run.err


def test_a_page_that_somebody_wrote_in_stays_and_is_one_problem(shop: Path) -> None:
    page = shop / RETURNS[0]
    page.write_text(
        page.read_text(encoding="utf-8").replace(
            "## Mitigate now",
            '## Mitigate now\n\n```promql\nslo:error_ratio{slo="checkout-returns",window="1h"}\n```\n',
        ),
        encoding="utf-8",
    )
    written = page.read_bytes()

    done = without_returns(shop)

    assert done.code == 0, done.err
    assert page.read_bytes() == written
    assert not (shop / RETURNS[1]).exists()
    run = slostack(shop, "check", "--format", "json")
    found = [problem for problem in json.loads(run.out) if "Returns" in problem["file"]]
    assert [problem["code"] for problem in found] == ["runbook-orphan"]
    assert run.code == 1


def test_a_page_of_another_environments_alert_stays(shop: Path) -> None:
    text = SPEC.replace("events: {bad: lost_total", "alerts: {page: off}, events: {bad: lost_total")
    text += "environments:\n  live: {services.checkout.slos.returns.alerts.page: CheckoutReturnsBurnsFast}\n"
    write(shop, {"slo.yaml": text})

    done = slostack(shop, "generate")

    assert done.code == 0, done.err
    assert (shop / RETURNS[0]).exists()


def test_a_page_that_is_written_elsewhere_is_not_removed_beside_the_spec(shop: Path, tmp_path: Path) -> None:
    lines = [line for line in SPEC.splitlines() if not line.startswith("      returns:")]
    write(shop, {"slo.yaml": "\n".join(lines) + "\n"})

    done = slostack(shop, "generate", "--out", str(tmp_path / "out"))

    assert done.code == 0, done.err
    assert "removed" not in done.err
    assert (shop / RETURNS[0]).exists()
    assert not (tmp_path / "out" / RETURNS[0]).exists()
