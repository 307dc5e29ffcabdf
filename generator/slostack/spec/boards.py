"""The small vocabulary in which users describe their own dashboards: rows of panels, each row a question."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from slostack.spec.sli import Node, exactly_one, unjudged
from slostack.spec.values import AmountOrAlert, LabelName, Labels, Name, Percent, PromQL, Sentence, Text

KINDS = ("rate", "ratio", "quantiles", "heatmap", "value", "stat", "share", "table", "slo")

Unit = Literal[
    "per second",
    "per minute",
    "percent",
    "seconds",
    "bytes",
    "count",
    "cores",
    "tokens",
    "usd",
    "score",
    "times",
    "levels",
]
Better = Literal["low", "high"]
Thresholds = Annotated[list[AmountOrAlert], Field(min_length=1, max_length=4)]
# Kinds whose text is one selector, which a filter on one label value can be added to.
REPEATABLE = frozenset({"rate", "ratio", "quantiles", "heatmap"})


class Ratio(Node):
    """Part of a whole, both counters.

    A label of `by` that only `part` chooses by (`part: runs{outcome!="ok"}`, `of: runs`, `by: [outcome]`) splits the
    part and leaves the whole whole; any other label of `by` splits both.
    """

    part: PromQL = Field(description="A counter's selector: the part")
    of: PromQL = Field(description="A counter's selector: the whole")


class Column(Node):
    """A column of a table: one instant value per row."""

    title: Sentence = Field(description="What the column shows")
    rate: PromQL | None = Field(None, description="A counter's selector: its rate over the board's range")
    ratio: Ratio | None = Field(None, description="Part of a whole")
    quantile: PromQL | None = Field(None, description="A histogram; `at` says which quantile")
    mean: PromQL | None = Field(None, description="A histogram: the mean of what it observed over the board's range")
    value: PromQL | None = Field(None, description="A gauge's selector or an expression")
    at: Percent | None = Field(None, description="The quantile in percent, such as 95")
    unit: Unit | None = Field(None, description="The unit; derived from the kind where it can be")
    better: Better = Field("low", description="Which values are good: decides what the table puts first")

    @model_validator(mode="after")
    def _one_kind(self, info: ValidationInfo) -> Self:
        if unjudged(self, info):
            return self
        kind = exactly_one(self, ("rate", "ratio", "quantile", "mean", "value"), "kind of column")
        if (kind == "quantile") != (self.at is not None):
            raise ValueError("has `at` without `quantile` or the other way round|write both, or neither")
        return self


class Panel(Node):
    """One panel. Exactly one of the kinds says what it shows; the rest has defaults."""

    title: Sentence = Field(description="The question it answers, or what it shows, in a few words")
    describe: Text = Field(description="For a newcomer: what it shows, what is normal, what to do when it is not")
    rate: PromQL | None = Field(None, description="A counter's selector: events per second, over time")
    ratio: Ratio | None = Field(None, description="Part of a whole, over time")
    quantiles: PromQL | None = Field(None, description="A classic histogram: its quantiles over time")
    heatmap: PromQL | None = Field(None, description="A classic histogram: its distribution over time")
    value: PromQL | None = Field(None, description="A gauge's selector or an expression, over time")
    stat: PromQL | None = Field(None, description="An expression: one number now, with its trend")
    share: PromQL | None = Field(None, description="A counter's selector: who has how much of it, by label")
    table: list[Column] | None = Field(None, min_length=1, max_length=8, description="Columns; rows come from `by`")
    slo: Name | None = Field(None, description="An SLO of this service: its share of failures beside what is promised")
    by: Labels = Field(default_factory=list, description="One line, slice or row per value of these labels")
    each: LabelName | None = Field(
        None, description="One small panel per value of this label, side by side, with a filter for it on the board"
    )
    at: list[Percent] | None = Field(None, min_length=1, max_length=5, description="Quantiles in percent; 50, 95, 99")
    unit: Unit | None = Field(None, description="The unit; derived from the kind where it can be")
    better: Better = Field("low", description="Which values are good: `high` for success rates and scores")
    threshold: Thresholds | AmountOrAlert | None = Field(
        None, description="A number, or the name of an alert of this service whose limit is drawn; or several of them"
    )
    width: Annotated[int, Field(ge=3, le=24)] | None = Field(
        None, description="Of 24 columns; an equal share if left out"
    )

    @model_validator(mode="after")
    def _one_kind(self, info: ValidationInfo) -> Self:
        if unjudged(self, info):
            return self
        kind = exactly_one(self, KINDS, "kind of panel")
        if kind in {"table", "share"} and not self.by:
            raise ValueError(f"is a {kind} without `by`|name the labels that make its rows")
        if kind == "heatmap" and self.by:
            raise ValueError("is a heatmap with `by`, which cannot show several distributions|use `each` instead")
        if self.each is not None and (kind not in REPEATABLE or self.each in self.by):
            raise ValueError("has `each`, which repeats rate, ratio, quantiles or heatmap|remove it, or use `by`")
        if self.at is not None and kind != "quantiles":
            raise ValueError("has `at`, which belongs to quantiles|remove it")
        return self

    @property
    def kind(self) -> str:
        """Which of `KINDS` this panel is."""
        return exactly_one(self, KINDS, "kind of panel")

    @property
    def thresholds(self) -> tuple[Fraction | str, ...]:
        """The thresholds, however many were written."""
        if self.threshold is None:
            return ()
        return tuple(self.threshold) if isinstance(self.threshold, list) else (self.threshold,)


class Row(Node):
    """A row answers one question."""

    question: Sentence = Field(description="The question that its panels answer")
    panels: list[Panel] = Field(min_length=1, max_length=12, description="The panels, side by side")
    height: Annotated[int, Field(ge=3, le=24)] = Field(8, description="In Grafana's grid units of about 38 pixels")


class Board(Node):
    """A dashboard of a service."""

    title: Sentence = Field(description="Its title in Grafana")
    readers: Sentence | None = Field(None, description="Who reads it, such as on-call or algorithm engineers")
    describe: Text | None = Field(None, description="What it is for")
    rows: list[Row] = Field(min_length=1, max_length=20, description="One row per question")
