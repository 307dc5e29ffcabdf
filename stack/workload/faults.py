"""The faults that can be called by name. A new one is a new entry of the table below."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from workload.conditions import AGENT_TYPES, GIB, PROVIDERS, Conditions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class FaultSettingError(ValueError):
    """What was asked of a fault is not possible; the text is a sentence that says what is."""


@dataclass(frozen=True)
class Level:
    """How strong a fault is: its unit, its default, and the least and the most that make sense."""

    default: float
    unit: str
    low: float
    high: float


@dataclass(frozen=True)
class Target:
    """The one of several label values that a fault hits."""

    label: str
    choices: Sequence[str]
    default: str


@dataclass(frozen=True)
class Setting:
    """A fault's level and target as they were asked for, or their defaults; 0 and "" where it has none."""

    level: float = 0.0
    target: str = ""


class Victim(Protocol):
    """What a fault that strikes once can do."""

    def restart(self) -> None:
        """End the service's process and start a new one in a new container."""

    def fail_unseen(self, count: int) -> None:
        """Answer `count` requests with a status that the service never used before."""


@dataclass(frozen=True)
class Fault:
    """A named fault. `turns` changes the conditions for as long as it is active; `strikes` happens once and is over."""

    description: str
    level: Level | None = None
    target: Target | None = None
    turns: Callable[[Conditions, Setting], Conditions] | None = None
    strikes: Callable[[Victim, Setting], None] | None = None

    def setting(self, wishes: Mapping[str, object]) -> Setting:
        """The setting for a JSON object of wishes. Raises FaultSettingError for what this fault does not have."""
        known = [name for name in ("level" if self.level else "", self.target.label if self.target else "") if name]
        for name in wishes:
            if name not in known:
                takes = " and ".join(repr(each) for each in known) or "nothing"
                raise FaultSettingError(f"This fault has no {name!r}; it takes {takes}.")
        return Setting(self._level_of(wishes), self._target_of(wishes))

    def _level_of(self, wishes: Mapping[str, object]) -> float:
        if self.level is None:
            return 0.0
        wish = wishes.get("level", self.level.default)
        # true is an int to Python, but no level to a person
        if isinstance(wish, bool) or not isinstance(wish, int | float) or not math.isfinite(wish):
            raise FaultSettingError("'level' must be a number.")
        if not self.level.low <= wish <= self.level.high:
            raise FaultSettingError(
                f"'level' must be from {self.level.low:g} to {self.level.high:g} ({self.level.unit})."
            )
        return float(wish)

    def _target_of(self, wishes: Mapping[str, object]) -> str:
        if self.target is None:
            return ""
        wish = wishes.get(self.target.label, self.target.default)
        if not isinstance(wish, str) or wish not in self.target.choices:
            raise FaultSettingError(f"{self.target.label!r} must be one of {', '.join(self.target.choices)}.")
        return wish


def _share(default: float, of: str) -> Level:
    return Level(default, f"share of {of}", 0, 1)


RESTART_EVERY = 240.0
"""Scaled seconds between two restarts of the fault `restarts`: 15 in a scaled hour."""

# Applied in this order: a later fault overrides an earlier one that turns the same dial.
FAULTS: dict[str, Fault] = {
    "errors": Fault(
        "API requests fail with status 500 or 503.",
        level=_share(0.3, "requests"),
        turns=lambda world, to: replace(world, request_error_ratio=to.level),
    ),
    "slow": Fault(
        "Requests that need a model take 30 to 60 s, so that p95 is over 30 s.",
        level=_share(0.3, "these requests"),
        turns=lambda world, to: replace(world, slow_share=to.level),
    ),
    "very-slow": Fault(
        "A few requests that need a model take 60 to 120 s, so that p99 is over 60 s and p95 stays healthy.",
        level=_share(0.04, "these requests"),
        turns=lambda world, to: replace(world, very_slow_share=to.level),
    ),
    "down": Fault(
        "/metrics answers 503; the work behind it goes on and shows in the counters afterwards.",
        turns=lambda world, _: replace(world, reachable=False),
    ),
    "idle": Fault(
        "There is no traffic; counters stay where they are.",
        turns=lambda world, _: replace(world, load=0.0, queue_depth=0.0, cpu_cores=0.02),
    ),
    "reset": Fault(
        "Once: the container restarts, so that all counters of the service begin at 0 again.",
        strikes=lambda victim, _: victim.restart(),
    ),
    "memory": Fault(
        "The process grows beyond 7 GB.",
        level=Level(7.5, "GiB of resident memory", 0.1, 13),
        turns=lambda world, to: replace(world, memory_bytes=to.level * GIB),
    ),
    "cpu": Fault(
        "The process uses almost its whole CPU.",
        level=Level(0.95, "cores", 0, 1),
        turns=lambda world, to: replace(world, cpu_cores=to.level),
    ),
    "iteration-timeouts": Fault(
        "Iterations of the tree search time out.",
        level=_share(0.1, "iterations"),
        turns=lambda world, to: replace(world, iteration_timeout_ratio=to.level),
    ),
    "agent-errors": Fault(
        "Runs of one agent fail.",
        level=_share(0.5, "the agent's runs"),
        target=Target("agent_type", AGENT_TYPES, "mcts"),
        turns=lambda world, to: replace(world, agent_error_ratios={**world.agent_error_ratios, to.target: to.level}),
    ),
    "llm-errors": Fault(
        "Calls of one LLM provider fail, more than 0.5/s of them.",
        level=_share(0.8, "the provider's calls"),
        target=Target("provider", PROVIDERS, "anthropic"),
        turns=lambda world, to: replace(world, llm_error_ratios={**world.llm_error_ratios, to.target: to.level}),
    ),
    "rag-errors": Fault(
        "Retrieval queries fail.",
        level=_share(0.5, "queries"),
        turns=lambda world, to: replace(world, rag_error_ratio=to.level),
    ),
    "rate-limited": Fault(
        "Far more requests come than the rate limit lets through; each is refused with 429.",
        level=Level(25, "refused requests per scaled second", 0, 1000),
        turns=lambda world, to: replace(world, rate_limited=to.level),
    ),
    "queue": Fault(
        "Requests pile up in the queue.",
        level=Level(250, "waiting requests, give or take a fifth", 0, 10_000),
        turns=lambda world, to: replace(world, queue_depth=to.level),
    ),
    "disk": Fault(
        "The disk is almost full.",
        level=Level(0.08, "share of the disk that is free", 0, 1),
        turns=lambda world, to: replace(world, disk_free_ratio=to.level),
    ),
    "restarts": Fault(
        "The container restarts at once and then every 4 scaled minutes; counters begin at 0 each time.",
        turns=lambda world, _: replace(world, restart_every=RESTART_EVERY),
    ),
    "late-born": Fault(
        "Once: failed requests with status 502, a series that did not exist before; it stays until a restart.",
        level=Level(500, "failed requests", 1, 1_000_000),
        strikes=lambda victim, to: victim.fail_unseen(int(to.level)),
    ),
}
