"""What the documentation says of running the containers is what docker-compose.yml asks for and what lets them in."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from documents import DOCS, ROOT, prose, tables

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
OPERATIONS = DOCS / "operations.md"
SECRETS = ROOT / "secrets" / "README.md"
ALERTMANAGER = 65534


def _processors(limit: float | str) -> tuple[str, float]:
    """The knob that sets a limit, if there is one, and the limit while it is not turned."""
    turnable = re.fullmatch(r"\$\{(\w+):-([\d.]+)\}", str(limit))
    return (turnable[1], float(turnable[2])) if turnable else ("", float(limit))


def test_as_many_processors_are_asked_for_as_the_widest_limit_allows() -> None:
    """The engine makes no container with a limit above what the machine has."""
    text = prose(OPERATIONS)
    asked = re.search(r"Needed: .* and (\d+) processors", text)
    with_one = re.search(r"with one, write\s+`(\w+)=1`", text)
    assert asked
    assert with_one

    limits = [_processors(service["cpus"]) for service in COMPOSE["services"].values()]
    assert max(limit for _, limit in limits) == float(asked[1])
    assert {knob for knob, limit in limits if limit > 1} == {with_one[1]}


def test_upgrading_is_told_for_both_ways_of_starting() -> None:
    text = prose(OPERATIONS).partition("\n## Upgrading\n")[2].partition("\n## ")[0]
    told = next(table for table in tables(OPERATIONS) if table.heading == "Upgrading")

    assert all("docker compose up" not in line for line in text.splitlines() if not line.startswith("|"))
    assert [head.rpartition("started with ")[2] for head in told.head[1:]] == [
        "`docker compose up`",
        "`slostack up --engine docker`",
    ]
    assert all(len(row) == len(told.head) and all(row) for row in told.rows)


def test_a_proxy_that_passes_the_host_on_needs_the_addresses_that_are_named() -> None:
    words = " ".join(prose(DOCS / "security.md").split())
    named = re.search(r"they know the host names of ([^;]*), so to set those", words)
    assert named

    commands = " ".join(str(word) for service in COMPOSE["services"].values() for word in service.get("command", []))
    assert set(re.findall(r"`(\w+)`", named[1])) == set(re.findall(r"--allow-host=\$\{(\w+_URL):-", commands))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away")
def test_what_lets_alertmanager_read_a_secret_does_under_the_strictest_umask(tmp_path: Path) -> None:
    words = prose(SECRETS)
    commands = re.findall(r"`(?:sudo )?(ch(?:own|mod) [^`]*)`", words[words.index("With plain") :])
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    secret = folder / "slack"
    secret.write_text("https://hooks.slack.example/", encoding="utf-8")
    secret.chmod(0o600)

    assert not _reads(ALERTMANAGER, folder)
    for command in commands:
        subprocess.run(command.split(" "), cwd=tmp_path, check=True)
    assert _reads(ALERTMANAGER, folder)
    assert not _reads(ALERTMANAGER - 1, folder)


def _reads(user: int, folder: Path) -> bool:
    """Whether a user can read the secret in a folder that is mounted, whatever lies above it."""
    done = subprocess.run(
        ["/bin/cat", "slack"], cwd=folder, user=user, group=user, extra_groups=[], capture_output=True, check=False
    )
    return done.returncode == 0
