"""Many incidents in one stack: each fault begins when it disturbs no other, and is followed to its resolution."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import requests

from slostack.live.local import LocalStack
from tests.integration.conftest import told


@dataclass(frozen=True)
class Drill:
    """A fault, the alert that it must raise, and who must be told.

    `after_arrival` and `after_resolution` are alerts to wait for, because the fault would blur them.
    """

    fault: str
    alert: str
    receiver: str
    after_arrival: tuple[str, ...] = ()
    after_resolution: tuple[str, ...] = ()


@dataclass
class Story:
    """What was seen of one drill; seconds since the campaign began."""

    began: float | None = None
    arrived: float | None = None
    resolved: float | None = None
    fired: bool = False
    firing: list[dict[str, Any]] = field(default_factory=list)
    ended: list[dict[str, Any]] = field(default_factory=list)
    runbooks: dict[str, int] = field(default_factory=dict)


class Campaign:
    """Runs drills and keeps their stories; what arrives and belongs to no drill is kept too."""

    def __init__(self, stack: LocalStack, drills: tuple[Drill, ...]) -> None:
        self._stack = stack
        self._drills = {drill.alert: drill for drill in drills}
        self._seen = 0
        self._start = time.monotonic()
        self.stories = {drill.alert: Story() for drill in drills}
        self.unexpected: list[str] = []

    def run(self, seconds: float) -> None:
        """Until every drill is resolved, or the time is over: then the stories tell what is missing."""
        while self._now() < seconds and not all(story.resolved for story in self.stories.values()):
            self._begin_what_may()
            for alert in self._stack.prometheus.alerts():
                name = alert["labels"]["alertname"]
                if alert["state"] == "firing" and name in self.stories:
                    self.stories[name].fired = True
            self._read_inbox()
            time.sleep(0.1)
        time.sleep(2)  # whatever still wants to come
        self._read_inbox()

    def _begin_what_may(self) -> None:
        for drill in self._drills.values():
            story = self.stories[drill.alert]
            if (
                story.began is None
                and all(self.stories[name].arrived for name in drill.after_arrival)
                and all(self.stories[name].resolved for name in drill.after_resolution)
            ):
                story.began = self._now()
                self._stack.workload.fail(drill.fault)

    def _read_inbox(self) -> None:
        for notification in told(self._stack, self._seen):
            self._seen = notification["id"]
            for alert in notification["alerts"]:
                self._sort(notification, alert)

    def _sort(self, notification: dict[str, Any], alert: dict[str, Any]) -> None:
        name, status = alert["labels"]["alertname"], alert["status"]
        story = self.stories.get(name)
        if story is None or notification["receiver"] != self._drills[name].receiver:
            self.unexpected.append(f"{status} {name} at {notification['receiver']}")
        elif status == "firing":
            story.firing.append(alert)
            if story.arrived is None:
                story.arrived = self._now()
                url = alert["annotations"]["runbook_url"]
                story.runbooks[url] = requests.get(url, timeout=10).status_code
                self._stack.workload.request("DELETE", f"/faults/{self._drills[name].fault}")
        else:
            story.ended.append(alert)
            story.resolved = self._now()

    def _now(self) -> float:
        return time.monotonic() - self._start
