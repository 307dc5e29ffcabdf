"""Where a program is looked for, what is passed over, and what is said when there is none."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from slostack.tools import apt_sources, debian
from slostack.tools.catalogue import ALERTMANAGER, parse_package_version, parse_version
from slostack.tools.errors import ToolError
from slostack.tools.find import cache_home, find

if TYPE_CHECKING:
    from collections.abc import Callable

    Fake = Callable[[str, str], Path]


def _says(name: str, version: str) -> str:
    return f'echo "{name}, version {version} (branch: HEAD, revision: abc)"'


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def offline(fake: Fake, empty_cache: Path) -> Fake:
    """A machine whose apt, Go and Docker all fail in their own words."""
    fake("apt-get", 'echo "E: Failed to fetch http://mirror.example/ Temporary failure resolving name" >&2; exit 100')
    fake("apt-config", "exit 0")
    fake("dpkg", "echo amd64")
    fake("dpkg-deb", "exit 1")
    fake("go", "echo go1.19.8")
    fake("docker", 'echo "Cannot connect to the Docker daemon" >&2; exit 1')
    return fake


@pytest.mark.parametrize(
    ("name", "printed", "expected"),
    [
        ("promtool", "promtool, version 3.5.3+ds1 (branch: debian/sid, revision: 3.5.3+ds1-6)", (3, 5, 3)),
        ("alertmanager", "alertmanager, version 0.33.1 (branch: HEAD)\n  build user: x", (0, 33, 1)),
        ("amtool", "a warning first\namtool, version 0.31.1-rc.0 (branch: , revision: x)", (0, 31, 1)),
        ("promtool", "prometheus, version 3.5.3", None),
        ("promtool", "promtool, version  (branch: , revision: unknown)", None),
        ("promtool", "", None),
    ],
)
def test_a_version_is_read_only_from_the_programs_own_words(
    name: str, printed: str, expected: tuple[int, int, int] | None
) -> None:
    assert parse_version(name, printed) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3.5.3+ds1-6", (3, 5, 3)),
        ("0.33.1-5", (0, 33, 1)),
        ("2:10.0.12~rc1+ds-1+b2", (10, 0, 12)),
        ("20230101-1", None),
        ("", None),
    ],
)
def test_the_upstream_part_of_a_debian_version_is_compared(text: str, expected: tuple[int, int, int] | None) -> None:
    assert parse_package_version(text) == expected


def test_a_recent_program_on_path_wins_over_every_download(fake: Fake, empty_cache: Path) -> None:
    program = fake("promtool", _says("promtool", "3.9.0"))
    tool = find("promtool")
    assert (tool.path, tool.version, tool.source, tool.argv) == (program, (3, 9, 0), "PATH", [str(program)])
    assert not empty_cache.exists()


def test_versions_are_compared_as_numbers(fake: Fake) -> None:
    fake("promtool", _says("promtool", "3.10.0"))
    assert find("promtool").version == (3, 10, 0)


def test_debians_name_of_the_server_is_known(fake: Fake) -> None:
    program = fake("prometheus-alertmanager", _says("alertmanager", "0.28.1"))
    assert find("alertmanager").path == program


def test_the_variable_wins_over_path(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = fake("promtool", _says("promtool", "3.6.1")).rename(tmp_path / "chosen")
    fake("promtool", _says("promtool", "3.9.0"))
    monkeypatch.setenv("SLOSTACK_PROMTOOL", str(chosen))
    assert find("promtool").path == chosen


@pytest.mark.parametrize("version", ["2.53.3", "nonsense"])
def test_a_variable_that_names_no_usable_program_is_an_error_not_a_hint(
    version: str, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = fake("promtool", _says("promtool", version))
    monkeypatch.setenv("SLOSTACK_PROMTOOL", str(program))
    with pytest.raises(ToolError, match=r"^SLOSTACK_PROMTOOL is .*unset it$"):
        find("promtool")


def test_when_nothing_works_the_message_says_why_for_each_source_and_what_to_do(offline: Fake) -> None:
    old = offline("promtool", _says("promtool", "2.42.0"))
    steps: list[str] = []
    with pytest.raises(ToolError) as caught:
        find("promtool", steps.append)
    message = str(caught.value)
    assert f"{old} (version 2.42.0) was passed over" in message
    assert "Debian: forky: " in message
    assert "Temporary failure resolving" in message
    assert "Go: Go 1.19.8 is older than 1.25" in message
    assert "Docker: the Docker engine does not answer (Cannot connect to the Docker daemon)" in message
    assert message.endswith(
        "connect this machine to the network, or install Prometheus from https://prometheus.io/download/ "
        "and put it on PATH, or set SLOSTACK_PROMTOOL to the path of promtool"
    )
    assert "\n" not in message
    assert steps == ["fetching Prometheus from Debian forky …"]


def test_an_unreachable_mirror_is_asked_once_and_leaves_nothing_half_made(offline: Fake, empty_cache: Path) -> None:
    with pytest.raises(ToolError) as caught:
        find("amtool")
    assert "sid: " not in str(caught.value)
    assert list((empty_cache / "slostack/tools").iterdir()) == []


def test_what_a_killed_process_left_is_cleared_away(offline: Fake, empty_cache: Path) -> None:
    left_over = empty_cache / "slostack/tools/new-abc/kit"
    left_over.mkdir(parents=True)
    with pytest.raises(ToolError):
        find("amtool")
    assert not left_over.exists()


def test_a_cache_that_cannot_be_written_is_named(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ToolError, match="set XDG_CACHE_HOME"):
        find("promtool")


def _cached(cache: Path, version: str, *, record: bool = True) -> Path:
    kit = cache / "slostack/tools" / f"prometheus-{version}-{platform.machine()}"
    (kit / "bin").mkdir(parents=True)
    (kit / "bin/promtool").touch()
    if record:
        facts = {"version": [int(part) for part in version.split(".")], "source": "a test", "relocated": []}
        (kit / "kit.json").write_text(json.dumps(facts), encoding="utf-8")
    return kit


def test_the_newest_whole_kit_of_the_cache_is_taken_and_a_half_made_one_is_not(fake: Fake, empty_cache: Path) -> None:
    _cached(empty_cache, "3.5.3")
    newest = _cached(empty_cache, "3.10.1")
    _cached(empty_cache, "3.11.0", record=False)
    assert find("promtool").path == newest / "bin/promtool"


def test_a_cached_kit_that_has_become_too_old_is_fetched_anew(offline: Fake, empty_cache: Path) -> None:
    _cached(empty_cache, "3.4.9")
    with pytest.raises(ToolError, match="could not be fetched"):
        find("promtool")


def test_a_kit_from_an_image_is_tried_recorded_and_found_again(offline: Fake, empty_cache: Path) -> None:
    offline(
        "docker",
        f"""case $1 in
          create) echo pulling >&2; echo abc123;;
          cp) name=${{2##*/}}; printf '#!/bin/sh\\necho "%s, version 3.13.3"\\n' "$name" >"$3"; chmod +x "$3";;
          rm) echo "$2" >{empty_cache}/removed;;
        esac""",
    )
    tool = find("promtool")
    assert (tool.version, tool.source) == ((3, 13, 3), "image prom/prometheus:v3.13.3")
    assert (empty_cache / "removed").read_text(encoding="utf-8") == "abc123\n"
    offline("docker", "exit 1")
    assert find("promtool") == tool


def test_a_fetched_program_that_does_not_run_is_not_kept(offline: Fake, empty_cache: Path) -> None:
    offline("docker", 'case $1 in create) echo abc;; cp) echo "for another machine" >"$3"; chmod +x "$3";; esac')
    with pytest.raises(ToolError, match="its prometheus does not run on this machine"):
        find("promtool")
    assert list((empty_cache / "slostack/tools").iterdir()) == []


def _find_and_print() -> None:
    print(find("promtool").version)  # noqa: T201 - the parent reads it


def test_two_processes_fetch_once(offline: Fake, empty_cache: Path, tmp_path: Path) -> None:
    pulls = tmp_path / "pulls"
    offline(
        "docker",
        f"""case $1 in
          create) echo x >>{pulls}; sleep 0.5; echo abc;;
          cp) name=${{2##*/}}; printf '#!/bin/sh\\necho "%s, version 3.13.3"\\n' "$name" >"$3"; chmod +x "$3";;
        esac""",
    )
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_find_and_print) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert pulls.read_text(encoding="utf-8") == "x\n"


@pytest.mark.skipif(not Path("/usr/bin/apt-get").exists(), reason="apt is not on this machine: Debian's way is untried")
def test_debians_packages_come_through_the_machines_own_mirror(tmp_path: Path) -> None:
    """The real thing, against the real mirror; apt's lists stay in the cache, so a second run asks only for changes."""
    lists = cache_home() / "apt-test"
    lists.mkdir(parents=True, exist_ok=True)
    with (cache_home() / "apt-test.lock").open("w") as lock:  # apt does not wait for another run's
        fcntl.flock(lock, fcntl.LOCK_EX)
        source = debian.fetch(ALERTMANAGER, tmp_path, lists, lambda _step: None)
    assert source.startswith("Debian ")
    assert sorted(file.name for file in (tmp_path / "bin").iterdir()) == ["alertmanager", "amtool"]
    assert (tmp_path / "share/alertmanager/default.tmpl").is_file()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["bin", "share"]


@pytest.mark.skipif(not Path("/usr/bin/apt-get").exists(), reason="apt is not on this machine: Debian's way is untried")
def test_an_index_whose_signature_is_not_debians_is_refused(tmp_path: Path) -> None:
    """Freshness may be waived, a signature never: with an empty keyring apt refuses the suite."""
    keyring = tmp_path / "nobody.gpg"
    keyring.touch()
    apt = debian._Apt(tmp_path / "apt")
    apt.prepare(f"deb [signed-by={keyring}] {_mirror()} trixie main\n", accept_expired=True)
    done = apt.update()
    assert done.code != 0
    assert re.search("NO_PUBKEY|Missing key|not signed", done.text), done.text
    assert apt.candidates(("prometheus-alertmanager",)) == {}


def _mirror() -> str:
    return apt_sources.debian_mirror(apt_sources.read()).uri


def test_finding_needs_no_import_of_what_only_fetching_needs() -> None:
    """`find` runs in every command: it must not cost a second."""
    code = "import sys, slostack.tools.find; sys.exit('docker' in sys.modules or 'requests' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ, "PYTHONPATH": "generator"})
    assert done.returncode == 0
