"""The runbook site as a real process."""

from __future__ import annotations

import re
import subprocess
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from running import LIFETIME, PATIENCE, Program, command, surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "runbooks"
    (folder / "guides").mkdir(parents=True)
    (folder / "HighErrorRate.md").write_text(
        "# HighErrorRate\n\n## What this means\n\nRequests of {{service}} fail. More.\n\n"
        "```sh\ncurl {{prometheus}}/{{service}}\n```\n\n[Guide](guides/high-error-rate.md#stage-2)\n",
        encoding="utf-8",
    )
    (folder / "guides" / "high-error-rate.md").write_text("# Errors\n<!-- slostack:draft -->\n## Stage 2\n", "utf-8")
    (folder / "README.md").write_text("# For the Git host\n", encoding="utf-8")
    (tmp_path / "secret.md").write_text("TOP SECRET", encoding="utf-8")
    (folder / "Leak.md").symlink_to(tmp_path / "secret.md")
    return folder


@pytest.fixture
def site(pages: Path) -> Iterator[Program]:
    with Program("runbook_site", "--pages", str(pages), "--set", "prometheus=http://p:9090") as running:
        yield running


def get(site: Program, path: str) -> requests.Response:
    return requests.get(site.url + path, timeout=PATIENCE)


@pytest.mark.parametrize(
    "path", ["/HighErrorRate", "/HighErrorRate.md", "/guides/high-error-rate", "/guides/high-error-rate.md"]
)
def test_pages_and_guides_answer_with_and_without_their_ending(site: Program, path: str) -> None:
    answer = get(site, path)
    assert answer.status_code == 200
    assert "<h1 id=" in answer.text


def test_the_address_fills_the_page_and_internal_links_take_it_along(site: Program) -> None:
    page = get(site, "/HighErrorRate?service=shop&since=1763630000&prometheus=http://evil").text
    assert "curl http://p:9090/shop" in page
    assert "evil" not in page
    assert 'href="/guides/high-error-rate?service=shop&amp;since=1763630000#stage-2"' in page
    assert "2025-11-20 09:13 UTC" in page
    assert '<h2 id="stage-2">' in get(site, "/guides/high-error-rate?service=shop").text


def test_hostile_values_are_escaped_and_named_at_the_top(site: Program) -> None:
    evil = requests.get(
        site.url + "/HighErrorRate",
        params={"service": '"><script>alert(1)</script>$(id)', "<script>": "x", "since": "9" * 400},
        timeout=PATIENCE,
    ).text
    assert "<script>alert" not in evil
    assert "Not filled into commands:" in evil
    assert "/<mark>{{service}}</mark>" in evil


def test_a_draft_says_so_and_a_written_page_does_not(site: Program) -> None:
    assert "▲ Draft." in get(site, "/guides/high-error-rate").text
    assert "Draft." not in get(site, "/HighErrorRate").text


def test_the_index_groups_pages_and_shows_what_they_mean(site: Program) -> None:
    page = get(site, "/?service=shop").text
    assert page.index("<h2>Alerts</h2>") < page.index("/HighErrorRate?service=shop") < page.index("<h2>Guides</h2>")
    assert "Requests of shop fail.<" in page
    assert "Requests of … fail.<" in get(site, "/").text
    assert "<b>" not in get(site, "/?service=<b>").text
    assert "Git host" not in page


def test_a_changed_and_a_new_file_are_seen_at_once(site: Program, pages: Path) -> None:
    (pages / "HighErrorRate.md").write_text("# Changed", encoding="utf-8")
    (pages / "New.md").write_text("# New", encoding="utf-8")
    assert "Changed</h1>" in get(site, "/HighErrorRate").text
    assert get(site, "/New").status_code == 200


def test_a_missing_page_lists_near_matches(site: Program) -> None:
    answer = get(site, "/HighErorRates<b>?service=x")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert 'href="/HighErrorRate?service=x"' in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    "target",
    [
        "/../secret",
        "/../secret.md",
        "/%2e%2e%2fsecret.md",
        "/guides/..%2f..%2fsecret",
        "/guides/../../secret.md",
        "//secret.md",
        "/Leak",
        "/HighErrorRate%00",
        "/.%2fHighErrorRate",
        "/static/..%2f..%2f__init__.py",
        "/guides",
    ],
)
def test_nothing_outside_the_folder_is_ever_read(site: Program, target: str) -> None:
    connection = HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)
    connection.request("GET", target)  # unlike most clients this one sends the path as it is
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 404
    assert b"TOP SECRET" not in body


def test_metrics_count_which_pages_are_opened(site: Program) -> None:
    for path in ("/HighErrorRate", "/HighErrorRate.md?service=shop", "/guides/high-error-rate", "/Nothing", "/None"):
        get(site, path)
    answer = get(site, "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    counts = [line for line in answer.text.splitlines() if line.startswith("slostack_runbooks_read_total{")]
    assert counts == [
        'slostack_runbooks_read_total{page="HighErrorRate"} 2.0',
        'slostack_runbooks_read_total{page="guides/high-error-rate"} 1.0',
        'slostack_runbooks_read_total{page=""} 2.0',
    ]
    assert "process_resident_memory_bytes" in answer.text


def test_it_only_reads(site: Program) -> None:
    answer = requests.post(site.url + "/HighErrorRate", data=b"x", timeout=PATIENCE)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


def test_a_folder_that_vanishes_is_said_and_healthz_fails(site: Program, pages: Path) -> None:
    pages.rename(pages.with_name("elsewhere"))
    answer = get(site, "/healthz")
    assert answer.status_code == 503
    assert "cannot be listed" in answer.json()["error"]


def test_scripts_and_styles_come_from_the_same_origin(site: Program) -> None:
    page = get(site, "/HighErrorRate").text
    for address in re.findall(r'<(?:script src|link [^>]*href)="([^"]*)"', page):
        assert address.startswith("/static/")
        assert get(site, address).status_code == 200
    assert not re.search(r"\sstyle=|\son\w+=|<script>", page)


@pytest.mark.parametrize("flags", [("--pages", "/does/not/exist"), ("--pages", ".", "--set", "novalue"), ()])
def test_wrong_usage_is_exit_code_2(flags: tuple[str, ...]) -> None:
    words = command("runbook_site", "--port", "0", *flags)
    done = subprocess.run(words, env=surroundings(), capture_output=True, text=True, timeout=LIFETIME, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
