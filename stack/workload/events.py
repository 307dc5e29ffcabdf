"""What happened, in bulk: the language between traffic, which makes events, and the instruments that record them.

Each event is `count` things of one kind with equal labels; the values that differ from thing to thing are a shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from workload.shapes import Shape


@dataclass(frozen=True, slots=True)
class Requests:
    """API requests that were answered; `duration` in seconds."""

    method: str
    endpoint: str
    status: str
    count: int
    duration: Shape


@dataclass(frozen=True, slots=True)
class AgentRuns:
    """Runs of one agent; `latency` in seconds, `confidence` 0 to 1 and only recorded for runs that succeed."""

    agent_type: str
    status: str
    count: int
    latency: Shape
    confidence: Shape


@dataclass(frozen=True, slots=True)
class Iterations:
    """Iterations of the tree search; `latency` in seconds, `depth` in levels of the tree."""

    outcome: str
    count: int
    latency: Shape
    depth: Shape


@dataclass(frozen=True, slots=True)
class LlmCalls:
    """Calls of an LLM provider; `latency` in seconds, tokens are totals over all `count` calls."""

    provider: str
    failed: bool
    count: int
    latency: Shape
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Retrievals:
    """RAG queries; `latency` in seconds, `documents` found per query, `relevance` 0 to 1."""

    status: str
    count: int
    latency: Shape
    documents: Shape
    relevance: Shape


Event: TypeAlias = Requests | AgentRuns | Iterations | LlmCalls | Retrievals


@dataclass(frozen=True, slots=True)
class Levels:
    """What the gauges of the service show at one moment."""

    active_requests: int
    active_operations: dict[str, int]
    """Running operations by operation_type."""
    active_nodes: int
    best_action_confidence: float
    """0 to 1."""
    queue_depth: int
    memory_bytes: float
    cpu_cores: float


@dataclass(frozen=True, slots=True)
class Example:
    """One thing that happened and was traced: what a histogram or a counter shows as an exemplar.

    `what` and `labels` name the thing as its metrics do, and it took `seconds`; `at` is the end of its request, in Unix
    seconds.
    """

    what: Literal["request", "agent", "iteration", "llm", "rag"]
    labels: tuple[str, ...]
    failed: bool
    seconds: float
    trace_id: str
    at: float
