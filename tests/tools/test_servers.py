"""The two servers start as an ordinary process, answer, deliver, and end when they are told to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from slostack.tools import alertmanager
from slostack.tools.find import find

if TYPE_CHECKING:
    from collections.abc import Iterator


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def _running(argv: list[str], server: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process that was started, once its server is ready; it must end by the signal that its own id gets."""
    with log.open("wb") as output, subprocess.Popen(argv, stdout=output, stderr=output) as process:
        try:
            deadline = time.monotonic() + 120
            while not _ready(server):
                assert process.poll() is None, log.read_text(encoding="utf-8")
                assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
                time.sleep(0.05)
            yield process
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait(60) == 0, log.read_text(encoding="utf-8")
        finally:
            process.kill()


def _ready(server: str) -> bool:
    try:
        with urllib.request.urlopen(f"{server}/-/ready", timeout=30) as answer:
            return bool(answer.status == 200)
    except OSError:  # refused, reset, not ready yet, or no answer in time
        return False


def test_alertmanager_starts_with_its_templates_and_gets_its_signals(tmp_path: Path) -> None:
    config = tmp_path / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n", encoding="utf-8")
    port = _free_port()
    argv = [
        *find("alertmanager").argv,
        f"--config.file={config}",
        f"--storage.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with _running(argv, f"http://127.0.0.1:{port}", tmp_path / "log") as process:
        assert Path(f"/proc/{process.pid}/exe").resolve() == find("alertmanager").path.resolve()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/receivers", timeout=30) as answer:
            assert [receiver["name"] for receiver in json.load(answer)] == ["nobody"]


def test_prometheus_starts_and_answers_queries(tmp_path: Path) -> None:
    config = tmp_path / "prometheus.yml"
    config.write_text("global: {}\n", encoding="utf-8")
    port = _free_port()
    server = f"http://127.0.0.1:{port}"
    argv = [
        *find("prometheus").argv,
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    query = f"{server}/api/v1/query?query=6*7"
    with _running(argv, server, tmp_path / "log"), urllib.request.urlopen(query, timeout=30) as answer:
        assert json.load(answer)["data"]["result"][1] == "42"


def test_a_build_without_the_fixed_path_is_left_as_it_is(tmp_path: Path) -> None:
    binary = tmp_path / "alertmanager"
    binary.write_bytes(b"\x7fELF upstream's build")
    assert not alertmanager.relocate(binary)
    assert binary.read_bytes() == b"\x7fELF upstream's build"


def test_the_fixed_path_is_replaced_everywhere_without_moving_a_byte(tmp_path: Path) -> None:
    binary = tmp_path / "alertmanager"
    before = b"..../usr/share/prometheus/alertmanager..../usr/share/prometheus/alertmanager/ui/...."
    binary.write_bytes(before)
    assert alertmanager.relocate(binary)
    after = binary.read_bytes()
    assert len(after) == len(before)
    assert b"/usr/share" not in after
    assert after.index(b"/ui/") == before.index(b"/ui/")


def test_the_launcher_works_from_any_directory_with_any_name(tmp_path: Path) -> None:
    """A cache may lie under a long path with spaces; the templates must be found all the same."""
    share = tmp_path / ("a long name with 'quotes' and $dollars " * 3)
    (share / "alertmanager").mkdir(parents=True)
    (share / "alertmanager/default.tmpl").write_text("found", encoding="utf-8")
    argv = [*alertmanager.argv(Path("/bin/cat"), share), f"{alertmanager._OPENED.decode()}/alertmanager/default.tmpl"]
    done = subprocess.run(argv, check=True, capture_output=True, text=True, cwd="/")
    assert done.stdout == "found"
