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
import shutil
import subprocess
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import orjson

from slostack import version
from slostack.failure import MISSING, USAGE, Failure
from slostack.interruption import held_back
from slostack.live.compose import Compose
from slostack.live.standstill import Step, standstill
from slostack.plan.components import SECOND_ALERTMANAGER
from slostack.tools.process import run

_RECORD = "backup.json"
_FORMAT = 2  # 1 had no checksums
_FOLDER = "/volume"
_SECONDS = 3600.0
_QUICK = 120.0
_PIECE = 1 << 20  # bytes read at once
_HINTS = ("Run 'docker", "See 'docker")  # Docker's last line, after the one that says why


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

_DONE = {"pack": "saved", "unpack": "restored", "empty": "emptied"}

# Not saved, because it knows what the first one knows; after a restore it must not tell what it knew later.
_SECOND = Volume(SECOND_ALERTMANAGER, SECOND_ALERTMANAGER, 65534)


def save(compose: Compose, into: Path, step: Step) -> list[str]:
    """Write every volume's data into the new folder `into`, readable by this user only. Returns the volumes' names.

    Raises Failure where the folder is there already or a volume cannot be read; half a backup is not left behind. Whole
    it stays, even where the programs do not start again afterwards.
    """
    described = _described(compose)
    found = _present(described)
    if not found:
        raise Failure("there is no data yet — `slostack up --engine docker` starts a stack", MISSING)
    image = _image(described)
    record = {
        "format": _FORMAT,
        "slostack": version(),
        "taken": datetime.now(UTC).isoformat(timespec="seconds"),
        "images": _images(compose, described),
    }
    try:
        into.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise Failure(
            f"{into} cannot be made ({error.strerror}) — name a folder that is not there yet", USAGE
        ) from error
    whole = False
    try:
        with standstill(compose, _services(found), step):
            sums = {}
            for volume in found:
                step(f"saving {volume.name}")
                archive = _private(_archive(into, volume.name))
                with archive.open("wb") as out:
                    _run(found[volume], image, volume.user, "pack", out=out)
                sums[volume.name] = {"sha256": _sha256(archive)}  # at once, while it is still in memory
            _private(into / _RECORD).write_bytes(orjson.dumps(record | {"volumes": sums}, option=orjson.OPT_INDENT_2))
            whole = True
            step(f"saved in {into}")
    finally:
        if not whole:
            with held_back():
                shutil.rmtree(into)
    return [volume.name for volume in found]


def restore(compose: Compose, source: Path, step: Step) -> list[str]:
    """Replace the data of every volume that the backup holds. Returns their names.

    A second Alertmanager's volume is emptied with the first one's: it would bring later silences back, and learns the
    restored ones when it joins again.

    Raises Failure where `source` is no backup or one of its files is damaged, before anything is stopped; and where a
    volume cannot be written, which then keeps its data.
    """
    sums = _recorded(source).sums
    for name, expected in sums.items():
        step(f"checking {name}")
        _check(source, name, expected)
    described = _described(compose)
    there = _present(described)
    found = {volume: name for volume, name in there.items() if volume.name in sums}
    missing = sorted(set(sums) - {volume.name for volume in found})
    if missing:
        raise Failure(f"there is no volume for {', '.join(missing)} — start the stack once, then restore", MISSING)
    image = _image(described)
    with standstill(compose, _services(found), step):
        if "alertmanager" in sums and (second := _present(described, (_SECOND,))):
            step(f"emptying {_SECOND.name}")
            _run(second[_SECOND], image, _SECOND.user, "empty")
        restored: list[str] = []
        try:
            for volume, name in found.items():
                step(f"restoring {volume.name}")
                with _archive(source, volume.name).open("rb") as stream:
                    _run(name, image, volume.user, "unpack", into=stream)
                restored.append(volume.name)
        except BaseException:
            with contextlib.suppress(OSError):  # a terminal that is gone changes nothing
                step(f"restored is {', '.join(restored) or 'nothing'} — restore again: the rest may be as it was")
            raise
    return restored


def differences(compose: Compose, source: Path) -> list[str]:
    """What the backup was made with that is not what would read it now: a sentence for each.

    A program may refuse the data of a newer one. Raises Failure where `source` is no backup.
    """
    recorded = _recorded(source)
    told = []
    if recorded.version != version():
        told.append(f"the backup was made by slostack {recorded.version}, and this is {version()}")
    now = _images(compose, _described(compose))
    for service in sorted({volume.service for volume in VOLUMES if volume.name in recorded.sums}):
        before, after = recorded.images.get(service), now.get(service)
        if before and after and before != after:
            tags = before.partition("@")[0], after.partition("@")[0]  # digests only where the tag does not tell
            before, after = tags if tags[0] != tags[1] else (before, after)
            told.append(f"the data of {service} were written by {before}, and {after} is to read them")
    return told


