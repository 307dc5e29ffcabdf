"""Saves the data of a containers' stack to a folder, and puts it back.

A volume is read and written by a container that runs as the user whose files they are: nothing needs root, and nothing
reads another's data. The programs are stopped meanwhile, because a copy of files that are being written is no backup;
that takes seconds, and alerts that fire stay with Alertmanager's receivers until it is back.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import subprocess
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from slostack import version
from slostack.failure import MISSING, USAGE, Failure
from slostack.live.clients import wait_until
from slostack.live.compose import Compose
from slostack.plan.components import SECOND_ALERTMANAGER

_RECORD = "backup.json"
_FORMAT = 2  # 1 had no checksums
_FOLDER = "/volume"
_SECONDS = 3600.0
_PIECE = 1 << 20  # bytes read at once
_READY_SECONDS = 300.0  # a large Prometheus reads its log before it answers


@dataclass(frozen=True)
class Volume:
    """A named volume: the program that writes it, and the user that its files belong to."""

    name: str
    service: str
    user: int


# Grafana's database is encrypted with its secret key, and neither is of use without the other.
VOLUMES = (
    Volume("prometheus", "prometheus", 65534),
    Volume("alertmanager", "alertmanager", 65534),
    Volume("grafana", "grafana", 472),
    Volume("secrets", "grafana", 472),
    Volume("inbox", "inbox", 10001),
    Volume("jaeger", "jaeger", 10001),
)

# Not saved, because it knows what the first one knows; after a restore it must not tell what it knew later.
_SECOND = Volume(SECOND_ALERTMANAGER, SECOND_ALERTMANAGER, 65534)

Step = Callable[[str], None]


def save(compose: Compose, into: Path, step: Step) -> list[str]:
    """Write every volume's data into the new folder `into`, readable by this user only. Returns the volumes' names.

    Raises Failure where the folder is there already or a volume cannot be read; half a backup is not left behind.
    """
    found = _present(compose)
    if not found:
        raise Failure("there is no data yet — `slostack up --engine docker` starts a stack", MISSING)
    image = _image(compose)
    try:
        into.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise Failure(
            f"{into} cannot be made ({error.strerror}) — name a folder that is not there yet", USAGE
        ) from error
    written: list[Path] = []
    try:
        with _stopped(compose, [volume.service for volume in found], step):
            for volume in found:
                step(f"saving {volume.name}")
                written.append(_archive(into, volume.name))
                with _private(_archive(into, volume.name)).open("wb") as out:
                    _run(_command(found[volume], image, volume.user, "pack", read_only=True), "saved", stdout=out)
        record = {
            "format": _FORMAT,
            "slostack": version(),
            "taken": datetime.now(UTC).isoformat(timespec="seconds"),
            "volumes": {volume.name: {"sha256": _sha256(_archive(into, volume.name))} for volume in found},
        }
        written.append(_private(into / _RECORD))
        (into / _RECORD).write_bytes(orjson.dumps(record, option=orjson.OPT_INDENT_2))
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        into.rmdir()
        raise
    return [volume.name for volume in found]


def restore(compose: Compose, source: Path, step: Step) -> list[str]:
    """Replace the data of every volume that the backup holds. Returns their names.

    A second Alertmanager's volume is emptied with the first one's: it would bring later silences back, and learns the
    restored ones when it joins again.

    Raises Failure where `source` is no backup or one of its files is damaged, before anything is stopped; and where a
    volume cannot be written, which then keeps its data.
    """
    sums = _recorded(source)
    for name, expected in sums.items():
        step(f"checking {name}")
        _check(source, name, expected)
    there = _present(compose)
    found = {volume: name for volume, name in there.items() if volume.name in sums}
    missing = sorted(set(sums) - {volume.name for volume in found})
    if missing:
        raise Failure(f"there is no volume for {', '.join(missing)} — start the stack once, then restore", MISSING)
    image = _image(compose)
    with _stopped(compose, [volume.service for volume in found], step):
        if "alertmanager" in sums and (second := _present(compose, (_SECOND,))):
            step(f"emptying {_SECOND.name}")
            _run(_command(second[_SECOND], image, _SECOND.user, "empty", read_only=False), "emptied")
        for volume, name in found.items():
            step(f"restoring {volume.name}")
            with _archive(source, volume.name).open("rb") as stream:
                _run(_command(name, image, volume.user, "unpack", read_only=False), "restored", stdin=stream)
    return [volume.name for volume in found]


def _archive(folder: Path, volume: str) -> Path:
    return folder / f"{volume}.tar.gz"


def _recorded(source: Path) -> dict[str, str]:
    """The volumes of a backup, each with its file's SHA-256. Raises Failure where it is none, or not whole."""
    try:
        record = orjson.loads((source / _RECORD).read_bytes())
        known = record["format"] == _FORMAT
        sums = {str(name): str(saved["sha256"]) for name, saved in record["volumes"].items()} if known else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(f"{source} is no backup — name a folder that `slostack backup` has written", USAGE) from error
    if not known:
        raise Failure(f"{source} was written by another version of slostack — use that one", USAGE)
    lost = [name for name in sums if not _archive(source, name).is_file()]
    if lost:
        raise Failure(f"{source} is not whole: {', '.join(lost)} is missing — use another backup", USAGE)
    return sums


