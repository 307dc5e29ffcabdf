"""What happens to `mcts-framework`: the events of every tick, at its usual rates and under the given conditions.

This module knows nothing of metrics: everything that records what happened takes the same events.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from workload.apportion import Apportionment, Carry
from workload.clock import load_at
from workload.events import AgentRuns, Iterations, Levels, LlmCalls, Requests, Retrievals
from workload.shapes import Bell, LogNormal, Shape, Uniform, mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workload.conditions import Conditions
    from workload.events import Event

_NOISE = 0.2  # how far the traffic of one tick strays from its rate, as a ratio

QUICK = LogNormal(median=0.02, sigma=0.5)
"""Answers that need no model: probes, refusals."""
WORKING = LogNormal(median=1.1, sigma=1.3)
"""Answers that do. With a fifth of quick ones the API's p95 is about 8 s and its p99 about 20 s."""
SLOW = Uniform(30.0, 60.0)
VERY_SLOW = Uniform(60.0, 120.0)
_PACES: tuple[Shape, ...] = (WORKING, SLOW, VERY_SLOW)


class Endpoint(NamedTuple):
    """An endpoint of the API; `rate` is its mean number of requests per scaled second."""

    method: str
    path: str
    rate: float
    duration: Shape


class Agent(NamedTuple):
    """Rate per scaled second, latency in seconds, confidence 0 to 1."""

    rate: float
    latency: Shape
    confidence: Shape


class Provider(NamedTuple):
    """Rate per scaled second, latency in seconds, mean tokens per call that succeeds."""

    rate: float
    latency: Shape
    prompt_tokens: float
    completion_tokens: float


ENDPOINTS = (
    Endpoint("POST", "/chat", 4.5, WORKING),
    Endpoint("POST", "/search", 3.5, WORKING),
    Endpoint("GET", "/agents", 1.0, QUICK),
    Endpoint("GET", "/health", 1.0, QUICK),
)
AGENTS = {
    "hrm": Agent(2.0, LogNormal(0.4, 0.7), Bell(0.80, 0.10, 0, 1)),
    "trm": Agent(2.0, LogNormal(0.8, 0.7), Bell(0.74, 0.13, 0, 1)),
    "mcts": Agent(2.0, LogNormal(2.5, 0.8), Bell(0.86, 0.08, 0, 1)),
}
PROVIDER_CALLS = {
    "openai": Provider(2.0, LogNormal(1.2, 0.7), 900, 260),
    "anthropic": Provider(2.0, LogNormal(1.5, 0.7), 1100, 320),
    "lmstudio": Provider(1.0, LogNormal(3.0, 0.6), 700, 200),
}
ITERATION_RATE = 20.0
ITERATION_LATENCY = LogNormal(0.12, 0.8)
ITERATION_TIMEOUT = Uniform(10.0, 12.0)
SIMULATION_DEPTH = Bell(12, 6, 1, 60)
RAG_RATE = 3.0
RAG_LATENCY = LogNormal(0.25, 0.7)
RAG_DOCUMENTS = Bell(6, 3, 0, 20)
RAG_RELEVANCE = Bell(0.72, 0.15, 0, 1)

STATUSES = ("200", "400", "429", "500", "503")
_BAD_REQUEST_RATIO = 0.005
_UNAVAILABLE_SHARE = 0.2  # of the 5xx answers; the others are 500
_SUCCESS_OR_ERROR = ("success", "error")
_OUTCOMES = ("success", "timeout", "error")