def _images(compose: Compose, described: dict[str, Any]) -> dict[str, str]:
    """Every service's image reference: that of its container, else what Compose would start."""
    known = {name: str(service["image"]) for name, service in described["services"].items()}
    names = {container.name: container.service for container in compose.containers()}
    if names:
        asked = run(["docker", "inspect", "--format", "{{.Name}} {{.Config.Image}}", *names], timeout=_QUICK)
        for line in asked.stdout.splitlines():
            name, _, reference = line.removeprefix("/").partition(" ")
            known[names[name]] = reference
    return known


@dataclass(frozen=True)
class _Recorded:
    """What a backup says of itself: its files' SHA-256 by their volumes, and what the data were written by."""

    sums: dict[str, str]
    version: str
    images: dict[str, str]


def _services(found: dict[Volume, str]) -> list[str]:
    return [*{volume.service for volume in found}, _SECOND.service]


def _archive(folder: Path, volume: str) -> Path:
    return folder / f"{volume}.tar.gz"


def _recorded(source: Path) -> _Recorded:
    """What a backup says of itself. Raises Failure where it is none, or not whole."""
    try:
        record = orjson.loads((source / _RECORD).read_bytes())
        if record["format"] != _FORMAT:
            raise Failure(f"{source} was written by another version of slostack — use that one", USAGE)
        sums = {str(name): str(saved["sha256"]) for name, saved in record["volumes"].items()}
        writers = {str(service): str(image) for service, image in record.get("images", {}).items()}
        recorded = _Recorded(sums, str(record["slostack"]), writers)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(f"{source} is no backup — name a folder that `slostack backup` has written", USAGE) from error
    lost = [name for name in sums if not _archive(source, name).is_file()]
    if lost:
        raise Failure(f"{source} is not whole: {', '.join(lost)} is missing — use another backup", USAGE)
    return recorded


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


def _described(compose: Compose) -> dict[str, Any]:
    """The Compose file as Compose reads it."""
    described: dict[str, Any] = orjson.loads(compose.ask("config", "--format", "json"))
    return described


def _present(described: dict[str, Any], among: tuple[Volume, ...] = VOLUMES) -> dict[Volume, str]:
    """Those of the volumes that exist, by the name that Docker has for them."""
    real = {name: details["name"] for name, details in described["volumes"].items()}
    listed = subprocess.run(["docker", "volume", "ls", "--quiet"], check=True, capture_output=True, text=True)
    there = set(listed.stdout.split())
    return {volume: real[volume.name] for volume in among if real.get(volume.name) in there}


def _image(described: dict[str, Any]) -> str:
    """The image with the program that packs and unpacks. Raises Failure where it is not on this machine."""
    image = str(described["services"]["init"]["image"])
    if run(["docker", "image", "inspect", image], timeout=_QUICK).code != 0:
        raise Failure(f"the image {image} is not here — build it: `docker compose build init`", MISSING)
    return image


def _run(
    volume: str, image: str, user: int, what: str, into: IO[bytes] | None = None, out: IO[bytes] | None = None
) -> None:
    """Let the archive program work on a volume. Raises Failure, with its last words, where it fails."""
    name = f"{volume}-{what}-{os.getpid()}"
    mount = f"type=volume,source={volume},target={_FOLDER}{',readonly' if what == 'pack' else ''},volume-nocopy"
    hardened = ["--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges:true"]
    # The image is built here and no registry knows its name; what is packed must not go to the engine's log as well.
    argv = ["docker", "run", "--pull=never", "--log-driver=none", "--rm", "--interactive", f"--name={name}", *hardened]
    argv += [f"--user={user}:{user}", f"--mount={mount}", image, "archive", what, _FOLDER]
    try:
        ended = subprocess.run(
            argv,
            check=False,
            stdin=into or subprocess.DEVNULL,
            stdout=out or subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_SECONDS,
            start_new_session=True,
        )
    except OSError as error:
        raise Failure(f"{volume} was not {_DONE[what]}: {error}", MISSING) from error
    except BaseException as error:
        with held_back():
            _leave(name, what)
        if isinstance(error, subprocess.TimeoutExpired):
            raise Failure(f"{volume} was not {_DONE[what]} within {_SECONDS:g} s", MISSING) from error
        raise
    if ended.returncode != 0:
        raise Failure(f"{volume} was not {_DONE[what]}: {_reason(ended.stderr) or ended.returncode}", MISSING)


def _leave(name: str, what: str) -> None:
    """See to it that a container whose client is gone no longer works on its volume.

    Reading can end anywhere. Writing ends by itself: what has not arrived whole is dropped, and what has is put in
    place within seconds, which must not be cut in two.
    """
    if what != "pack":
        run(["docker", "wait", name], timeout=_SECONDS, apart=True)
    run(["docker", "rm", "--force", name], timeout=_QUICK, apart=True)


def _reason(said: bytes) -> str:
    """The line of what Docker said that says why."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines()]
    return next((line for line in reversed(lines) if line and not line.startswith(_HINTS)), "")


def _private(path: Path) -> Path:
    """The new file `path`, readable by this user only."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return path
