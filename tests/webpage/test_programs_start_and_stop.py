"""Life cycle and HTTP manners that both programs have in common."""

from __future__ import annotations

import signal
import socket
import subprocess
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest
import requests
from running import LIFETIME, PATIENCE, Program, command, surroundings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Flags = tuple[str, ...]


@pytest.fixture(params=["inbox", "runbook_site"])
def program(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Flags]:
    name = str(request.param)
    return name, ("--data", str(tmp_path / "data")) if name == "inbox" else ("--pages", str(tmp_path))


@pytest.fixture
def run(program: tuple[str, Flags]) -> Callable[..., subprocess.CompletedProcess[str]]:
    def call(*flags: str) -> subprocess.CompletedProcess[str]:
        name, own = program
        words = command(name, *own, *flags)
        return subprocess.run(words, env=surroundings(), capture_output=True, text=True, timeout=LIFETIME, check=False)

    return call


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_without_a_traceback(program: tuple[str, Flags], number: signal.Signals) -> None:
    name, flags = program
    with Program(name, *flags) as running:
        requests.get(running.url + "/healthz", timeout=PATIENCE).raise_for_status()
        assert running.stop(number) == 0
        assert "Traceback" not in running.stderr


def test_the_signals_that_end_it_go_to_the_thread_that_waits_for_them() -> None:
    """Taken by another thread, or by a handler a moment before the wait begins, they would wake nobody."""
    with Program("masked") as running:
        answer = requests.get(running.url + "/", timeout=PATIENCE).json()
        assert {signal.SIGTERM, signal.SIGINT} <= set(answer["blocked"])
        assert running.stop() == 0


def test_a_taken_port_is_one_sentence_and_exit_code_3(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("--port", str(taken.getsockname()[1]))
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "already in use; choose another with --port" in done.stderr


@pytest.mark.parametrize("flags", [("--port", "70000"), ("--nonsense",), ("--port", "x")])
def test_a_bad_flag_is_exit_code_2(run: Callable[..., subprocess.CompletedProcess[str]], flags: Flags) -> None:
    done = run(*flags)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_access_log_is_off_unless_asked_for(program: tuple[str, Flags]) -> None:
    name, flags = program
    for extra, expected in (((), False), (("--verbose",), True)):
        with Program(name, *flags, *extra) as running:
            requests.get(running.url + "/healthz", timeout=PATIENCE)
            running.stop()
            assert ("GET /healthz" in running.stderr) is expected


def test_every_answer_forbids_foreign_content(program: tuple[str, Flags]) -> None:
    name, flags = program
    with Program(name, *flags) as running:
        for path in ("/", "/healthz", "/nothing/here/at/all", "/static/base.css", "/static/../server.py"):
            headers = requests.get(running.url + path, timeout=PATIENCE).headers
            assert headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"


def test_it_answers_only_to_names_of_its_own(program: tuple[str, Flags]) -> None:
    """A page whose host name was led to this machine must neither read nor write here."""
    name, flags = program
    with Program(name, *flags, "--allow-host", "inside") as running:
        for host, status in (("evil.example", 421), ("localhost:80", 200), ("inside:9099", 200)):
            answer = requests.get(running.url + "/healthz", headers={"Host": host}, timeout=PATIENCE)
            assert answer.status_code == status, host
        headers = {"Host": "evil.example", "Origin": "http://evil.example"}
        written = requests.post(running.url + "/hooks/phone", json={}, headers=headers, timeout=PATIENCE)
        assert written.status_code == 421
        assert "--allow-host" in written.json()["error"]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /hooks/x HTTP/1.1\r\n\r\n", 411),
        (b"POST /hooks/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"GET nonsense HTTP/1.1\r\n\r\n", 400),
        (b"\x1b[31m\r\n\r\n", 400),
        (b"BREW / HTTP/1.1\r\n\r\n", 501),
    ],
)
def test_malformed_requests_get_a_status_and_do_no_harm(program: tuple[str, Flags], text: bytes, status: int) -> None:
    name, flags = program
    with Program(name, *flags) as running:
        with socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE) as connection:
            connection.sendall(text)
            first = connection.makefile("rb").readline()
        # Without a version in its request line the client of HTTP/0.9 gets only the body.
        assert f" {status} ".encode() in first or first.startswith(b"{")
        assert requests.get(running.url + "/healthz", timeout=PATIENCE).text == "ok\n"


def test_a_head_request_has_no_body(program: tuple[str, Flags]) -> None:
    name, flags = program
    with Program(name, *flags) as running:
        connection = HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE)
        for _ in range(2):  # the second would read a stray body as its status line
            connection.request("HEAD", "/")
            answer = connection.getresponse()
            assert answer.status == 200
            assert answer.read() == b""
        connection.close()
