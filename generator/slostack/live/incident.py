"""An incident, followed hop by hop: fault, first bad sample, firing, Alertmanager, inbox, runbook, recovery."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from slostack.failure import FINDINGS, Failure
from slostack.live.clients import Client, wait_until
from slostack.live.stack import Stack

T = TypeVar("T")


@dataclass(frozen=True)
class Hop:
    """A station that the incident has reached, and how many seconds after the fault began."""

    name: str
    seconds: float
    detail: str


@dataclass(frozen=True)
class Arrival:
    """A notification in the inbox, as JSON and as a person reads it."""

    notification: dict[str, Any]
    text: str

    def alert(self, name: str) -> dict[str, Any] | None:
        """The alert of that name in it."""
        return next((one for one in self.notification["alerts"] if one["labels"]["alertname"] == name), None)


class Incident:
    """Drives a named fault of the workload and watches it arrive. Every wait is bounded; Failure says which broke."""

    def __init__(self, stack: Stack, fault: str, alert: str, bad_sample: str, patience: float) -> None:
        self._stack = stack
        self._fault = fault
        self._alert = alert
        self._bad_sample = bad_sample
        self._patience = patience
        self._began = 0.0
        self._last_id: int = 0
        self.arrival: Arrival | None = None

    def burn(self) -> Iterator[Hop]:
        """Begin the fault and follow it to the delivered notification."""
        prometheus, alertmanager, inbox = self._stack.prometheus, self._stack.alertmanager, self._stack.inbox
        self._last_id = max((one["id"] for one in inbox.notifications()), default=0)
        self._began = time.time()
        self._stack.workload.fail(self._fault)
        yield self._hop("fault", f"the workload was told: {self._fault}", self._began)
        self._wait("a bad sample", lambda: (prometheus.number(self._bad_sample) or 0) > 0)
        yield self._hop("bad sample", "Prometheus has scraped failed requests")
        firing = self._wait("firing", lambda: self._firing(prometheus.alerts()))
        yield self._hop("firing", f"{self._alert} fires in Prometheus, value {float(firing['value']):.4g}")
        self._wait("Alertmanager", lambda: self._firing_there(alertmanager.alerts()))
        yield self._hop("Alertmanager", "it was handed over, to be grouped and routed")
        arrived = self._wait("the inbox", lambda: self._arrived("firing"))
        self.arrival = Arrival(arrived, inbox.text(arrived["id"]))
        yield self._hop("inbox", f"delivered to the receiver {arrived['receiver']}", _moment(arrived["received_at"]))
        yield self._hop("runbook", self._open_runbook())

    def recover(self) -> Iterator[Hop]:
        """End the fault and follow the recovery to the resolved notification."""
        self._stack.workload.recover()
        yield self._hop("recovery", "the fault was ended")
        self._wait("the end of the alert", lambda: not self._firing(self._stack.prometheus.alerts()))
        yield self._hop("quiet", f"{self._alert} fires no more")
        resolved = self._wait("the resolved notification", lambda: self._arrived("resolved"))
        self.arrival = Arrival(resolved, self._stack.inbox.text(resolved["id"]))
        yield self._hop("resolved", "the inbox was told", _moment(resolved["received_at"]))

    def _open_runbook(self) -> str:
        assert self.arrival is not None  # noqa: S101 - it arrived one hop before
        alert = self.arrival.alert(self._alert)
        url = alert["annotations"].get("runbook_url", "") if alert else ""
        if not url:
            raise Failure(f"the runbook of {self._alert} does not open: the alert has no link", FINDINGS)
        try:
            answer = Client(url).request("GET", "")
        except Failure as failure:
            raise Failure(f"the runbook of {self._alert} does not open: {failure}", FINDINGS) from failure
        return f"{url} answers {answer.status_code}"

    def _firing(self, alerts: list[dict[str, Any]]) -> dict[str, Any] | None:
        return next(
            (one for one in alerts if one["labels"]["alertname"] == self._alert and one["state"] == "firing"), None
        )

    def _firing_there(self, alerts: list[dict[str, Any]]) -> bool:
        return any(one["labels"]["alertname"] == self._alert for one in alerts)

    def _arrived(self, status: str) -> dict[str, Any] | None:
        for one in self._stack.inbox.notifications(self._last_id):
            names = {alert["labels"]["alertname"] for alert in one["alerts"] if alert["status"] == status}
            if one["status"] == status and self._alert in names:
                return one
        return None

    def _wait(self, what: str, probe: Callable[[], T | None]) -> T:
        found = wait_until(probe, self._patience)
        if not found:
            raise Failure(
                f"{self._alert} did not get as far as {what} within {self._patience:.0f} s; {self._stack.logs}",
                FINDINGS,
            )
        return found

    def _hop(self, name: str, detail: str, at: float | None = None) -> Hop:
        return Hop(name, max(0.0, (at or time.time()) - self._began), detail)


def settled(stack: Stack, seconds: float) -> bool:
    """Wait until every target is up and no rule fails."""
    return bool(wait_until(lambda: _all_up(stack), seconds))


def _all_up(stack: Stack) -> bool:
    targets = stack.prometheus.json("/api/v1/targets")["data"]["activeTargets"]
    return bool(targets) and all(one["health"] == "up" for one in targets) and not stack.prometheus.rule_errors()


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


__all__ = ["Arrival", "Hop", "Incident", "settled"]
