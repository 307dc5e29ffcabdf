"""Each program as its container runs it: as a process, with its exit code and what it leaves behind."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from reloader.door import Door
from webpage import Request, ResponseError

STACK = Path(__file__).resolve().parents[2] / "stack"
# Names that do not exist are looked up in every round of the reloader: a resolver that is away must not hold it up.
RESOLVER = {"RES_OPTIONS": "timeout:1 attempts:1"}
ENVIRONMENT = os.environ | {"PYTHONPATH": str(STACK), "PYTHONUNBUFFERED": "1"} | RESOLVER
PATIENCE = 30.0
"""Seconds for an answer or a state: a process on a busy machine may stand still for a while."""
LIFETIME = 60.0
"""Seconds for a process to do its work and end."""


def run(*arguments: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    argv = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(argv, input=data, capture_output=True, check=False, timeout=LIFETIME, env=ENVIRONMENT)


def begin(*arguments: str | Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", *map(str, arguments)], stderr=subprocess.PIPE, env=ENVIRONMENT)


def eventually(probe: Callable[[], object], seconds: float = PATIENCE) -> bool:
    deadline = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Told(ThreadingHTTPServer):
    """A server that remembers what it was asked, and answers with what it is set to."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answering(BaseHTTPRequestHandler):
    server: Told

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b"what it says")

    do_POST = do_GET  # noqa: N815 - the library asks for this name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Told]:
    with Told() as made:
        threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield made
        made.shutdown()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (204, 0), (302, 1), (404, 1), (503, 1)])
def test_health_is_what_the_address_answers(server: Told, status: int, code: int) -> None:
    server.status = status
    done = run("health", "--timeout", str(PATIENCE), f"{server.url}/ready?now")
    assert done.returncode == code
    assert (b"answers %d" % status in done.stdout) == bool(code)
    assert server.asked == ["GET /ready"]


def test_health_fails_when_nothing_answers_in_time() -> None:
    assert b"does not answer" in run("health", "http://127.0.0.1:9/").stdout
    assert run("health", "http://127.0.0.1:9/").returncode == 1
    assert run("health").returncode == 2
    assert run("health", "--stay", "http://127.0.0.1:9/").returncode == 2


def test_health_stays_until_it_is_stopped() -> None:
    process = begin("health", "--stay")
    assert process.stderr is not None
    assert process.stderr.readline() == b"health: stays until it is stopped\n"
    assert not eventually(lambda: process.poll() is not None, 0.5)
    process.terminate()
    assert process.wait(LIFETIME) == 0


def test_secrets_are_made_once_and_only_for_their_owner(tmp_path: Path) -> None:
    assert run("first_start", "--folder", tmp_path).returncode == 0
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert made.keys() == {"admin-password", "secret-key"}
    assert all(len(secret) >= 24 for secret in made.values())
    assert all(path.stat().st_mode & 0o777 == 0o400 for path in tmp_path.iterdir())
    (tmp_path / "secret-key").unlink()
    assert run("first_start", "--folder", tmp_path).returncode == 0
    assert (tmp_path / "admin-password").read_text() == made["admin-password"]
    assert (tmp_path / "secret-key").read_text() != made["secret-key"]
    shown = run("first_start", "--folder", tmp_path, "--show")
    assert shown.stdout.decode() == made["admin-password"] + "\n"


def test_a_folder_that_cannot_be_used_is_told_in_a_sentence(tmp_path: Path) -> None:
    done = run("first_start", "--folder", tmp_path / "missing")
    assert done.returncode == 3
    assert b"cannot be used (No such file or directory)" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["stack/jaeger", "stack/jaeger/config.yaml", "alerts"])
def test_a_checkout_that_only_its_owner_can_read_is_told_in_a_sentence(tmp_path: Path, closed: str) -> None:
    checkout = tmp_path / "checkout"
    for name in ("alerts/rules/api.yml", "stack/jaeger/config.yaml"):
        (checkout / name).parent.mkdir(parents=True)
        (checkout / name).touch()
    (tmp_path / "secrets").mkdir()
    # Root may read everything; without its capabilities it is a user like every other.
    plain = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []
    command = [*plain, sys.executable, "-m", "first_start", "--folder", tmp_path / "secrets", "--readable", checkout]

    def first_start() -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, env=ENVIRONMENT, capture_output=True, timeout=LIFETIME, check=False)

    usual = (checkout / closed).stat().st_mode
    (checkout / closed).chmod(0)
    try:
        done = first_start()
    finally:
        (checkout / closed).chmod(usual)
    assert done.returncode == 3
    assert f"cannot read all of {closed.split('/', maxsplit=1)[0]}/ — `chmod -R go+rX" in done.stderr.decode()
    assert list((tmp_path / "secrets").iterdir()) == []
    assert first_start().returncode == 0


