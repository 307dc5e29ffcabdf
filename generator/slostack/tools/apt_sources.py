"""Where this machine's apt fetches Debian from, read from both of apt's formats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_SUITES = frozenset(
    (
        "oldoldstable",
        "oldstable",
        "stable",
        "testing",
        "unstable",
        "bullseye",
        "bookworm",
        "trixie",
        "forky",
        "duke",
        "sid",
    )
)
DEFAULT_MIRROR = "http://deb.debian.org/debian"


@dataclass(frozen=True)
class Source:
    """One address and suite of a source list; `signed_by` names keyring files (keys within the text are left out)."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: tuple[Path, ...] = ()


def parse_one_line(text: str) -> list[Source]:
    """The sources of a `.list` file: `deb [options] URI SUITE COMPONENT…`."""
    found = []
    for raw in text.splitlines():
        line = raw.split("#", 1)[0].strip()
        match = re.fullmatch(r"deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)((?:\s+\S+)*)", line)
        if not match:
            continue
        options = dict(option.split("=", 1) for option in (match[1] or "").split() if "=" in option)
        if options.get("enabled", "yes") in {"no", "false", "0"}:
            continue
        keys = _keyrings(options.get("signed-by", "").replace(",", " "))
        found.append(Source(match[2], match[3], tuple(match[4].split()), keys))
    return found


def parse_deb822(text: str) -> list[Source]:
    """The sources of a `.sources` file: stanzas of `Field: value`, a value going on in indented lines."""
    found = []
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        key = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace():
                fields[key] = f"{fields.get(key, '')}\n{line.strip()}"
            elif ":" in line:
                name, value = line.split(":", 1)
                key = name.strip().lower()
                fields[key] = value.strip()
        enabled = fields.get("enabled", "yes").lower() not in {"no", "false", "0"}
        if not enabled or "deb" not in fields.get("types", "").split():
            continue
        keys = _keyrings(fields.get("signed-by", ""))
        components = tuple(fields.get("components", "").split())
        found += [
            Source(uri, suite, components, keys)
            for uri in fields.get("uris", "").split()
            for suite in fields.get("suites", "").split()
        ]
    return found


def read(etc_apt: Path = Path("/etc/apt")) -> list[Source]:
    """Every source of this machine, in apt's order; files that this user may not read are left out."""
    files = [etc_apt / "sources.list", *sorted((etc_apt / "sources.list.d").glob("*"))]
    found: list[Source] = []
    for file in files:
        parse = {".list": parse_one_line, ".sources": parse_deb822}.get(file.suffix)
        if parse is None or not file.is_file():
            continue
        try:
            found += parse(file.read_text(encoding="utf-8", errors="replace"))
        except PermissionError:
            continue
    return found


def debian_mirror(sources: list[Source]) -> Source:
    """The first source that is Debian's main archive; elsewhere (Ubuntu, Mint) Debian's own address."""
    for source in sources:
        if source.uri.startswith("cdrom:") or "security" in source.uri:
            continue
        if source.suite in _SUITES and "main" in source.components:
            return source
    return Source(DEFAULT_MIRROR, "stable", ("main",))


def _keyrings(value: str) -> tuple[Path, ...]:
    if "BEGIN PGP" in value:  # the key itself, in lines that may begin with a slash
        return ()
    return tuple(Path(word) for word in value.split() if word.startswith("/"))
