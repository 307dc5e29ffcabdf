"""Every file in the tree: short enough to read, and nothing in it that belongs to one machine."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest

_LONGEST = 400
# Written in parts, so that this file is not its own finding.
_REGISTRIES = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "proxy.go" + "lang.org",
    "sum.go" + "lang.org",
    "crates" + ".io",
]
_PERSONAL = re.compile(r"(?<![\w.$}])/(?:ro" + r"ot|wo" + r"rk|Us" + r"ers|ho" + r"me/\w+)/\w")


@pytest.fixture(scope="module")
def texts(tracked: list[Path]) -> dict[Path, str]:
    contents = {file: file.read_bytes() for file in tracked}
    return {file: content.decode("utf-8") for file, content in contents.items() if b"\0" not in content}


def test_no_python_file_is_too_long_to_read(texts: dict[Path, str], root: Path) -> None:
    lengths = {file.relative_to(root): text.count("\n") for file, text in texts.items() if file.suffix == ".py"}
    assert lengths
    assert {str(file): length for file, length in lengths.items() if length > _LONGEST} == {}


def test_no_module_is_a_drawer_for_everything(texts: dict[Path, str]) -> None:
    assert [file for file in texts if file.stem in {"util", "utils", "helper", "helpers", "common", "misc"}] == []


def test_nothing_names_a_package_registry(texts: dict[Path, str], root: Path) -> None:
    found = [(file.relative_to(root), host) for file, text in texts.items() for host in _REGISTRIES if host in text]
    assert found == []


def test_nothing_names_a_path_of_one_machine(texts: dict[Path, str], root: Path) -> None:
    found = [
        (str(file.relative_to(root)), match[0]) for file, text in texts.items() for match in _PERSONAL.finditer(text)
    ]
    assert found == []


def test_every_text_ends_with_a_line_end_and_has_no_carriage_return(texts: dict[Path, str], root: Path) -> None:
    found = [
        file.relative_to(root) for file, text in texts.items() if (text and not text.endswith("\n")) or "\r" in text
    ]
    assert found == []


def test_the_licence_is_the_official_text(root: Path) -> None:
    digest = hashlib.sha256((root / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def test_scripts_can_be_run(root: Path) -> None:
    assert os.access(root / ".ci/run", os.X_OK)
