"""The metrics of `mcts-framework`: every family with its labels and buckets, and what each event adds to them."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics

from workload.conditions import AGENT_TYPES, PROVIDERS
from workload.events import AgentRuns, Iterations, LlmCalls, Requests, Retrievals
from workload.histogram import BulkHistogram
from workload.traffic import ENDPOINTS, STATUSES

if TYPE_CHECKING:
    from workload.events import Event, Example, Levels

disable_created_metrics()  # type: ignore[no-untyped-call]  # one series more per series, which nothing here reads

REQUEST_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10, 15, 20, 30, 45, 60, 90, 120)
AGENT_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60)
ITERATION_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
LLM_SECONDS = (0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60)
RAG_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SCORES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)
DEPTHS = (1, 2, 4, 6, 8, 10, 12, 16, 20, 30, 50)
DOCUMENTS = (0, 1, 2, 3, 5, 8, 12, 20)

SUCCESS_OR_ERROR = ("success", "error")
OUTCOMES = ("success", "timeout", "error")
ERROR_TYPES = ("internal", "agent", "search", "llm", "rag")
OPERATION_TYPES = ("agent", "mcts_search", "llm", "rag")
TOKEN_TYPES = ("prompt", "completion")


class ServiceMetrics:
    """One life of the service's process, from its start: all counters begin at 0, and so does every error series."""

    def __init__(self, started_at: float) -> None:
        """`started_at` is in Unix seconds."""
        self.registry = registry = CollectorRegistry()
        self._agents(registry)
        self._search(registry)
        self._system(registry)
        self._llm(registry)
        self._rag(registry)
        self._process(registry, started_at)
        self._bear()

    def _agents(self, registry: CollectorRegistry) -> None:
        self.agent_requests = Counter(
            "mcts_agent_requests", "Runs of an agent.", ["agent_type", "status"], registry=registry
        )
        self.agent_latency = BulkHistogram(
            "mcts_agent_request_latency_seconds",
            "How long a run of an agent took.",
            ["agent_type"],
            buckets=AGENT_SECONDS,
            registry=registry,
        )
        self.agent_confidence = BulkHistogram(
            "mcts_agent_confidence_score",
            "How sure an agent was of its answer, 0 to 1.",
            ["agent_type"],
            buckets=SCORES,
            registry=registry,
        )

    def _search(self, registry: CollectorRegistry) -> None:
        self.iterations = Counter("mcts_iterations", "Iterations of the tree search.", ["outcome"], registry=registry)
        self.iteration_latency = BulkHistogram(
            "mcts_iteration_latency_seconds",
            "How long an iteration took.",
            buckets=ITERATION_SECONDS,
            registry=registry,
        )
        self.simulation_depth = BulkHistogram(
            "mcts_simulation_depth", "Levels that a simulation went down.", buckets=DEPTHS, registry=registry
        )
        self.active_nodes = Gauge("mcts_active_nodes", "Nodes in the search trees.", registry=registry)
        self.best_action_confidence = Gauge(
            "mcts_best_action_confidence", "How sure the search is of its best action, 0 to 1.", registry=registry
        )

    def _system(self, registry: CollectorRegistry) -> None:
        self.active_operations = Gauge(
            "mcts_active_operations", "Operations in progress.", ["operation_type"], registry=registry
        )
        self.requests = Counter(
            "mcts_requests", "API requests answered.", ["method", "endpoint", "status"], registry=registry
        )
        self.request_duration = BulkHistogram(
            "mcts_request_duration_seconds",
            "How long an API request took.",
            ["method", "endpoint"],
            buckets=REQUEST_SECONDS,
            registry=registry,
        )
        self.active_requests = Gauge("mcts_active_requests", "API requests in progress.", registry=registry)
        self.errors = Counter("mcts_errors", "Errors by where they arose.", ["error_type"], registry=registry)
        self.rate_limit_exceeded = Counter(
            "mcts_rate_limit_exceeded", "Requests refused by the rate limit.", registry=registry
        )
        self.queue_depth = Gauge("mcts_request_queue_depth", "API requests that wait.", registry=registry)

    def _llm(self, registry: CollectorRegistry) -> None:
        self.llm_errors = Counter("mcts_llm_request_errors", "LLM calls that failed.", ["provider"], registry=registry)
        self.llm_latency = BulkHistogram(
            "mcts_llm_request_latency_seconds",
            "How long an LLM call took; failed ones count too.",
            ["provider"],
            buckets=LLM_SECONDS,
            registry=registry,
        )
        self.llm_tokens = Counter(
            "mcts_llm_tokens", "Tokens sent and received.", ["provider", "token_type"], registry=registry
        )

    def _rag(self, registry: CollectorRegistry) -> None:
        self.rag_queries = Counter("mcts_rag_queries", "Retrieval queries.", ["status"], registry=registry)
        self.rag_latency = BulkHistogram(
            "mcts_rag_retrieval_latency_seconds", "How long a retrieval took.", buckets=RAG_SECONDS, registry=registry
        )
        self.rag_documents = BulkHistogram(
            "mcts_rag_documents_retrieved", "Documents found by a query.", buckets=DOCUMENTS, registry=registry
        )
        self.rag_relevance = BulkHistogram(
            "mcts_rag_relevance_score", "How well documents fit the query, 0 to 1.", buckets=SCORES, registry=registry
        )

    def _process(self, registry: CollectorRegistry, started_at: float) -> None:
        self.memory = Gauge("process_resident_memory_bytes", "Resident memory size in bytes.", registry=registry)
        self.cpu = Counter("process_cpu_seconds", "Total user and system CPU time in seconds.", registry=registry)
        start_time = Gauge("process_start_time_seconds", "Start of the process in Unix seconds.", registry=registry)
        start_time.set(started_at)

    def _bear(self) -> None:
        # A series that is born with its first error hides that error from increase() and rate().
        for endpoint in ENDPOINTS:
            self.request_duration.bear(endpoint.method, endpoint.path)
            for status in STATUSES:
                self.requests.labels(endpoint.method, endpoint.path, status)
        for agent_type in AGENT_TYPES:
            self.agent_latency.bear(agent_type)
            self.agent_confidence.bear(agent_type)
            for status in SUCCESS_OR_ERROR:
                self.agent_requests.labels(agent_type, status)
        for provider in PROVIDERS:
            self.llm_errors.labels(provider)
            self.llm_latency.bear(provider)
            for token_type in TOKEN_TYPES:
                self.llm_tokens.labels(provider, token_type)
        for outcome in OUTCOMES:
            self.iterations.labels(outcome)
        for status in SUCCESS_OR_ERROR:
            self.rag_queries.labels(status)
        for error_type in ERROR_TYPES:
            self.errors.labels(error_type)
        for operation_type in OPERATION_TYPES:
            self.active_operations.labels(operation_type)
        unlabelled = (self.iteration_latency, self.simulation_depth)
        for histogram in (*unlabelled, self.rag_latency, self.rag_documents, self.rag_relevance):
            histogram.bear()

    @singledispatchmethod
    def record(self, event: Event) -> None:
        """Add an event to every metric that it touches."""
        raise TypeError(f"no metric records {type(event).__name__}")

    @record.register
    def _(self, event: Requests) -> None:
        self.requests.labels(event.method, event.endpoint, event.status).inc(event.count)
        self.request_duration.observe((event.method, event.endpoint), event.duration, event.count)
        if event.status.startswith("5"):
            self.errors.labels("internal").inc(event.count)
        elif event.status == "429":
            self.rate_limit_exceeded.inc(event.count)

    @record.register
    def _(self, event: AgentRuns) -> None:
        self.agent_requests.labels(event.agent_type, event.status).inc(event.count)
        self.agent_latency.observe((event.agent_type,), event.latency, event.count)
        if event.status == "error":
            self.errors.labels("agent").inc(event.count)
        else:
            self.agent_confidence.observe((event.agent_type,), event.confidence, event.count)

    @record.register
    def _(self, event: Iterations) -> None:
        self.iterations.labels(event.outcome).inc(event.count)
        self.iteration_latency.observe((), event.latency, event.count)
        self.simulation_depth.observe((), event.depth, event.count)
        # A timeout is an outcome of a search that ran out of its time, not an error.
        if event.outcome == "error":
            self.errors.labels("search").inc(event.count)

    @record.register
    def _(self, event: LlmCalls) -> None:
        self.llm_latency.observe((event.provider,), event.latency, event.count)
        if event.failed:
            self.llm_errors.labels(event.provider).inc(event.count)
            self.errors.labels("llm").inc(event.count)
        else:
            self.llm_tokens.labels(event.provider, "prompt").inc(event.prompt_tokens)
            self.llm_tokens.labels(event.provider, "completion").inc(event.completion_tokens)

    @record.register
    def _(self, event: Retrievals) -> None:
        self.rag_queries.labels(event.status).inc(event.count)
        self.rag_latency.observe((), event.latency, event.count)
        if event.status == "error":
            self.errors.labels("rag").inc(event.count)
        else:
            self.rag_documents.observe((), event.documents, event.count)
            self.rag_relevance.observe((), event.relevance, event.count)

    def exemplify(self, example: Example) -> None:
        """Let the metrics that count this thing lead to its trace."""
        trace = {"trace_id": example.trace_id}
        match example.what:
            case "request":
                self.request_duration.exemplify(example.labels[:2], example)
                self.requests.labels(*example.labels).inc(0, exemplar=trace)
            case "agent":
                self.agent_latency.exemplify(example.labels, example)
                self.agent_requests.labels(*example.labels, _status(example)).inc(0, exemplar=trace)
            case "iteration":
                self.iteration_latency.exemplify((), example)
                self.iterations.labels(*example.labels).inc(0, exemplar=trace)
            case "llm":
                self.llm_latency.exemplify(example.labels, example)
                if example.failed:
                    self.llm_errors.labels(*example.labels).inc(0, exemplar=trace)
            case "rag":
                self.rag_latency.exemplify((), example)
                self.rag_queries.labels(_status(example)).inc(0, exemplar=trace)

    def set_levels(self, levels: Levels, seconds: float) -> None:
        """Set every gauge, and add the CPU time of the `seconds` (scaled) that passed."""
        self.active_requests.set(levels.active_requests)
        for operation_type, number in levels.active_operations.items():
            self.active_operations.labels(operation_type).set(number)
        self.active_nodes.set(levels.active_nodes)
        self.best_action_confidence.set(levels.best_action_confidence)
        self.queue_depth.set(levels.queue_depth)
        self.memory.set(levels.memory_bytes)
        self.cpu.inc(levels.cpu_cores * seconds)


def _status(example: Example) -> str:
    return "error" if example.failed else "success"
