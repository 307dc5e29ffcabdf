"""One request from the inside: agents, search, retrieval and language-model calls, as real spans over real HTTP.

The spans are those of `instrumentation.tracing`, as a service would make them; only their clock is played. A part
that fails raises as it would in a service, and the request goes on without it.
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import httpx

from instrumentation import tracing
from workload.conditions import PROVIDERS
from workload.events import Example
from workload.played_time import PlayedClock, played_from
from workload.traffic import PROVIDER_CALLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workload.sampling import Journey, Part

MODELS = {"openai": "gpt-4o", "anthropic": "claude-sonnet-4-5", "lmstudio": "qwen3-30b"}
CHAT = "/v1/chat/completions"
ANSWER_TIMEOUT = 1.0
"""Real seconds to wait for the gateway, which usually answers within a few milliseconds."""
ITERATION_LIMIT = 10.0
"""Seconds after which an iteration of the search gives up."""
_HTTP_SECONDS = 0.004  # on the way to the gateway and back
_FAILURES = ("overloaded", "unavailable", "timeout")  # the ways in which a provider fails, taken in turn


class AgentError(Exception):
    """An agent could not complete its run."""


class RetrievalError(Exception):
    """The document index did not answer."""


class RequestFailedError(Exception):
    """The API cannot answer this request."""


class Player:
    """Plays journeys one at a time, and says what was traced."""

    def __init__(self, gateway: str | None, seed: int, report: Callable[[list[Example]], None]) -> None:
        """`gateway` is the base URL of the LLM gateway; without one, language-model calls stay in this process.

        `report` gets a journey's examples before its last span ends, so before anything can be exported.
        """
        self._client = httpx.Client(base_url=gateway, timeout=ANSWER_TIMEOUT, trust_env=False) if gateway else None
        self._random = random.Random(seed)  # noqa: S311 -- variety of examples, no secret
        self._report = report
        self._failures = 0

    def close(self) -> None:
        """Close the connection to the gateway."""
        if self._client:
            self._client.close()

    def play(self, journey: Journey) -> None:
        """Make the trace of a request that ends now."""
        lasts = journey.duration + (ITERATION_LIMIT if journey.flaw and journey.flaw.part == "iteration" else 0)
        with played_from(time.time_ns() - round(lasts * 1e9)) as clock:
            try:
                with tracing.trace_request(journey.method, journey.endpoint) as request:
                    _Telling(self, journey, clock).tell(request)
            except RequestFailedError:
                return  # the span has recorded it; a service would answer 500 here

    def fails_by(self) -> str:
        """How the next failing call fails: each way in turn."""
        self._failures += 1
        return _FAILURES[self._failures % len(_FAILURES)]

    def another(self, than: str) -> str:
        """A provider to call, by how often each is called."""
        others = [provider for provider in PROVIDERS if provider != than]
        return self._random.choices(others, [PROVIDER_CALLS[provider].rate for provider in others])[0]

    def ask(self, clock: PlayedClock, provider: str, seconds: float, failure: str | None) -> dict[str, int]:
        """Call a provider through the gateway; returns the tokens it counted. Raises httpx.HTTPError if it fails."""
        usage = {name: round(self._random.uniform(0.5, 1.5) * mean) for name, mean in _tokens(provider).items()}
        if self._client is None:
            clock.advance(seconds)
            return usage
        clock.inside_next_span(seconds)
        script = {"at": clock.now + round(_HTTP_SECONDS / 2 * 1e9), "seconds": seconds - _HTTP_SECONDS}
        try:
            reply = self._client.post(
                CHAT,
                json={
                    "provider": provider,
                    "model": MODELS[provider],
                    "usage": usage,
                    "play": script | {"as": failure},
                },
            )
            reply.raise_for_status()
        finally:
            clock.span_started()  # where HTTPX is not instrumented
        return usage

    def examples(self, found: list[Example]) -> None:
        """Hand over what a journey showed."""
        self._report(found)


class _Telling:
    """One journey while it is played."""

    def __init__(self, player: Player, journey: Journey, clock: PlayedClock) -> None:
        self._player = player
        self._journey = journey
        self._clock = clock
        self._flaw = journey.flaw
        self._trace_id = tracing.current_trace_id()
        self._examples: list[Example] = []

    def tell(self, request: tracing.Operation) -> None:
        """Everything inside the request. Raises RequestFailedError where it is answered 5xx."""
        journey = self._journey
        try:
            if journey.status == "429":
                request.add_event("rate limit exceeded")
                self._clock.advance(journey.duration)
            elif journey.status == "503":
                self._clock.advance(journey.duration)
                raise RequestFailedError("no worker took the request before its deadline")
            elif journey.endpoint == "/chat" and journey.status != "400":
                self._chat(journey.duration)
            elif journey.endpoint == "/search" and journey.status != "400":
                self._search(journey.duration)
            else:
                self._clock.advance(journey.duration)
            if journey.status.startswith("5"):
                raise RequestFailedError("the agents' answers could not be put together")
        finally:
            tracing.set_http_status(request, int(journey.status))
            labels = (journey.method, journey.endpoint, journey.status)
            self._note("request", labels, journey.status.startswith("5"), self._clock.passed())
            # All with the time of the request's end: Prometheus drops exemplars that are older than their series' last.
            ended = self._clock.now / 1e9
            self._player.examples([replace(example, at=ended) for example in self._examples])

    def _chat(self, seconds: float) -> None:
        self._retrieve(0.08 * seconds)
        for agent_type, share in (("hrm", 0.27), ("mcts", 0.40), ("trm", 0.22)):
            self._agent(agent_type, share * seconds)
        self._clock.advance(0.03 * seconds)

    def _search(self, seconds: float) -> None:
        self._retrieve(0.25 * seconds)
        self._agent("mcts", 0.70 * seconds)
        self._clock.advance(0.05 * seconds)

    def _retrieve(self, seconds: float) -> None:
        try:
            with self._timed("rag", ()), tracing.trace_rag_operation("retrieve") as retrieval:
                self._clock.advance(seconds)
                if self._has_flaw("rag"):
                    raise RetrievalError("the index did not answer within its deadline")
                retrieval.set_attribute("rag.documents", 6)
        except RetrievalError:
            return  # answered without documents

    def _agent(self, agent_type: str, seconds: float) -> None:
        try:
            with self._timed("agent", (agent_type,)), tracing.trace_agent(agent_type) as agent:
                if agent_type == "mcts":
                    self._tree_search(0.9 * seconds)
                else:
                    self._ask_models(0.9 * seconds)
                self._clock.advance(0.1 * seconds)
                if self._has_flaw("agent", agent_type):
                    raise AgentError(f"{agent_type} gave an answer that its own check refuses")
                agent.set_attribute("agent.confidence", 0.8)
        except AgentError:
            return  # the other agents' answers have to do

    def _tree_search(self, seconds: float) -> None:
        with tracing.trace_mcts_operation("search", {"mcts.exploration_weight": 1.4}) as search:
            for operation, share in (("selection", 0.1), ("expansion", 0.15), ("simulation", 0.7)):
                try:
                    with tracing.trace_mcts_operation(operation):
                        self._part_of_search(operation, share * seconds)
                except TimeoutError:
                    search.set_attribute("mcts.outcome", "timeout")  # the best action so far is the answer
            with tracing.trace_mcts_operation("backpropagation"):
                self._clock.advance(0.05 * seconds)

    def _part_of_search(self, operation: str, seconds: float) -> None:
        if operation != "simulation":
            self._clock.advance(seconds)
            return
        self._ask_models(seconds)
        if self._has_flaw("iteration"):
            self._clock.advance(ITERATION_LIMIT)
            self._note("iteration", ("timeout",), True, ITERATION_LIMIT)
            raise TimeoutError(f"the iteration did not end within {ITERATION_LIMIT:g} s")

    def _ask_models(self, seconds: float) -> None:
        """Ask a provider; one that fails is given up, and another gets the rest of the time."""
        flawed = self._flaw.target if self._flaw and self._flaw.part == "llm" else ""
        if flawed and self._has_flaw("llm", flawed):
            try:
                self._call_model(flawed, 0.4 * seconds, self._player.fails_by())
            except httpx.HTTPError:
                seconds *= 0.6
        try:
            self._call_model(self._player.another(flawed), seconds, None)
        except httpx.HTTPError:
            return  # the gateway is really gone, and the trace says so; the agent answers from what it knows

    def _call_model(self, provider: str, seconds: float, failure: str | None) -> None:
        with self._timed("llm", (provider,)), tracing.trace_llm_call(provider, MODELS[provider]) as call:
            usage = self._player.ask(self._clock, provider, seconds, failure)
            call.set_attribute("gen_ai.usage.input_tokens", usage["prompt_tokens"])
            call.set_attribute("gen_ai.usage.output_tokens", usage["completion_tokens"])

    def _has_flaw(self, part: Part, target: str = "") -> bool:
        """Whether this part is the one that fails in this journey; it fails once."""
        if self._flaw is None or (self._flaw.part, self._flaw.target) != (part, target):
            return False
        self._flaw = None
        return True

    @contextmanager
    def _timed(self, what: Literal["agent", "llm", "rag"], labels: tuple[str, ...]) -> Iterator[None]:
        began, failed = self._clock.passed(), True
        try:
            yield
            failed = False
        finally:
            self._note(what, labels, failed, self._clock.passed() - began)

    def _note(
        self,
        what: Literal["request", "agent", "iteration", "llm", "rag"],
        labels: tuple[str, ...],
        failed: bool,
        seconds: float,
    ) -> None:
        if self._trace_id:
            self._examples.append(Example(what, labels, failed, seconds, self._trace_id, at=0))


def _tokens(provider: str) -> dict[str, float]:
    calls = PROVIDER_CALLS[provider]
    return {"prompt_tokens": calls.prompt_tokens, "completion_tokens": calls.completion_tokens}
