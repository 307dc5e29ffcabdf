"""The folder of pages. It is listed for every request, so that a changed file is seen at once."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from runbook_site.markdown import GUIDES, PAGE_FILE
from runbook_site.parsing import Page, parse

_MAX_BYTES = 1024 * 1024


class LibraryError(Exception):
    """A file or the folder cannot be read; one sentence."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: `path` below the folder (`guides/x.md`), `address` on the site (`/guides/x`)."""

    path: str
    name: str
    guide: bool

    @property
    def address(self) -> str:
        """Where the site serves it."""
        return f"/{GUIDES}/{self.name}" if self.guide else f"/{self.name}"


class Library:
    """`<name>.md` are pages of alerts, `guides/<name>.md` are guides, `README.md` is for the Git host."""

    def __init__(self, root: Path) -> None:
        """`root` must be a directory when it is read, not yet now."""
        self._root = root.resolve()

    def entries(self) -> list[Entry]:
        """All pages by name, then all guides; raises `LibraryError`."""
        return self._list(self._root, guide=False) + self._list(self._root / GUIDES, guide=True)

    def find(self, name: str, *, guide: bool) -> Entry | None:
        """A page by its name, with or without `.md`. Only names that the listing has are ever opened."""
        wanted = name.removesuffix(".md")
        return next((item for item in self.entries() if item.name == wanted and item.guide == guide), None)

    def near(self, name: str) -> list[Entry]:
        """Up to five pages whose names resemble `name`, the nearest first."""
        known = {item.address.removeprefix("/"): item for item in self.entries()}
        lowered: dict[str, list[Entry]] = {}
        for address, item in known.items():
            for text in {address.lower(), item.name.lower()}:
                lowered.setdefault(text, []).append(item)
        wanted = name.removesuffix(".md").lower()
        close = difflib.get_close_matches(wanted[:200], lowered, n=8, cutoff=0.5)
        close += [text for text in lowered if len(wanted) > 3 and wanted in text]
        return list(dict.fromkeys(item for text in close for item in lowered[text]))[:5]

    def read(self, entry: Entry) -> Page:
        """Parse the file as it is now; raises `LibraryError`."""
        path = self._root / entry.path
        try:
            with path.open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
        except OSError as error:
            raise LibraryError(f"{entry.path} cannot be read: {error.strerror}.") from error
        if len(data) > _MAX_BYTES:
            raise LibraryError(f"{entry.path} is larger than {_MAX_BYTES} bytes; split it.")
        return parse(data.decode("utf-8", "replace"))

    def _list(self, folder: Path, *, guide: bool) -> list[Entry]:
        if guide and not folder.is_dir():
            return []
        try:
            paths = sorted(folder.iterdir(), key=lambda path: path.name.lower())
        except OSError as error:
            raise LibraryError(f"{folder} cannot be listed: {error.strerror}.") from error
        return [
            Entry(f"{GUIDES}/{path.name}" if guide else path.name, path.stem, guide)
            for path in paths
            if PAGE_FILE.fullmatch(path.name) and path.is_file() and path.resolve().is_relative_to(self._root)
        ]
