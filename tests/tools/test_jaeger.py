"""Jaeger is used where it is, and fetched only when somebody asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from slostack.failure import Failure
from slostack.live import tracing
from slostack.tools.errors import ToolError
from slostack.tools.find import at_hand, find

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Fake = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def _nothing_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SLOSTACK_JAEGER", raising=False)


def test_one_on_path_is_at_hand(fake: Fake) -> None:
    """It says its version in words of its own, after a line of its log."""
    path = fake(
        "jaeger", "echo '2026/01/01 00:00:00 application version: git-version=v2.20.0' >&2; echo jaeger version v2.20.0"
    )
    found = at_hand("jaeger")
    assert found is not None
    assert (found.path, found.version) == (path, (2, 20, 0))
    assert tracing.wanted(None)
    assert not tracing.wanted(False)


def test_version_one_is_not_taken_for_it(fake: Fake) -> None:
    """It knows no such configuration."""
    fake("jaeger", "echo jaeger version v1.76.0")
    assert at_hand("jaeger") is None
    assert not tracing.wanted(None)


def test_nothing_is_fetched_until_it_is_asked_for(fake: Fake, tmp_path: Path) -> None:
    """Not even looked for: a build takes minutes."""
    for name in ("go", "docker", "apt-get"):
        fake(name, f"touch {tmp_path}/called")
    assert at_hand("jaeger") is None
    assert not tracing.wanted(None)
    assert tracing.wanted(True)
    assert not (tmp_path / "called").exists()


def test_a_wrong_path_in_the_variable_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than passed over in silence."""
    monkeypatch.setenv("SLOSTACK_JAEGER", "/bin/true")
    with pytest.raises(ToolError, match="SLOSTACK_JAEGER is /bin/true, which is no jaeger"):
        tracing.wanted(None)


def test_where_it_cannot_be_built_the_sentence_says_where_to_get_it(fake: Fake) -> None:
    """And how to name it."""
    fake("go", "echo go1.19.8")
    fake("docker", "exit 1")
    with pytest.raises(ToolError) as caught:
        find("jaeger")
    sentence = str(caught.value)
    assert "Go 1.19.8 is older than 1.25" in sentence
    assert "install Jaeger from https://www.jaegertracing.io/download/" in sentence
    assert "SLOSTACK_JAEGER" in sentence


def test_a_missing_package_is_named_where_traces_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they were not, there are none."""
    monkeypatch.setattr(tracing, "_PACKAGES", ("no_such_package.at_all",))
    assert not tracing.wanted(None)
    with pytest.raises(Failure, match=r"no_such_package\.at_all .* `pip install 'slostack\[traces\]'`"):
        tracing.wanted(True)
