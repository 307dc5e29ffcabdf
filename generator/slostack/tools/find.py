"""Finds promtool, amtool, Prometheus and Alertmanager, or fetches them: the only door to a real binary.

In this order: the variable `SLOSTACK_<NAME>` (a path), `PATH` where the version is recent enough, slostack's cache,
Debian packages, Go modules, Docker. What is fetched goes to `$XDG_CACHE_HOME/slostack` (default `~/.cache/slostack`).
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
import platform
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from slostack.tools import alertmanager, container, debian, golang
from slostack.tools.catalogue import KITS, Kit, Name, Tool, Version, dotted, parse_version
from slostack.tools.errors import ToolError
from slostack.tools.process import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_RECORD = "kit.json"
_WAIT_SECONDS = 2400.0


def find(name: Name, on_step: Callable[[str], None] = lambda _step: None) -> Tool:
    """The program `name`, ready to run; fetched when it has to be, which takes seconds (from Go modules: minutes).

    `on_step` gets a sentence before each long step.

    Raises:
        ToolError: `SLOSTACK_<NAME>` names no usable program, or there is none and none can be fetched.
    """
    found, passed_over = _at_hand(name, KITS[name])
    return found or _fetched(name, KITS[name], passed_over, on_step)


def at_hand(name: Name) -> Tool | None:
    """The program `name` where it needs not be fetched, else None.

    Raises:
        ToolError: `SLOSTACK_<NAME>` names no usable program.
    """
    return _at_hand(name, KITS[name])[0]


def _at_hand(name: Name, kit: Kit) -> tuple[Tool | None, list[str]]:
    named = os.environ.get(_variable(name))
    if named:
        return _from_variable(name, kit, Path(named)), []
    found, passed_over = _on_path(name, kit)
    return found or _in_cache(name, kit), passed_over


def cache_home() -> Path:
    """slostack's directory for what it fetched; safe to delete at any time."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if base.startswith("/"):  # the standard wants relative paths ignored
        return Path(base) / "slostack"
    try:
        return Path.home() / ".cache/slostack"
    except RuntimeError as error:  # a user without an entry in the user database, as in many containers
        msg = "this user has no home directory; set HOME or XDG_CACHE_HOME to a directory that can be written to"
        raise ToolError(msg) from error


def _variable(name: Name) -> str:
    return f"SLOSTACK_{name.upper()}"


def _from_variable(name: Name, kit: Kit, path: Path) -> Tool:
    version = _version(name, path)
    if version is None:
        msg = f"{_variable(name)} is {path}, which is no {name} that runs here; set it to one or unset it"
        raise ToolError(msg)
    if version < kit.minimum:
        msg = (
            f"{_variable(name)} is {path}, version {dotted(version)}, but {dotted(kit.minimum)} or newer is needed; "
            "set it to a newer one or unset it"
        )
        raise ToolError(msg)
    path = path.absolute()
    return Tool(path, version, f"${_variable(name)}", [str(path)])


def _on_path(name: Name, kit: Kit) -> tuple[Tool | None, list[str]]:
    """The first program on PATH that is recent enough, and what was passed over before it."""
    passed_over: list[str] = []
    for folder in filter(None, os.environ.get("PATH", "").split(os.pathsep)):
        for file_name in kit.programs[name]:
            path = Path(folder, file_name).absolute()
            if not os.access(path, os.X_OK) or path.is_dir():
                continue
            version = _version(name, path)
            if version is not None and version >= kit.minimum:
                return Tool(path, version, "PATH", [str(path)]), passed_over
            what = f"version {dotted(version)}" if version else "without a version"
            passed_over.append(f"{path} ({what}) was passed over")
    return None, passed_over


def _version(name: Name, path: Path) -> Version | None:
    try:
        stamp = path.stat()
    except OSError:
        return None
    return _ask_version(name, path, stamp.st_mtime_ns, stamp.st_size)


@functools.lru_cache(maxsize=64)
def _ask_version(name: Name, path: Path, _mtime_ns: int, _size: int) -> Version | None:
    """Asked once for each state of a file: a command calls promtool many times."""
    try:
        return parse_version(name, run([str(path), "--version"], timeout=30).text)
    except ToolError:
        return None


def _kits() -> Path:
    return cache_home() / "tools"


