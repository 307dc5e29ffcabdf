"""What arrived, in one form whatever it arrived as. Times are aware datetimes in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRING = "firing"
RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of a notification; `starts_at` and `ends_at` are None when they were not said."""

    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    generator_url: str = ""

    def as_json(self) -> dict[str, object]:
        """The alert with Alertmanager's own key names."""
        return {
            "status": self.status,
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
            "startsAt": iso(self.starts_at),
            "endsAt": iso(self.ends_at),
            "generatorURL": self.generator_url,
        }


@dataclass(frozen=True, slots=True)
class Content:
    """What a body says, before it has an id and a time of arrival."""

    status: str
    alerts: tuple[Alert, ...]
    group_key: str = ""
    group_labels: Mapping[str, str] = field(default_factory=dict)
    truncated: int = 0
    """Alerts that Alertmanager left out of the body."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One delivery to one receiver."""

    id: int
    received_at: datetime
    receiver: str
    kind: str
    content: Content
    raw: Mapping[str, object]

    @property
    def status(self) -> str:
        """`firing` or `resolved`."""
        return self.content.status

    def as_json(self) -> dict[str, object]:
        """The notification as the API gives it."""
        return {
            "id": self.id,
            "received_at": iso(self.received_at),
            "receiver": self.receiver,
            "kind": self.kind,
            "status": self.content.status,
            "group_key": self.content.group_key,
            "group_labels": dict(self.content.group_labels),
            "alerts": [alert.as_json() for alert in self.content.alerts],
            "truncated": self.content.truncated,
            "raw": self.raw,
        }


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds, `2026-11-20T10:14:11.123Z`."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(value: object) -> datetime | None:
    """An RFC 3339 time with any number of fraction digits; None for anything else and for Go's zero time."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return None if moment.year <= 1 else moment
