"""The last hop of an incident: its runbook opens."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from slostack.failure import FINDINGS, Failure
from slostack.live.incident import Arrival, Incident
from slostack.live.local import LocalStack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/HighErrorRate" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def pages() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def opened(folder: Path, annotations: dict[str, str]) -> str:
    """What the hop says about the runbook of an alert with these annotations."""
    incident = Incident(LocalStack(folder, (), 60, None), "errors", "HighErrorRate", "1", patience=1)
    alert = {"labels": {"alertname": "HighErrorRate"}, "annotations": annotations}
    incident.arrival = Arrival({"alerts": [alert]}, "")
    return incident._open_runbook()


def test_a_runbook_opens_without_the_proxy_of_this_shell(
    tmp_path: Path, pages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    assert opened(tmp_path, {"runbook_url": f"{pages}/HighErrorRate"}) == f"{pages}/HighErrorRate answers 200"


def test_a_missing_page_and_a_missing_link_are_findings(tmp_path: Path, pages: str) -> None:
    for noted, reason in (({"runbook_url": f"{pages}/Other"}, "404"), ({}, "the alert has no link")):
        with pytest.raises(Failure, match=reason) as failure:
            opened(tmp_path, noted)
        assert failure.value.exit_code == FINDINGS
