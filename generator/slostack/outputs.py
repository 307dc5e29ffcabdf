"""Every generated file: the one table of renderers, and the order in which they run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path, PurePosixPath

import orjson

from slostack.files import Change
from slostack.plan.model import Plan
from slostack.render import alertmanager, dashboards, grafana, prometheus, rules, runbooks

Renderer = Callable[[Plan], Mapping[str, str | bytes]]

RENDERERS: tuple[Renderer, ...] = (
    rules.render,
    alertmanager.render,
    prometheus.render,
    grafana.render,
    dashboards.render,
)

# What the text of a generated file bears, whichever spec it is from: its header, or the names of its templates.
_MARKS = (b"by `slostack generate`", b'{{ define "slostack.')
_TAG = "slostack"  # of every dashboard, which as JSON has no comments


def render(plan: Plan, pages: Mapping[str, str], runbooks_folder: str) -> dict[str, bytes]:
    """All files of a plan by path, runbook pages included; `pages` are their texts as they stand.

    Raises PageError where a page's markers are damaged.
    """
    files: dict[str, bytes] = {}
    for renderer in RENDERERS:
        for path, content in renderer(plan).items():
            files[path] = content.encode() if isinstance(content, str) else content
    for path, text in runbooks.render(plan, runbooks_folder, pages).items():
        files[path] = text.encode()
    return files


def pages(root: Path, folder: str) -> dict[str, str]:
    """The texts of the runbook pages below `root`, by path. Raises PageError where one cannot be read."""
    found = {}
    for path in sorted((root / folder).glob("*.md")):
        try:
            found[f"{folder}/{path.name}"] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise runbooks.PageError(f"{path} is not in UTF-8 at byte {error.start} — save it as UTF-8") from error
        except OSError as error:
            raise runbooks.PageError(f"{path} cannot be read: {error.strerror} — make it a readable file") from error
    return found


def ours(change: Change) -> bool:
    """Whether the file that a change overwrites was generated: a runbook page with its block, or a text with a mark."""
    old = change.old or b""
    if change.path.endswith(".md"):
        return runbooks.BEGIN.encode() in old
    if not change.path.endswith(".json"):
        return any(mark in old for mark in _MARKS)
    try:
        dashboard = orjson.loads(old)
    except orjson.JSONDecodeError:
        return False
    return isinstance(dashboard, dict) and _TAG in (dashboard.get("tags") or ())


def abandoned(texts: Mapping[str, str], folder: str, names: Collection[str]) -> frozenset[str]:
    """The paths of runbook pages that nobody wrote in and that belong to no alert of any environment any more.

    `texts` are the pages below `folder` by path, `names` those of all alerts.
    """
    depth = folder.count("/") + 1
    return frozenset(
        path
        for path, text in texts.items()
        if path.count("/") == depth and PurePosixPath(path).stem not in names and runbooks.untouched(text)
    )