def _in_cache(name: Name, kit: Kit) -> Tool | None:
    """The newest fetched version; a half-made directory has no record and does not count."""
    found = []
    for record in _kits().glob(f"{kit.name}-*-{platform.machine()}/{_RECORD}"):
        facts = json.loads(record.read_text(encoding="utf-8"))
        version: Version = tuple(facts["version"])
        path = record.parent / "bin" / name
        if version >= kit.minimum and path.is_file():
            relocated = name in facts["relocated"]
            argv = alertmanager.argv(path, record.parent / "share") if relocated else [str(path)]
            found.append(Tool(path, version, facts["source"], argv))
    return max(found, key=lambda tool: tool.version, default=None)


def _fetched(name: Name, kit: Kit, passed_over: list[str], on_step: Callable[[str], None]) -> Tool:
    try:
        _kits().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{_kits()} cannot be made ({error.strerror}); set XDG_CACHE_HOME to a directory that you can write to"
        raise ToolError(msg) from error
    with _only_one(on_step):
        found = _in_cache(name, kit)  # another process may have fetched it while this one waited
        if found:
            return found
        _fetch(name, kit, passed_over, on_step)
    found = _in_cache(name, kit)
    if found is None:
        msg = f"{_kits()} lost what was fetched into it; run the command again"
        raise ToolError(msg)
    return found


def _fetch(name: Name, kit: Kit, passed_over: list[str], on_step: Callable[[str], None]) -> None:
    sources: dict[str, Callable[[Path], str]] = {"Go": lambda into: golang.fetch(kit, into, on_step)}
    if kit.debian:
        sources = {"Debian": lambda into: debian.fetch(kit, into, cache_home() / "apt", on_step)} | sources
    if kit.image:
        sources["Docker"] = lambda into: container.fetch(kit, into, on_step)
    failures = list(passed_over)
    for left_over in _kits().glob("new-*"):  # of a process that was killed; this one holds the lock
        shutil.rmtree(left_over, ignore_errors=True)
    for label, fetch in sources.items():
        with tempfile.TemporaryDirectory(prefix="new-", dir=_kits()) as fresh:
            into = Path(fresh, "kit")
            into.mkdir()
            try:
                _keep(kit, into, fetch(into))
            except (ToolError, OSError) as error:  # a full disk is no reason for a traceback
                failures.append(f"{label}: {error}")
            else:
                return
    msg = (
        f"{name} {dotted(kit.minimum)} or newer was not found and could not be fetched "
        f"({'; '.join(failures)}): connect this machine to the network, or install {kit.title} from "
        f"{kit.home} and put it on PATH, or set {_variable(name)} to the path of {name}"
    )
    raise ToolError(msg)


def _keep(kit: Kit, into: Path, source: str) -> None:
    """Try every program, record the kit, and switch it into place in one step."""
    relocated = [name for name in kit.programs if _relocate(name, into)]
    versions = []
    for name in kit.programs:
        path = into / "bin" / name
        version = _version(name, path)
        if version is None:
            msg = f"its {name} does not run on this machine ({platform.machine()})"
            raise ToolError(msg)
        if version < kit.minimum:
            msg = f"its {name} {dotted(version)} is older than {dotted(kit.minimum)}"
            raise ToolError(msg)
        versions.append(version)
    facts = {"version": min(versions), "source": source, "relocated": relocated}
    (into / _RECORD).write_text(json.dumps(facts) + "\n", encoding="utf-8")
    target = _kits() / f"{kit.name}-{dotted(min(versions))}-{platform.machine()}"
    shutil.rmtree(target, ignore_errors=True)  # only a damaged one can be there, else it would have been found
    into.rename(target)


def _relocate(name: Name, into: Path) -> bool:
    binary = into / "bin" / name
    return name == "alertmanager" and binary.is_file() and alertmanager.relocate(binary)


@contextmanager
def _only_one(on_step: Callable[[str], None]) -> Iterator[None]:
    """Let one process of this user fetch at a time; the lock ends with its process, however that ends."""
    with (cache_home() / "lock").open("w") as lock:
        deadline = time.monotonic() + _WAIT_SECONDS
        told = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    on_step("another slostack is fetching; waiting for it …")
                    told = True
                if time.monotonic() > deadline:
                    msg = f"another slostack has been fetching for long; end it, then remove {lock.name}"
                    raise ToolError(msg) from None
                time.sleep(0.2)
        yield
