"""Every command, option, make target, file and link that the documentation names exists."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from documents import DOCS, PAGES, ROOT, anchors, blocks, prose

from slostack.tools.catalogue import ALERTMANAGER, PROMETHEUS, dotted

_COMMAND = re.compile(r"(?:^|[\s`/])slostack (?P<rest>[a-z-][^\n`#;&|]*)", re.MULTILINE)
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
CHECKS = sorted((DOCS / "checks").glob("*.md"))


def _in_code(page: Path) -> str:
    """Everything on a page that stands as code: blocks of commands and workflows, and spans."""
    kept = [block.text for block in blocks(page) if block.kind.split(" ")[0] in {"sh", "yaml"}]
    return "\n".join([*kept, *(f" {span}" for span in re.findall(r"`([^`\n]+)`", prose(page)))])


def _mentions(page: Path) -> list[list[str]]:
    return [match["rest"].split() for match in _COMMAND.finditer(_in_code(page))]


@cache
def _help(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "slostack", *command, "--help"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"there is no `slostack {' '.join(command)}`: {done.stderr}"
    return done.stdout


def _options(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text.split("Options:")[1]))


@pytest.mark.parametrize("page", [*PAGES, *CHECKS], ids=lambda page: page.stem)
def test_commands_and_their_options_exist(page: Path) -> None:
    for words in _mentions(page):
        command = words[:1] if words[0][0] != "-" else []
        given = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert given <= _options(_help(*command)), " ".join(words)


def test_the_commands_that_people_need_are_named() -> None:
    """A guard of the test above: it does find mentions."""
    named = {words[0] for page in PAGES for words in _mentions(page)}

    assert {"generate", "check", "explain", "schema", "up", "down", "status", "demo", "backup", "restore"} <= named


def test_options_in_prose_belong_to_a_command() -> None:
    commands = re.findall(r"^  ([a-z]+)  ", _help().split("Commands:")[1], re.MULTILINE)
    prometheus = {"--storage.tsdb.retention.time", "--enable-feature"}
    known = prometheus.union(_options(_help()), *(_options(_help(name)) for name in commands))
    for page in PAGES:
        spans = re.findall(r"`(--[^`\s=]+)[^`\n]*`", prose(page))
        assert set(spans) <= known, page.name


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"(?:^|`)make ([a-z]+)", _in_code(page), re.MULTILINE)}
    named |= {name for page in PAGES for name in re.findall(r"`make ([a-z]+)`", prose(page))}

    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for match in _LINK.finditer(prose(page)):
        place, _, anchor = unquote(match["target"]).partition("#")
        if place.startswith("https://"):
            continue
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), match["target"]
        assert not anchor or anchor in anchors(target), match["target"]


def test_every_page_is_linked_from_the_first_one() -> None:
    linked = {match["target"] for match in _LINK.finditer(prose(ROOT / "README.md"))}

    assert {f"docs/{page.name}" for page in DOCS.glob("*.md")} <= linked


def test_the_versions_asked_for_are_those_that_are_looked_for() -> None:
    wanted = (f"Prometheus {dotted(PROMETHEUS.minimum)}", f"Alertmanager {dotted(ALERTMANAGER.minimum)}")
    for page in (ROOT / "README.md", DOCS / "own-service.md"):
        text = " ".join(page.read_text(encoding="utf-8").split())
        assert all(words in text for words in wanted), page.name
