"""amtool as the judge of Alertmanager configurations, routes and notification templates.

Each function raises `ToolError` where amtool is missing, breaks or does not end in time, and where a file is not there.
"""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slostack.tools.find import find
from slostack.tools.process import Outcome, run
from slostack.tools.verdict import Verdict, broke, must_exist

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SECONDS = 60.0
_STRICT = "--enable-feature=utf8-strict-mode"  # the server runs with it: both must read matchers alike
_ERROR = "amtool: error: "
_NOISE = re.compile(r"^(time=\S+ level=\S+ .*|Found:|\s*- .*|\s*SUCCESS|Checking '.*'  SUCCESS|)$")


@dataclass(frozen=True)
class Routed:
    """The receivers that an alert reaches, in the order of the routing tree, or what is wrong with the file."""

    ok: bool
    problems: str
    receivers: tuple[str, ...]


@dataclass(frozen=True)
class Rendered:
    """The text of a notification, or what is wrong with the template."""

    ok: bool
    problems: str
    text: str


def check_config(file: Path) -> Verdict:
    """Check a configuration and that its templates parse.

    amtool does not see a template that nobody defines, nor a secret file that is missing: render every template.
    """
    must_exist([file])
    done = _amtool(_STRICT, "check-config", str(file), merged=True)
    if done.code == 0:
        return Verdict(ok=True, problems="")
    if done.code != 1:
        raise broke("amtool", done)
    lines = [line for line in done.stdout.splitlines() if not _NOISE.match(line) and not line.startswith(_ERROR)]
    return Verdict(ok=False, problems="\n".join(lines).strip() or done.text)


def routes_test(file: Path, labels: Mapping[str, str]) -> Routed:
    """The receivers of an alert with these labels; grouping, muting and inhibition are not looked at.

    Receivers' names must have no comma, because amtool joins them with one.
    """
    must_exist([file])
    alert = [f"{name}={_quoted(value)}" for name, value in labels.items()]
    done = _amtool(_STRICT, "--output=simple", "config", "routes", "test", f"--config.file={file}", "--", *alert)
    if done.code == 0:
        printed = done.stdout.strip().splitlines()  # the log comes first
        if not printed:
            raise broke("amtool", done)
        return Routed(ok=True, problems="", receivers=tuple(printed[-1].split(",")))
    return Routed(ok=False, problems=_complaint(done), receivers=())


def render_template(files: Sequence[Path], text: str, data: Mapping[str, Any], *, html: bool = False) -> Rendered:
    """Render `text` (usually `{{ template "name" . }}`) with the definitions in `files`.

    `data` is what Alertmanager hands to a notification: `receiver`, `status`, `alerts`, `groupLabels`, `commonLabels`,
    `commonAnnotations`, `externalURL`. Alertmanager's own default templates are not defined here. `html` escapes as
    for e-mail.
    """
    must_exist(files)
    with tempfile.TemporaryDirectory(prefix="slostack-") as folder:
        given = Path(folder, "data.json")
        given.write_text(json.dumps(data), encoding="utf-8")
        globs = [f"--template.glob={_literal_glob(file)}" for file in files]
        if not globs:  # amtool insists on one
            empty = Path(folder, "none.tmpl")
            empty.touch()
            globs = [f"--template.glob={empty}"]
        kind = f"--template.type={'html' if html else 'text'}"
        done = _amtool("template", "render", *globs, kind, f"--template.text={text}", f"--template.data={given}")
    if done.code == 0:
        return Rendered(ok=True, problems="", text=done.stdout)
    return Rendered(ok=False, problems=_complaint(done), text="")


def _complaint(done: Outcome) -> str:
    """What amtool objects to; an end without an objection is a broken amtool."""
    found = re.search(rf"^{_ERROR}(.+)", done.stderr, re.MULTILINE | re.DOTALL)
    if done.code != 1 or not found:
        raise broke("amtool", done)
    return str(found[1]).strip()


def _quoted(value: str) -> str:
    """`value` as a quoted matcher value."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _literal_glob(file: Path) -> str:
    return re.sub(r"([*?\[\\])", r"\\\1", str(file))


def _amtool(*args: str, merged: bool = False) -> Outcome:
    return run([*find("amtool").argv, *args], timeout=_SECONDS, merged=merged)
