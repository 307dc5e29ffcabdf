"""Fetches a kit as Debian packages: no root, nothing installed, signatures checked by apt.

apt gets directories of its own and one source, the machine's own mirror with a newer suite. Of the machine's apt
configuration only what reaches the network is taken over (proxies, time limits): its hooks need root, and a permission
to skip signatures must not reach us.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slostack.tools import apt_sources
from slostack.tools.catalogue import Kit, dotted, parse_package_version
from slostack.tools.errors import ToolError
from slostack.tools.process import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Callable

SUITES = ("forky", "sid", "trixie")
"""In the order they are asked: the steadier first. A suite whose version is too old is passed over."""

_INHERITED = re.compile(r"Acquire::(https?|ftp|Check-Valid-Until|Check-Date|Max-ValidTime|ForceIPv[46]|Retries)\b")
_UNREACHABLE = re.compile(r"resolv|connect|timed out|unreachable|proxy", re.IGNORECASE)
_KEYRINGS = tuple(Path("/usr/share/keyrings") / f"debian-archive-keyring.{ending}" for ending in ("gpg", "pgp"))
_UPDATE_SECONDS = 300.0
_DOWNLOAD_SECONDS = 600.0


@dataclass(frozen=True)
class _Apt:
    """apt with private directories under `home` and one source list."""

    home: Path

    def prepare(self, sources: str, *, accept_expired: bool = False) -> None:
        """Write the configuration; an empty `sources` means the machine's own source lists."""
        for folder in ("lists/partial", "cache/archives/partial", "state", "empty"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        (self.home / "state/status").touch()
        inherited = [
            line
            for line in run(["apt-config", "dump"], timeout=30).stdout.splitlines()
            if _INHERITED.match(line) and not line.endswith(' "";')
        ]
        own = {
            "Dir::Etc::Main": "/dev/null",
            "Dir::Etc::Parts": f"{self.home}/empty",
            "Dir::Etc::Preferences": "/dev/null",
            "Dir::Etc::PreferencesParts": f"{self.home}/empty",
            "Dir::State": f"{self.home}/state",
            "Dir::State::Status": f"{self.home}/state/status",
            "Dir::State::Lists": f"{self.home}/lists",
            "Dir::Cache": f"{self.home}/cache",
            "Dir::Cache::PkgCache": "",  # 90 MB that save one second
            "Dir::Cache::SrcPkgCache": "",
            "APT::Sandbox::User": "root",  # the user _apt cannot write to a private directory
            "APT::Update::Error-Mode": "any",  # else a failed update ends with 0
            "Acquire::Languages": "none",
            "Acquire::GzipIndexes": "true",
            "Acquire::http::Timeout": "30",
            "Acquire::https::Timeout": "30",
        }
        if sources:
            (self.home / "sources.list").write_text(sources, encoding="utf-8")
            own |= {"Dir::Etc::SourceList": f"{self.home}/sources.list", "Dir::Etc::SourceParts": f"{self.home}/empty"}
        if accept_expired:
            own["Acquire::Check-Valid-Until"] = "false"
        lines = [*inherited, *(f'{key} "{value}";' for key, value in own.items())]
        (self.home / "apt.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def run(self, *argv: str, timeout: float, cwd: Path | None = None) -> Outcome:
        return run(argv, timeout=timeout, cwd=cwd, env={"APT_CONFIG": str(self.home / "apt.conf")})

    def update(self) -> Outcome:
        return self.run("apt-get", "update", timeout=_UPDATE_SECONDS)

    def candidates(self, packages: tuple[str, ...]) -> dict[str, str]:
        """The newest version of each package that this source has."""
        found = {}
        for package in packages:
            shown = self.run("apt-cache", "show", "--no-all-versions", package, timeout=60)
            match = re.search(r"^Version: (\S+)$", shown.stdout, re.MULTILINE)
            if match:
                found[package] = match[1]
        return found

    def download(self, packages: list[str], into: Path) -> list[Path]:
        """The package files, each checked by apt against the signed index."""
        into.mkdir(parents=True, exist_ok=True)
        done = self.run("apt-get", "download", *packages, timeout=_DOWNLOAD_SECONDS, cwd=into)
        if done.code != 0:
            raise ToolError(_reason(done))
        return sorted(into.glob("*.deb"))


def fetch(kit: Kit, into: Path, apt_home: Path, on_step: Callable[[str], None]) -> str:
    """Unpack the kit's packages below `into` and say where they came from, e.g. `Debian forky, prometheus 3.5.3-6`.

    `apt_home` keeps apt's lists, so that the second kit needs no second download of them.

    Raises:
        ToolError: no suite has a new enough version, or none can be reached; the message says why for each.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        msg = "apt is not on this machine"
        raise ToolError(msg)
    mirror = apt_sources.debian_mirror(apt_sources.read())
    keyrings = [key for key in dict.fromkeys((*mirror.signed_by, *_KEYRINGS)) if key.is_file()]
    failures = []
    for suite in SUITES:
        on_step(f"fetching {kit.title} from Debian {suite} …")
        try:
            apt = _open(mirror.uri, suite, keyrings, apt_home, on_step)
            return _unpack(kit, apt, suite, into)
        except ToolError as error:
            failures.append(f"{suite}: {error}")
            if _UNREACHABLE.search(str(error)):  # the other suites are on the same server
                break
    raise ToolError("; ".join(failures))


def _unpack(kit: Kit, apt: _Apt, suite: str, into: Path) -> str:
    versions = apt.candidates(kit.debian)
    main = kit.debian[0]
    version = parse_package_version(versions.get(main, ""))
    if version is None:
        msg = f"no package {main}"
        raise ToolError(msg)
    if version < kit.minimum:
        msg = f"{main} {versions[main]} is older than {dotted(kit.minimum)}"
        raise ToolError(msg)
    for deb in apt.download(list(versions), into / "packages"):
        done = run(["dpkg-deb", "-x", str(deb), str(into / "unpacked")], timeout=120)
        if done.code != 0:
            raise ToolError(_reason(done))
    for names in kit.programs.values():
        for file in (into / "unpacked/usr/bin" / name for name in names):
            if file.is_file():
                (into / "bin").mkdir(exist_ok=True)
                file.rename(into / "bin" / names[0])
    share = into / "unpacked/usr/share/prometheus"
    if share.is_dir():
        share.rename(into / "share")
    shutil.rmtree(into / "packages")
    shutil.rmtree(into / "unpacked")
    return f"Debian {suite}, {main} {versions[main]}"


def _open(uri: str, suite: str, keyrings: list[Path], apt_home: Path, on_step: Callable[[str], None]) -> _Apt:
    """apt with an up-to-date, verified index of one suite."""
    apt = _Apt(apt_home / suite)
    keys = keyrings or _fetch_keyring(apt_home, on_step)
    apt.prepare(_line(uri, suite, keys))
    done = apt.update()
    if "NO_PUBKEY" in done.text or "Missing key" in done.text:
        apt.prepare(_line(uri, suite, _fetch_keyring(apt_home, on_step)))
        done = apt.update()
    if done.code != 0 and "is expired" in done.text:
        # A frozen mirror still serves what Debian signed. It could hold back a newer version, but never go below the
        # oldest one that we accept; a version pinned in this file would be no fresher.
        on_step(f"the mirror's index of Debian {suite} is out of date; its signature is good, so it is used")
        apt.prepare(_line(uri, suite, keys), accept_expired=True)
        done = apt.update()
    if done.code != 0:
        raise ToolError(_reason(done))
    return apt


def _line(uri: str, suite: str, keyrings: list[Path]) -> str:
    # Only the machine's own architecture: apt would also fetch the lists of every foreign one that dpkg knows.
    own = run(["dpkg", "--print-architecture"], timeout=30).stdout.strip()
    return f"deb [arch={own} signed-by={','.join(map(str, keyrings))}] {uri} {suite} main\n"


def _fetch_keyring(apt_home: Path, on_step: Callable[[str], None]) -> list[Path]:
    """Debian's keys from the package `debian-archive-keyring` of the machine's own, already trusted sources."""
    on_step("fetching Debian's signing keys from this machine's own package sources …")
    apt = _Apt(apt_home / "own")
    apt.prepare("")
    apt.update()  # one dead source among several is no reason to stop: the download below decides
    folder = apt_home / "keyring"
    shutil.rmtree(folder, ignore_errors=True)
    for deb in apt.download(["debian-archive-keyring"], folder):
        run(["dpkg-deb", "-x", str(deb), str(folder)], timeout=60)
    keys = [folder / key.relative_to("/") for key in _KEYRINGS]
    found = [key for key in keys if key.is_file()]
    if not found:
        msg = "Debian's signing keys are not to be had (install the package debian-archive-keyring)"
        raise ToolError(msg)
    return found


def _reason(done: Outcome) -> str:
    """apt's first complaint, without its letter; apt puts the cause first and the consequences after it."""
    complaints = re.findall(r"^(?:[EW]|dpkg-deb: error|Err:\d+): ?(.+)$", done.text, re.MULTILINE)
    return str(complaints[0]) if complaints else f"apt ended with code {done.code}"
