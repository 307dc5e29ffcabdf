"""Metrics of an agent service, under the names that its SLOs, alerts and dashboards read.

Without prometheus-client every function here still works and measures nothing. All metrics are in prometheus-client's
default registry; `prometheus_client.start_http_server` serves them. Histograms and counters of failures carry the id
of the running trace as an exemplar: put `track_…` inside the `trace_…` of the same operation.

Every series is there from the moment its function is decorated, with the value 0: a series that is born with its first
error hides that error from `rate()`. What is cancelled (`asyncio.CancelledError`, Ctrl-C) is neither success nor error.

What is no number from 0 on (a provider's `"prompt_tokens": null`, a NaN) is left out, and the log says so once.
"""

from __future__ import annotations

import math
import reprlib
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from instrumentation.around import Around
from instrumentation.once import warn_once
from instrumentation.tracing import current_trace_id

try:
    from prometheus_client import Counter, Gauge, Histogram
except ImportError:
    _CLIENT = False
else:
    _CLIENT = True

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

W = TypeVar("W")

REQUEST_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10, 15, 20, 30, 45, 60, 90, 120)
AGENT_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60)
ITERATION_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
LLM_SECONDS = (0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60)
RAG_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SCORES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)
DEPTHS = (1, 2, 4, 6, 8, 10, 12, 16, 20, 30, 50)
DOCUMENTS = (0, 1, 2, 3, 5, 8, 12, 20)


class _Metric:
    """A metric that never fails the service: what it cannot measure it leaves out, and the log hears of it once.

    Where prometheus-client is missing, it keeps nothing.
    """

    def __init__(self, name: str, metric: Any) -> None:
        self._name = name
        self._metric = metric

    def labels(self, *values: str) -> _Metric:
        return _Metric(self._name, self._metric.labels(*values) if _CLIENT else None)

    def inc(self, amount: float = 1, **exemplar: dict[str, str] | None) -> None:
        self._measure("inc", amount, exemplar)

    def dec(self) -> None:
        self._measure("dec", 1, {})

    def observe(self, amount: float, **exemplar: dict[str, str] | None) -> None:
        self._measure("observe", amount, exemplar)

    def _measure(self, how: str, amount: float, exemplar: dict[str, dict[str, str] | None]) -> None:
        if not _CLIENT:
            return
        try:
            number = float(amount)
            if not 0 <= number < math.inf:  # a NaN stays in a sum for good, a negative number looks like a restart
                raise ValueError
            getattr(self._metric, how)(number, **exemplar)
        except Exception as error:
            warn_once(self._name, f"cannot measure {reprlib.repr(amount)} ({type(error).__name__}), left out")


def _counter(name: str, documentation: str, *labels: str) -> _Metric:
    return _Metric(name, Counter(name, documentation, labels) if _CLIENT else None)


def _gauge(name: str, documentation: str, *labels: str) -> _Metric:
    return _Metric(name, Gauge(name, documentation, labels) if _CLIENT else None)


def _histogram(name: str, documentation: str, buckets: tuple[float, ...], *labels: str) -> _Metric:
    return _Metric(name, Histogram(name, documentation, labels, buckets=buckets) if _CLIENT else None)


_ERRORS = _counter("mcts_errors", "Errors by where they arose.", "error_type")
for _error_type in ("internal", "agent", "search", "llm", "rag"):
    _ERRORS.labels(_error_type)
_ACTIVE = _gauge("mcts_active_operations", "Operations in progress.", "operation_type")

_REQUESTS = _counter("mcts_requests", "API requests answered.", "method", "endpoint", "status")
_REQUEST_SECONDS = _histogram(
    "mcts_request_duration_seconds", "How long an API request took.", REQUEST_SECONDS, "method", "endpoint"
)
_ACTIVE_REQUESTS = _gauge("mcts_active_requests", "API requests in progress.")

_AGENT_RUNS = _counter("mcts_agent_requests", "Runs of an agent.", "agent_type", "status")
_AGENT_SECONDS = _histogram(
    "mcts_agent_request_latency_seconds", "How long a run of an agent took.", AGENT_SECONDS, "agent_type"
)
_CONFIDENCE = _histogram(
    "mcts_agent_confidence_score", "How sure an agent was of its answer, 0 to 1.", SCORES, "agent_type"
)

_ITERATIONS = _counter("mcts_iterations", "Iterations of the tree search.", "outcome")
_ITERATION_SECONDS = _histogram("mcts_iteration_latency_seconds", "How long an iteration took.", ITERATION_SECONDS)
_DEPTH = _histogram("mcts_simulation_depth", "Levels that a simulation went down.", DEPTHS)

_LLM_ERRORS = _counter("mcts_llm_request_errors", "LLM calls that failed.", "provider")
_LLM_SECONDS = _histogram(
    "mcts_llm_request_latency_seconds", "How long an LLM call took; failed ones count too.", LLM_SECONDS, "provider"
)
_TOKENS = _counter("mcts_llm_tokens", "Tokens sent and received.", "provider", "token_type")

_QUERIES = _counter("mcts_rag_queries", "Retrieval queries.", "status")
_RAG_SECONDS = _histogram("mcts_rag_retrieval_latency_seconds", "How long a retrieval took.", RAG_SECONDS)
_FOUND = _histogram("mcts_rag_documents_retrieved", "Documents found by a query.", DOCUMENTS)
_RELEVANCE = _histogram("mcts_rag_relevance_score", "How well documents fit the query, 0 to 1.", SCORES)