@pytest.mark.parametrize(("age", "code"), [(0, 0), (20, 0), (60, 1), (None, 1)])
def test_a_file_that_is_touched_no_more_is_told(tmp_path: Path, age: float | None, code: int) -> None:
    file = tmp_path / "taken"
    if age is not None:
        file.touch()
        os.utime(file, (time.time() - age,) * 2)
    done = run("health", "--fresh", file, "--within", "45")
    assert done.returncode == code
    assert bool(done.stdout) == bool(code)


@pytest.fixture
def reloader(server: Told, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    (tmp_path / "watched").mkdir()
    (tmp_path / "watched/routes.yml").write_text("one")
    where = ["--watch", tmp_path / "watched", "--state", tmp_path / "taken", "--every", "0.05", "--port", "0"]
    process = begin("reloader", *where, "--reload", server.url, "--optional", "http://no-such-host.invalid/")
    yield process
    process.kill()
    process.wait()


def test_a_change_is_told_once_whatever_changes(
    server: Told, tmp_path: Path, reloader: subprocess.Popen[bytes]
) -> None:
    assert eventually((tmp_path / "taken").exists)
    ready = tmp_path / "ready.yml"  # written elsewhere and moved: while it is written, a file is empty for a moment
    ready.write_text("two")
    changes: list[Callable[[], object]] = [
        lambda: ready.replace(tmp_path / "watched/routes.yml"),
        lambda: (tmp_path / "watched/more.tmpl").write_text(""),
        lambda: (tmp_path / "watched/more.tmpl").rename(tmp_path / "watched/other.tmpl"),
        (tmp_path / "watched/other.tmpl").unlink,
    ]
    for count, change in enumerate(changes, start=2):
        change()
        assert eventually(lambda count=count: len(server.asked) == count)  # type: ignore[misc]
    time.sleep(0.3)
    assert server.asked == ["POST /"] * 5


def test_a_refusal_is_told_again_until_it_is_taken(
    server: Told, tmp_path: Path, reloader: subprocess.Popen[bytes]
) -> None:
    assert eventually((tmp_path / "taken").exists)
    server.status = 500
    (tmp_path / "watched/routes.yml").write_text("broken")
    assert eventually(lambda: not (tmp_path / "taken").exists())
    before = len(server.asked)
    assert eventually(lambda: len(server.asked) > before + 2)
    server.status = 200
    assert eventually((tmp_path / "taken").exists)
    reloader.terminate()
    assert reloader.wait(LIFETIME) == 0
    assert reloader.stderr is not None
    said = reloader.stderr.read().decode()
    assert said.count("refused the configuration and goes on with the one before: what it says") == 1


def test_the_reloader_says_whether_the_configuration_is_taken(
    server: Told, tmp_path: Path, reloader: subprocess.Popen[bytes]
) -> None:
    assert reloader.stderr is not None
    found = re.search(rb"http://[\d.:]+/metrics", reloader.stderr.readline())
    assert found

    def said() -> str:
        answer = requests.get(found[0].decode(), timeout=PATIENCE)
        assert answer.status_code == 200
        return answer.text

    assert eventually(lambda: "slostack_reloader_taken 1.0" in said())
    assert "process_resident_memory_bytes" in said()
    server.status = 500
    (tmp_path / "watched/routes.yml").write_text("broken")
    assert eventually(lambda: "slostack_reloader_taken 0.0" in said())


def test_a_reloader_that_hangs_is_a_target_down() -> None:
    door, asked = Door(0.05), Request("GET", ("metrics",), {})
    door.note(taken=True)
    assert eventually(lambda: door.silent() > 0.05)
    with pytest.raises(ResponseError, match="restart the reloader") as raised:
        door.respond(asked)
    assert raised.value.status == 503
    patient = Door(60)
    patient.note(taken=True)
    assert patient.respond(asked).status == 200


def test_a_port_that_is_taken_is_told_in_a_sentence(server: Told, tmp_path: Path) -> None:
    port = str(server.server_address[1])
    done = run("reloader", "--watch", tmp_path, "--reload", server.url, "--port", port)
    assert done.returncode == 3
    assert done.stderr == b"reloader: cannot listen on 127.0.0.1 port %s (Address already in use)" % port.encode() + (
        b"; choose another --port.\n"
    )


@pytest.mark.parametrize("program", ["reloader", "workload"])
def test_a_pause_does_not_end_a_program(program: str, tmp_path: Path, server: Told) -> None:
    arguments = {
        "reloader": ["--watch", str(tmp_path), "--reload", server.url, "--every", "0.1"],
        "workload": ["--port", "0"],
    }[program]
    process = begin(program, *arguments)
    assert process.stderr is not None
    assert process.stderr.readline()  # it runs
    process.send_signal(signal.SIGSTOP)
    time.sleep(0.5)
    process.send_signal(signal.SIGCONT)
    assert not eventually(lambda: process.poll() is not None, 0.5)
    process.terminate()
    assert process.wait(LIFETIME) == 0


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    folder = tmp_path / "volume"
    (folder / "blocks/01").mkdir(parents=True)
    # Always the same archive: where a flipped bit falls says how it is found.
    (folder / "blocks/01/chunk").write_bytes(random.Random(1).randbytes(100_000))  # noqa: S311 - no secret
    (folder / "lock").write_text("of the running program")
    for path in (folder / "blocks/01/chunk", folder / "blocks/01", folder / "blocks"):
        os.utime(path, (1_763_600_000, 1_763_600_000))
    return folder


def test_what_was_packed_replaces_what_is_there(volume: Path) -> None:
    content = (volume / "blocks/01/chunk").read_bytes()
    packed = run("archive", "pack", volume)
    assert packed.returncode == 0
    (volume / "blocks/01/chunk").write_bytes(b"changed")
    (volume / "later").write_text("written after the backup")
    assert run("archive", "unpack", volume, data=packed.stdout).returncode == 0
    assert {path.relative_to(volume).as_posix() for path in volume.rglob("*")} == {
        "blocks",
        "blocks/01",
        "blocks/01/chunk",
    }
    assert (volume / "blocks/01/chunk").read_bytes() == content


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_half_a_backup_changes_nothing(volume: Path, share: float) -> None:
    packed = run("archive", "pack", volume).stdout
    before = {path: path.read_bytes() for path in volume.rglob("*") if path.is_file()}
    done = run("archive", "unpack", volume, data=packed[: int(len(packed) * share)])
    assert done.returncode == 3
    assert b"cannot be unpacked" in done.stderr
    assert {path: path.read_bytes() for path in volume.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_a_flipped_bit_changes_nothing(volume: Path, share: float) -> None:
    packed = bytearray(run("archive", "pack", volume).stdout)
    before = {path: path.read_bytes() for path in volume.rglob("*") if path.is_file()}
    packed[int(len(packed) * share)] ^= 1
    done = run("archive", "unpack", volume, data=bytes(packed))
    assert done.returncode == 3
    assert b"cannot be unpacked: CRC check failed" in done.stderr
    assert {path: path.read_bytes() for path in volume.rglob("*") if path.is_file()} == before


def test_a_volume_that_was_empty_is_empty_again(volume: Path, tmp_path: Path) -> None:
    unused = tmp_path / "unused"
    unused.mkdir()
    packed = run("archive", "pack", unused)
    assert run("archive", "unpack", volume, data=packed.stdout).returncode == 0
    assert list(volume.iterdir()) == []


def test_a_folder_is_emptied_and_stays(volume: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("not in the volume")
    (volume / "link").symlink_to(elsewhere)
    assert run("archive", "empty", volume).returncode == 0
    assert list(volume.iterdir()) == []
    assert (elsewhere / "kept").exists()


def test_a_hostile_archive_writes_nothing_outside(volume: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.tar.gz"
    with tarfile.open(made, "w:gz") as archive:
        entry = tarfile.TarInfo("../../outside")
        archive.addfile(entry)
    assert run("archive", "unpack", volume, data=made.read_bytes()).returncode == 3
    assert not (tmp_path / "outside").exists()
    assert (volume / "blocks/01/chunk").exists()
