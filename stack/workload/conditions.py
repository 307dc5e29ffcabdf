"""The dials of the played world: how it is when it is healthy, and what the faults turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

GIB = 1024.0**3
AGENT_TYPES = ("hrm", "trm", "mcts")
PROVIDERS = ("openai", "anthropic", "lmstudio")


@dataclass(frozen=True)
class Conditions:
    """The state of the world for one tick. Ratios and shares are 0 to 1; rates are per scaled second."""

    reachable: bool = True
    """Whether /metrics answers."""
    load: float = 1.0
    """Multiplies all traffic; 0 is idle."""
    request_error_ratio: float = 0.0005
    slow_share: float = 0.0
    """The share of working requests that take 30 to 60 s."""
    very_slow_share: float = 0.0
    """The share of working requests that take 60 to 120 s."""
    agent_error_ratios: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(AGENT_TYPES, 0.002))
    iteration_timeout_ratio: float = 0.002
    iteration_error_ratio: float = 0.001
    llm_error_ratios: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(PROVIDERS, 0.001))
    rag_error_ratio: float = 0.002
    rate_limited: float = 0.05
    """Requests refused by the rate limit."""
    queue_depth: float = 3.0
    memory_bytes: float = 3 * GIB
    cpu_cores: float = 0.35
    disk_free_ratio: float = 0.55
    restart_every: float | None = None
    """Scaled seconds between two restarts of the container; None: it stays up."""
