"""Rule files as data and as text: one order of keys, a sentence above each group, no time stamps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from slostack.render import yamltext


@dataclass(frozen=True)
class Rule:
    """A recording rule, or an alerting rule where `alert` is set. Durations are Prometheus durations."""

    expr: str
    record: str = ""
    alert: str = ""
    for_: str = ""
    keep_firing_for: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)

    def entry(self) -> dict[str, Any]:
        """The rule as a mapping, without what is empty."""
        pairs: dict[str, Any] = {
            "record": self.record,
            "alert": self.alert,
            "expr": self.expr,
            "for": self.for_,
            "keep_firing_for": self.keep_firing_for,
            "labels": self.labels,
            "annotations": self.annotations,
        }
        return {key: value for key, value in pairs.items() if value}


@dataclass(frozen=True)
class Group:
    """Rules that are evaluated one after another at one instant, every `interval` (a Prometheus duration)."""

    name: str
    interval: str
    rules: tuple[Rule, ...]
    comment: str  # what the group is for

    def text(self) -> str:
        """The group as an item of the list `groups`, below its comment."""
        entry = {"name": self.name, "interval": self.interval, "rules": [rule.entry() for rule in self.rules]}
        lines = yamltext.document([entry], self.comment).removesuffix("\n").split("\n")
        return "".join(f"  {line}\n" if line else "\n" for line in lines)


def write(groups: list[Group], what: str, source: str, scale: int) -> str:
    """A rule file's text. `what` it is for, `source` the spec's file name; a `scale` other than 1 is said aloud."""
    header = yamltext.generated(source, what)
    if scale != 1:
        header += f"\nTime runs {scale} times faster here: every duration is divided by {scale}. Not for production."
    comment = "".join(f"# {line}\n" for line in header.splitlines())
    return comment + "\ngroups:\n" + "\n".join(group.text() for group in groups)
