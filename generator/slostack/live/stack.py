"""What every running stack offers, whichever engine runs it: the clients of its parts."""

from __future__ import annotations

from abc import ABC, abstractmethod

from slostack.live.clients import Alertmanager, Inbox, Prometheus, Workload


class Stack(ABC):
    """A stack that runs. An engine says where its parts are and where their logs are."""

    @abstractmethod
    def url(self, name: str) -> str:
        """The address of a part. Raises Failure where the stack has no such part."""

    @property
    @abstractmethod
    def logs(self) -> str:
        """Where its logs are, as the end of a sentence."""

    @property
    def prometheus(self) -> Prometheus:
        """Its Prometheus."""
        return Prometheus(self.url("prometheus"))

    @property
    def alertmanager(self) -> Alertmanager:
        """Its Alertmanager."""
        return Alertmanager(self.url("alertmanager"))

    @property
    def inbox(self) -> Inbox:
        """Its notification inbox."""
        return Inbox(self.url("inbox"))

    @property
    def workload(self) -> Workload:
        """Its workload."""
        return Workload(self.url("workload"))
