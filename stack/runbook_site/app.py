"""Addresses of the runbook site and what answers there."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import Counter

from runbook_site.library import Entry, Library, LibraryError
from runbook_site.markdown import GUIDES, PLACEHOLDER
from runbook_site.parsing import first_sentence
from runbook_site.rendering import render_html
from runbook_site.values import Values
from webpage import Request, Response, ResponseError, environment, exposition, html, methods, plain, registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runbook_site.parsing import Page

_TEMPLATES = environment(Path(__file__).parent / "templates")
_MEANING = "What this means"


class RunbookSite:
    """The application: reads the folder, fills and shows its pages."""

    name = "runbook_site"
    max_body = 64 * 1024

    def __init__(self, library: Library, settings: Mapping[str, str]) -> None:
        """`settings` fill placeholders on every page and win over the address."""
        self._library = library
        self._settings = settings
        self._registry = registry()
        self._read = Counter(
            "slostack_runbooks_read",
            "How often each page was opened since the start; of pages that are not there, together.",
            ["page"],
            registry=self._registry,
        )

    def close(self) -> None:
        """Nothing is kept open."""

    def respond(self, request: Request) -> Response:
        """Route one request; the site only reads."""
        methods(request, ["GET"])
        try:
            match request.segments:
                case ():
                    return self._index(request.query)
                case ("healthz",):
                    self._library.entries()
                    return plain("ok\n")
                case ("metrics",):
                    return exposition(self._registry)
                case (name,) if entry := self._library.find(name, guide=False):
                    return self._page(entry, request.query)
                case ("guides", name) if entry := self._library.find(name, guide=True):
                    return self._page(entry, request.query)
            return self._missing(request)
        except LibraryError as error:
            raise ResponseError(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error

    def _page(self, entry: Entry, query: Mapping[str, str]) -> Response:
        page = self._library.read(entry)
        self._read.labels(f"{GUIDES}/{entry.name}" if entry.guide else entry.name).inc()
        values = Values.of(query, self._settings)
        text = _TEMPLATES.get_template("page.html").render(
            name=entry.name,
            guide=entry.guide,
            page=page,
            made=render_html(page, query, self._settings, entry.path),
            carried=values.carried(),
            context=[(name, value) for name, value in values.asked.items() if name != "since"],
            since=_since(values.get("since") or ""),
        )
        return html(text)

    def _index(self, query: Mapping[str, str]) -> Response:
        values = Values.of(query, self._settings)
        groups: dict[str, list[tuple[Entry, str, str, bool]]] = {"Alerts": [], "Guides": []}
        for entry in self._library.entries():
            if entry.name == "README":
                continue
            page = self._library.read(entry)
            row = (entry, page.title or entry.name, _meaning(page, values), page.draft)
            groups["Guides" if entry.guide else "Alerts"].append(row)
        return html(_TEMPLATES.get_template("index.html").render(groups=groups, carried=values.carried()))

    def _missing(self, request: Request) -> Response:
        self._read.labels("").inc()
        name = "/".join(request.segments)
        near = self._library.near(name.removeprefix(f"{GUIDES}/"))
        carried = Values.of(request.query, self._settings).carried()
        text = _TEMPLATES.get_template("missing.html").render(name=name, near=near, carried=carried)
        return html(text, HTTPStatus.NOT_FOUND)


def _meaning(page: Page, values: Values) -> str:
    """The first sentence for the index; an ellipsis where only the notification knows the word."""
    section = page.section(_MEANING)
    sentence = first_sentence(section.body if section else page.preamble)
    return PLACEHOLDER.sub(lambda match: values.get(match.group(1)) or "…", sentence)


def _since(text: str) -> str:
    """Seconds since 1970 as words; empty for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        return ""
    moment = datetime.fromtimestamp(int(text), UTC).astimezone()
    minutes = int((datetime.now(UTC) - moment).total_seconds() // 60)
    ago = f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"
    return f"{moment:%Y-%m-%d %H:%M} {moment.tzname()}" + (f" ({ago})" if 0 <= minutes < 60 * 48 else "")
