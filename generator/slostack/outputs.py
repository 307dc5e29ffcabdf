"""Every generated file: the one table of renderers, and the order in which they run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

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