def _check(source: Path, name: str, expected: str) -> None:
    """Raise Failure where a volume's file is not what was saved, or cannot be read to its end."""
    archive = _archive(source, name)
    try:
        if _sha256(archive) != expected:
            raise Failure(f"{source} is not whole: {archive.name} is not what was saved — use another backup", USAGE)
        with gzip.open(archive) as stream:
            while stream.read(_PIECE):  # what was damaged before its sum was taken fails its own checksum
                continue
    except (OSError, EOFError, zlib.error) as error:
        raise Failure(
            f"{source} is not whole: {archive.name} cannot be read ({error}) — use another backup", USAGE
        ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _present(compose: Compose, among: tuple[Volume, ...] = VOLUMES) -> dict[Volume, str]:
    """Those of the volumes that exist, by the name that Docker has for them."""
    described = orjson.loads(compose.ask("config", "--format", "json"))
    real = {name: details["name"] for name, details in described["volumes"].items()}
    listed = subprocess.run(["docker", "volume", "ls", "--quiet"], check=True, capture_output=True, text=True)
    there = set(listed.stdout.split())
    return {volume: real[volume.name] for volume in among if real.get(volume.name) in there}


def _image(compose: Compose) -> str:
    described = orjson.loads(compose.ask("config", "--format", "json"))
    return str(described["services"]["init"]["image"])


def _command(volume: str, image: str, user: int, what: str, *, read_only: bool) -> list[str]:
    mount = f"type=volume,source={volume},target={_FOLDER}{',readonly' if read_only else ''},volume-nocopy"
    hardened = ["--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges:true"]
    return [
        "docker",
        "run",
        "--rm",
        "--interactive",
        *hardened,
        f"--user={user}:{user}",
        f"--mount={mount}",
        image,
        "archive",
        what,
        _FOLDER,
    ]


def _run(argv: list[str], done: str, **streams: object) -> None:
    try:
        ended = subprocess.run(argv, check=False, stderr=subprocess.PIPE, timeout=_SECONDS, **streams)  # type: ignore[call-overload]
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(f"a volume was not {done}: {error}", MISSING) from error
    if ended.returncode != 0:
        said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Failure(f"a volume was not {done}: {said[-1] if said else f'exit code {ended.returncode}'}", MISSING)


@contextlib.contextmanager
def _stopped(compose: Compose, services: list[str], step: Step) -> Iterator[None]:
    """Stop what runs of these services, and start just that again, whatever happens in between."""
    running = {container.service for container in compose.containers() if container.state == "running"}
    wanted = sorted(running.intersection(services) | ({_SECOND.service} & running if services else set()))
    try:
        if wanted:
            step(f"stopping {', '.join(wanted)} for a moment")
            compose.ask("stop", *wanted, timeout=_SECONDS)  # one that fails half-way has stopped some
        yield
    finally:
        if wanted:
            step("starting them again")
            compose.ask("start", *wanted, timeout=_SECONDS)
            wait_until(
                lambda: all(one.well for one in compose.containers() if one.service in wanted), _READY_SECONDS, 1
            )


def _private(path: Path) -> Path:
    """The new file `path`, readable by this user only."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return path
