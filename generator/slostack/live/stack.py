"""What a running stack offers to those who drive it, whatever engine runs it."""

from __future__ import annotations

from typing import Protocol

from slostack.live.clients import Alertmanager, Inbox, Prometheus, Workload


class Stack(Protocol):
    """Clients of a running stack's parts. Each raises Failure where the part is not there."""

    @property
    def prometheus(self) -> Prometheus:
        """Its Prometheus."""

    @property
    def alertmanager(self) -> Alertmanager:
        """Its Alertmanager."""

    @property
    def inbox(self) -> Inbox:
        """Its notification inbox."""

    @property
    def workload(self) -> Workload:
        """Its workload."""

    @property
    def logs(self) -> str:
        """Where its logs are, as the end of a sentence."""