class Traffic:
    """The events of a service's users. The same seed and the same ticks give the same events."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 -- noise on a curve, no secret
        self._carries: defaultdict[str, Carry] = defaultdict(Carry)
        self._apportionments: dict[str, Apportionment] = {}

    def tick(self, scaled_time: float, seconds: float, conditions: Conditions) -> Iterator[Event]:
        """The events of the `seconds` (scaled) that end at `scaled_time` (scaled Unix time)."""
        due = seconds * conditions.load * load_at(scaled_time)
        for endpoint in ENDPOINTS:
            yield from self._requests(endpoint, due, conditions)
        yield from self._refused(seconds, conditions)
        for agent_type, agent in AGENTS.items():
            yield from self._agent_runs(agent_type, agent, due, conditions)
        yield from self._iterations(due, conditions)
        for provider, calls in PROVIDER_CALLS.items():
            yield from self._llm_calls(provider, calls, due, conditions)
        yield from self._retrievals(due, conditions)

    def levels(self, scaled_time: float, conditions: Conditions) -> Levels:
        """The gauges at `scaled_time`. Work in progress is rate times mean duration (Little's law)."""
        load = conditions.load * load_at(scaled_time)
        paces = zip(_pace_shares(conditions), _PACES, strict=True)
        working = sum(share * mean(pace) for share, pace in paces)
        in_progress = load * sum(e.rate * (working if e.duration is WORKING else mean(e.duration)) for e in ENDPOINTS)
        operations = {
            "agent": load * sum(agent.rate * mean(agent.latency) for agent in AGENTS.values()),
            "mcts_search": load * ITERATION_RATE * mean(ITERATION_LATENCY),
            "llm": load * sum(calls.rate * mean(calls.latency) for calls in PROVIDER_CALLS.values()),
            "rag": load * RAG_RATE * mean(RAG_LATENCY),
        }
        # A search tree grows for about ten minutes and is then thrown away.
        grown = scaled_time % 600 / 600
        return Levels(
            active_requests=round(self._noisy(in_progress)),
            active_operations={name: round(self._noisy(number)) for name, number in operations.items()},
            active_nodes=round(self._noisy(load * (200 + 1400 * grown))),
            best_action_confidence=min(0.99, 0.6 + 0.3 * math.sqrt(grown) + self._random.uniform(0, 0.05)),
            queue_depth=round(self._noisy(conditions.queue_depth)),
            memory_bytes=conditions.memory_bytes * (1 + 0.02 * grown),
            cpu_cores=conditions.cpu_cores,
        )

    def _requests(self, endpoint: Endpoint, due: float, conditions: Conditions) -> Iterator[Event]:
        method, path, rate, duration = endpoint
        failed = conditions.request_error_ratio
        shares = {
            "200": (1 - failed) * (1 - _BAD_REQUEST_RATIO),
            "400": (1 - failed) * _BAD_REQUEST_RATIO,
            "500": failed * (1 - _UNAVAILABLE_SHARE),
            "503": failed * _UNAVAILABLE_SHARE,
        }
        counts = self._divide(f"requests {path}", self._due(f"requests {path}", rate * due), tuple(shares.values()))
        for status, count in zip(shares, counts, strict=True):
            if duration is not WORKING or status == "400":
                yield Requests(method, path, status, count, duration if status != "400" else QUICK)
                continue
            parts = self._divide(f"pace {path} {status}", count, _pace_shares(conditions))
            for pace, part in zip(_PACES, parts, strict=True):
                yield Requests(method, path, status, part, pace)

    def _refused(self, seconds: float, conditions: Conditions) -> Iterator[Event]:
        count = self._due("refused", conditions.rate_limited * conditions.load * seconds)
        yield Requests("POST", "/chat", "429", count, QUICK)

    def _agent_runs(self, agent_type: str, agent: Agent, due: float, conditions: Conditions) -> Iterator[Event]:
        failed = conditions.agent_error_ratios[agent_type]
        name = f"agent {agent_type}"
        for status, count in zip(
            _SUCCESS_OR_ERROR, self._divide(name, self._due(name, agent.rate * due), (1 - failed, failed)), strict=True
        ):
            yield AgentRuns(agent_type, status, count, agent.latency, agent.confidence)

    def _iterations(self, due: float, conditions: Conditions) -> Iterator[Event]:
        timeouts = conditions.iteration_timeout_ratio
        errors = conditions.iteration_error_ratio * (1 - timeouts)
        shares = (1 - timeouts - errors, timeouts, errors)
        counts = self._divide("iterations", self._due("iterations", ITERATION_RATE * due), shares)
        for outcome, count in zip(_OUTCOMES, counts, strict=True):
            latency = ITERATION_TIMEOUT if outcome == "timeout" else ITERATION_LATENCY
            yield Iterations(outcome, count, latency, SIMULATION_DEPTH)

    def _llm_calls(self, provider: str, calls: Provider, due: float, conditions: Conditions) -> Iterator[Event]:
        failed = conditions.llm_error_ratios[provider]
        name = f"llm {provider}"
        answered, errors = self._divide(name, self._due(name, calls.rate * due), (1 - failed, failed))
        prompt = round(self._noisy(answered * calls.prompt_tokens))
        completion = round(self._noisy(answered * calls.completion_tokens))
        yield LlmCalls(provider, False, answered, calls.latency, prompt, completion)
        yield LlmCalls(provider, True, errors, calls.latency, 0, 0)

    def _retrievals(self, due: float, conditions: Conditions) -> Iterator[Event]:
        failed = conditions.rag_error_ratio
        counts = self._divide("rag", self._due("rag", RAG_RATE * due), (1 - failed, failed))
        for status, count in zip(_SUCCESS_OR_ERROR, counts, strict=True):
            yield Retrievals(status, count, RAG_LATENCY, RAG_DOCUMENTS, RAG_RELEVANCE)

    def _due(self, stream: str, expected: float) -> int:
        return self._carries[stream].take(self._noisy(expected))

    def _divide(self, stream: str, count: int, shares: Sequence[float]) -> list[int]:
        apportionment = self._apportionments.get(stream)
        if apportionment is None:
            apportionment = self._apportionments[stream] = Apportionment(len(shares))
        return apportionment.divide(count, shares)

    def _noisy(self, expected: float) -> float:
        return expected * self._random.uniform(1 - _NOISE, 1 + _NOISE)


def _pace_shares(conditions: Conditions) -> tuple[float, float, float]:
    """The shares of working requests at each of the paces."""
    slow = conditions.slow_share
    very_slow = conditions.very_slow_share * (1 - slow)
    return 1 - slow - very_slow, slow, very_slow
