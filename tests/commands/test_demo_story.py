"""The words of `slostack demo` around an incident: each part says what it shows, and the README shows the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from slostack.commands import demo
from slostack.live.incident import Hop

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
TEXT = "■ PAGE It burns\nshop · demo\n"


class Story:
    """An incident of which only the telling matters."""

    def __init__(self, *_: object, **__: object) -> None:
        self.arrival = SimpleNamespace(text=TEXT)

    def burn(self) -> Iterator[Hop]:
        yield Hop("inbox", 6.8, "delivered to the receiver shop-page")

    def recover(self) -> Iterator[Hop]:
        yield Hop("resolved", 16.8, "the inbox was told")


def test_the_text_of_the_notification_is_told_to_be_the_inboxs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "settled", lambda *_: True)
    monkeypatch.setattr(demo, "history", SimpleNamespace(write=lambda *_: 1, wait_until_recorded=lambda *_: None))
    monkeypatch.setattr(demo, "Incident", Story)
    stack: Any = SimpleNamespace(prometheus=None)
    plan: Any = SimpleNamespace(lapse=lambda query: query)
    demo._tell(stack, plan, 0.0)  # the whole command needs a minute, and real servers
    told = capsys.readouterr().out
    headings = [line for line in told.splitlines() if line.endswith(":")]
    assert headings == ["The API begins to fail:", "What the inbox shows:", "The API recovers:"]
    shown = told.split("What the inbox shows:")[1].split("The API recovers:")[0]
    assert shown.split("\n") == ["", "", "  │ ■ PAGE It burns", "  │ shop · demo", "", "", ""]
    places = [README.index(heading + "\n") for heading in headings]
    assert places == sorted(places)