@dataclass
class Request:
    """An API request being answered; set the `status` that it is answered with."""

    status: int = 200


@dataclass
class AgentRun:
    """A run of an agent; set how sure it is of its answer, 0 to 1."""

    confidence: float | None = None


@dataclass
class Iteration:
    """An iteration of the search; set how many levels its simulation went down."""

    depth: int | None = None


@dataclass
class LlmCall:
    """A call of a language model; set the tokens that the provider says it counted."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass
class RagQuery:
    """A retrieval; set how many documents were found, and how well they fit, 0 to 1."""

    documents: int | None = None
    relevance: float | None = None


def track_request(method: str, endpoint: str) -> Around[Request]:
    """An API request. `endpoint` is the pattern (`/users/{id}`), never the path; an exception counts as status 500."""
    for status in ("200", "500"):
        _REQUESTS.labels(method, endpoint, status)
    _REQUEST_SECONDS.labels(method, endpoint)

    def ended(request: Request, seconds: float, error: Exception | None) -> None:
        status = "500" if error else str(request.status)
        _REQUESTS.labels(method, endpoint, status).inc(exemplar=_exemplar())
        _REQUEST_SECONDS.labels(method, endpoint).observe(seconds, exemplar=_exemplar())
        if status.startswith("5"):
            _ERRORS.labels("internal").inc(exemplar=_exemplar())

    return Around(lambda: _measured(Request(), _ACTIVE_REQUESTS, ended))


def track_agent_request(agent_type: str) -> Around[AgentRun]:
    """A run of one agent."""
    for status in ("success", "error"):
        _AGENT_RUNS.labels(agent_type, status)

    def ended(run: AgentRun, seconds: float, error: Exception | None) -> None:
        _AGENT_RUNS.labels(agent_type, "error" if error else "success").inc(exemplar=_exemplar())
        _AGENT_SECONDS.labels(agent_type).observe(seconds, exemplar=_exemplar())
        if error:
            _ERRORS.labels("agent").inc(exemplar=_exemplar())
        elif run.confidence is not None:
            _CONFIDENCE.labels(agent_type).observe(run.confidence)

    return Around(lambda: _measured(AgentRun(), _ACTIVE.labels("agent"), ended))


def track_mcts_iteration() -> Around[Iteration]:
    """An iteration of the tree search; a TimeoutError is the outcome `timeout`, any other exception `error`."""
    for outcome in ("success", "timeout", "error"):
        _ITERATIONS.labels(outcome)

    def ended(iteration: Iteration, seconds: float, error: Exception | None) -> None:
        outcome = "timeout" if isinstance(error, TimeoutError) else "error" if error else "success"
        _ITERATIONS.labels(outcome).inc(exemplar=_exemplar())
        _ITERATION_SECONDS.observe(seconds, exemplar=_exemplar())
        if outcome == "error":
            _ERRORS.labels("search").inc(exemplar=_exemplar())
        if iteration.depth is not None:
            _DEPTH.observe(iteration.depth)

    return Around(lambda: _measured(Iteration(), _ACTIVE.labels("mcts_search"), ended))


def track_llm_call(provider: str) -> Around[LlmCall]:
    """A call of a language model of one provider."""
    _LLM_ERRORS.labels(provider)
    _LLM_SECONDS.labels(provider)

    def ended(call: LlmCall, seconds: float, error: Exception | None) -> None:
        _LLM_SECONDS.labels(provider).observe(seconds, exemplar=_exemplar())
        _TOKENS.labels(provider, "prompt").inc(call.prompt_tokens)
        _TOKENS.labels(provider, "completion").inc(call.completion_tokens)
        if error:
            _LLM_ERRORS.labels(provider).inc(exemplar=_exemplar())
            _ERRORS.labels("llm").inc(exemplar=_exemplar())

    return Around(lambda: _measured(LlmCall(), _ACTIVE.labels("llm"), ended))


def track_rag_query() -> Around[RagQuery]:
    """A retrieval of documents."""
    for status in ("success", "error"):
        _QUERIES.labels(status)

    def ended(query: RagQuery, seconds: float, error: Exception | None) -> None:
        _QUERIES.labels("error" if error else "success").inc(exemplar=_exemplar())
        _RAG_SECONDS.observe(seconds, exemplar=_exemplar())
        if error:
            _ERRORS.labels("rag").inc(exemplar=_exemplar())
        if query.documents is not None:
            _FOUND.observe(query.documents)
        if query.relevance is not None:
            _RELEVANCE.observe(query.relevance)

    return Around(lambda: _measured(RagQuery(), _ACTIVE.labels("rag"), ended))


@contextmanager
def _measured(work: W, active: _Metric, ended: Callable[[W, float, Exception | None], None]) -> Iterator[W]:
    active.inc()
    began = time.perf_counter()
    try:
        yield work
    except Exception as error:
        ended(work, time.perf_counter() - began, error)
        raise
    else:
        ended(work, time.perf_counter() - began, None)
    finally:
        active.dec()


def _exemplar() -> dict[str, str] | None:
    trace_id = current_trace_id()
    return {"trace_id": trace_id} if trace_id else None
