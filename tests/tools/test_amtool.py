"""What the real amtool says, and that all of it reaches the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from slostack.tools import amtool
from slostack.tools.errors import ToolError
from slostack.tools.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = """\
route:
  receiver: nobody
  routes:
    - {matchers: [severity="page"], receiver: shop-page, continue: true}
    - {matchers: ['team=~"shop|pay and go"'], receiver: shop-ticket}
receivers: [{name: nobody}, {name: shop-page}, {name: shop-ticket}]
templates: ['*.tmpl']
"""
DATA = {
    "status": "firing",
    "receiver": "shop-page",
    "commonLabels": {"service": "R&D"},
    "alerts": [{"status": "firing", "labels": {}, "annotations": {}}],
}


def _write(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return _write(tmp_path / "alertmanager.yml", CONFIG)


def test_a_good_configuration_has_no_problems(config: Path) -> None:
    assert amtool.check_config(config) == Verdict(ok=True, problems="")


def test_a_broken_configuration_is_told_without_the_noise(config: Path) -> None:
    _write(config, CONFIG.replace("receiver: shop-ticket}", "receiver: shop-tickets}"))
    verdict = amtool.check_config(config)
    assert not verdict.ok
    assert verdict.problems.endswith('undefined receiver "shop-tickets" used in route')
    assert "level=" not in verdict.problems
    assert len(verdict.problems.splitlines()) == 1


def test_a_template_that_does_not_parse_is_a_problem_of_the_configuration(config: Path, tmp_path: Path) -> None:
    _write(tmp_path / "mail.tmpl", '{{ define "mail" }}{{ .Status ')
    assert "unclosed action" in amtool.check_config(config).problems


def test_matchers_are_read_as_the_strict_server_reads_them(config: Path) -> None:
    _write(config, CONFIG.replace("""'team=~"shop|pay and go"'""", "'team=~shop|{pay}'"))
    assert "bad matcher" in amtool.check_config(config).problems or "unexpected" in amtool.check_config(config).problems


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"severity": "page", "team": "shop"}, ("shop-page", "shop-ticket")),
        ({"severity": "page"}, ("shop-page",)),
        ({"severity": "ticket", "team": "pay and go"}, ("shop-ticket",)),
        ({"severity": "none", "text": 'a "quoted" \\ {value},\nand a line'}, ("nobody",)),
        ({}, ("nobody",)),
    ],
)
def test_an_alert_reaches_its_receivers(config: Path, labels: dict[str, str], receivers: tuple[str, ...]) -> None:
    assert amtool.routes_test(config, labels) == amtool.Routed(ok=True, problems="", receivers=receivers)


def test_a_configuration_without_routes_is_a_finding(config: Path) -> None:
    _write(config, "receivers: [{name: nobody}]\n")
    routed = amtool.routes_test(config, {"severity": "page"})
    assert (routed.ok, routed.receivers) == (False, ())
    assert "route" in routed.problems


def test_a_template_is_rendered_with_the_definitions_of_all_files(tmp_path: Path) -> None:
    title = _write(
        tmp_path / "title[1].tmpl", '{{ define "title" }}{{ .Status | toUpper }}: {{ template "what" . }}{{ end }}'
    )
    what = _write(tmp_path / "what.tmpl", '{{ define "what" }}{{ .CommonLabels.service }}{{ end }}')
    text = '{{ template "title" . }}'
    assert amtool.render_template([title, what], text, DATA) == amtool.Rendered(True, "", "FIRING: R&D")
    assert amtool.render_template([title, what], text, DATA, html=True).text == "FIRING: R&amp;D"


def test_plain_text_needs_no_file() -> None:
    assert amtool.render_template([], "{{ .Receiver }}", DATA).text == "shop-page"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{{ template "undefined" . }}', 'template "undefined" not defined'),
        ("{{ .CommonLabels.service.more }}", "can't evaluate field more"),
        ("{{ .Status ", "unclosed action"),
    ],
)
def test_a_template_that_would_drop_the_notification_is_a_finding(text: str, problem: str) -> None:
    rendered = amtool.render_template([], text, DATA)
    assert not rendered.ok
    assert problem in rendered.problems


def test_a_missing_file_and_a_broken_amtool_are_errors(
    config: Path, tmp_path: Path, fake: Callable[[str, str], Path]
) -> None:
    with pytest.raises(ToolError, match="is not there"):
        amtool.check_config(tmp_path / "gone.yml")
    fake("amtool", 'case $1 in --version) echo "amtool, version 0.40.0";; *) exit 2;; esac')
    with pytest.raises(ToolError, match="amtool broke with exit code 2"):
        amtool.check_config(config)
    with pytest.raises(ToolError, match="amtool broke with exit code 2"):
        amtool.routes_test(config, {})
