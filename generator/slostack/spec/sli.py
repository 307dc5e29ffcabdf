"""What an SLI counts: the kinds of indicator that a spec can name."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from slostack.promql import selector
from slostack.spec.values import Amount, PromQL


class Node(BaseModel):
    """A mapping of the spec: immutable, and any key that is not described is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


UNJUDGED = "unjudged"
"""The key of a validation context that names classes whose keys are not judged together.

`slostack.spec.salvage` goes on with what stands in them, however little it makes sense together."""


def unjudged(node: Node, info: ValidationInfo) -> bool:
    """Whether this validation leaves it open if the keys of `node` make sense together."""
    return type(node).__name__ in (info.context or {}).get(UNJUDGED, ())


def exactly_one(node: Node, names: tuple[str, ...], what: str) -> str:
    """The one of `names` that is set on `node`; ValueError says which are missing or too many."""
    given = [name for name in names if getattr(node, name) is not None]
    if len(given) != 1:
        found = "none is" if not given else " and ".join(given) + " are"
        raise ValueError(f"needs exactly one {what}, {found} given|choose one of {', '.join(names)}")
    return given[0]


class Events(Node):
    """Good or bad events over all events, each a counter's selector, or an expression in events per second."""

    total: PromQL = Field(description="All events: a counter's selector, or an expression that gives events per second")
    good: PromQL | None = Field(None, description="The events that keep the promise")
    bad: PromQL | None = Field(None, description="The events that break the promise")

    @model_validator(mode="after")
    def _one_side(self, info: ValidationInfo) -> Self:
        if unjudged(self, info):
            return self
        exactly_one(self, ("good", "bad"), "of the two sides")
        return self


class Latency(Node):
    """Events of a histogram that took no longer than a threshold."""

    histogram: PromQL = Field(description="The histogram's name without _bucket, with its matchers")
    under: Amount = Field(description="The threshold, such as 300ms; of a classic histogram it must be a bucket")
    buckets: list[Amount] | None = Field(None, description="The classic histogram's bucket boundaries, to be checked")
    native: bool = Field(False, description="true for a native histogram: any threshold will do")

    @model_validator(mode="after")
    def _a_bucket(self, info: ValidationInfo) -> Self:
        if unjudged(self, info):
            return self
        if self.under <= 0:
            raise ValueError("has a threshold that is not above zero|write how long an event may take, such as 300ms")
        if self.buckets is not None and not self.native and self.under not in self.buckets:
            below = max((bound for bound in self.buckets if bound < self.under), default=None)
            above = min((bound for bound in self.buckets if bound > self.under), default=None)
            named = selector(self.histogram)
            unit = "" if named is not None and named.unit in {"milliseconds", "bytes"} else "s"
            near = " or ".join(f"{float(bound):g}{unit}" for bound in (below, above) if bound is not None)
            raise ValueError(
                f"has the threshold {float(self.under):g}{unit}, which is no bucket boundary of the histogram"
                f"|choose {near}, add the bucket to the service, or use a native histogram"
            )
        return self


class Availability(Node):
    """The share of time in which a 0/1 series is 1."""

    series: PromQL | None = Field(None, description="A 0/1 series such as probe_success{…}; up of the job if left out")


class Limit(Node):
    """The share of time (in slices of a minute) in which a value keeps to a limit: saturation, freshness."""

    value: PromQL = Field(description="The value: a gauge's selector or an expression")
    at_most: Amount | None = Field(None, description="A minute above this is bad")
    at_least: Amount | None = Field(None, description="A minute below this is bad")

    @model_validator(mode="after")
    def _one_limit(self, info: ValidationInfo) -> Self:
        if unjudged(self, info):
            return self
        exactly_one(self, ("at_most", "at_least"), "limit")
        return self


class Minimum(Node):
    """How much must have happened in a tier's long window before it may fire.

    The default of three failures: at low traffic a single failure can be a large share of all events, and the second
    is often the retry of the first; three are a pattern. With enough traffic the guard never decides.
    """

    events: Annotated[int, Field(ge=0, le=10**12)] = Field(0, description="Events needed in the long window")
    failures: Annotated[int, Field(ge=1, le=10**9)] = Field(3, description="Failures needed in the long window")
