"""live-no-series, live-no-label, live-no-bucket: what the spec reads, held against a Prometheus that runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from slostack.checks.series import selectors, selectors_of
from slostack.checks.spec.expressions import Expression, expressions
from slostack.checks.spec.references import slos
from slostack.live.clients import Prometheus
from slostack.plan.indicators import le_pattern
from slostack.plan.texts import amount
from slostack.problems import Level, Problem, in_order
from slostack.promql import Selector, selector
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODES = ("live-no-series", "live-no-label", "live-no-bucket")

_SINCE = "1h"
_SUFFIXES = ("_bucket", "_count", "_sum", "_total")
_RECORDED = "slo:"  # our own rules record these; whether they do is not the service's matter


def check_live(spec: Spec, places: Places, url: str) -> list[Problem]:
    """Everything that the spec reads and that the Prometheus at `url` has not seen within an hour.

    A metric that its service exposes without a series (an error that never happened) is fine. Raises Failure where
    the server does not answer.
    """
    return in_order(_Live(spec, places, Prometheus(url)).all())


class _Live:
    def __init__(self, spec: Spec, places: Places, server: Prometheus) -> None:
        self._spec = spec
        self._places = places
        self._server = server
        self._names: list[str] = server.json("/api/v1/label/__name__/values")["data"]
        self._exposed: set[str] = set(server.json("/api/v1/metadata")["data"])
        self._asked: dict[str, list[dict[str, str]]] = {}

    def all(self) -> Iterator[Problem]:
        for expression in expressions(self._spec):
            for one in selectors(expression.plain):
                yield from self._selector(expression, one)
            yield from self._labels(expression)
        yield from self._buckets()

    def _selector(self, expression: Expression, one: Any) -> Iterator[Problem]:
        """The metric is known, its matchers name labels that it has, and something matches."""
        name = one.name or next((m.value for m in one.matchers.matchers if m.name == "__name__"), "")
        matchers = [m for m in one.matchers.matchers if m.name != "__name__"]
        if not name or name.startswith(_RECORDED):
            return
        text = expression.text
        offset = max(text.find(name), 0)
        series = self._series(name)
        if not series:
            if self._is_exposed(name):
                return
            near = get_close_matches(name, self._names, 1)
            remedy = f"did you mean `{near[0]}`?" if near else "see that its job is scraped, and its name at /metrics"
            sentence = f"no series of `{name}` was there within an hour"
            yield self._problem("live-no-series", sentence, remedy, expression, offset)
            return
        known = {label for labels in series for label in labels}
        unknown = [m.name for m in matchers if m.name not in known]
        for label in dict.fromkeys(unknown):
            remedy = f"it has {', '.join(sorted(known - {'__name__'}))}"
            sentence = f"no series of `{name}` has the label `{label}`"
            yield self._problem("live-no-label", sentence, remedy, expression, max(text.find(label, offset), 0))
        if matchers and not unknown and not self._matched(name, matchers):
            sentence = f"`{name}` is there, and no series of it matches"
            remedy = "fine if it never happened yet; else compare the labels' values"
            yield self._problem("live-no-series", sentence, remedy, expression, offset, "warning")

    def _labels(self, expression: Expression) -> Iterator[Problem]:
        """Every label of `by` is on some series of the result."""
        if not expression.by:
            return
        plain = selector(expression.text)
        if plain is not None:
            result = [labels for form in _forms(plain) for labels in self._group(form)]
        elif expression.tree is not None and not self._reads_nothing(expression):
            result = [sample["metric"] for sample in self._server.query(expression.plain)]
        else:
            return
        for label in expression.by:
            if result and not any(label in labels for labels in result):
                sentence = f"`by` names the label `{label}`, and no series of `{expression.key}` has it"
                known = {name for labels in result for name in labels} - {"__name__", "le"}
                remedy = f"it has {', '.join(sorted(known)) or 'no labels'}"
                yield self._problem("live-no-label", sentence, remedy, expression, 0)

    def _buckets(self) -> Iterator[Problem]:
        """The threshold of every latency SLO is a bucket that the service really has."""
        for path, _, name, slo in slos(self._spec):
            if slo.latency is None or slo.latency.native:
                continue
            histogram = selector(slo.latency.histogram)
            if histogram is None:
                continue
            series = self._group(histogram.renamed("_bucket"))
            bounds = {labels["le"] for labels in series if "le" in labels}
            pattern = re.compile(le_pattern(slo.latency.under))
            if bounds and not any(map(pattern.fullmatch, bounds)):
                under = amount(slo.latency.under, histogram.unit)
                sentence = f"`{name}` has the threshold {under}, which is no bucket there"
                remedy = f"buckets are {', '.join(sorted(bounds - {'+Inf'}, key=float)) or 'none'}"
                where = (*path, "latency", "under")
                yield self._places.problem("live-no-bucket", sentence, remedy, where)

    def _series(self, name: str) -> list[dict[str, str]]:
        """The label sets of a metric; of a classic histogram named without its suffix, those of its counts."""
        return self._group(Selector(name, "")) or self._group(Selector(f"{name}_count", ""))

    def _matched(self, name: str, matchers: list[Any]) -> bool:
        inside = ",".join(f"{m.name}{_operator(m)}{_quoted(m.value)}" for m in matchers)
        return any(self._group(form) for form in _forms(Selector(name, inside)))

    def _group(self, one: Selector) -> list[dict[str, str]]:
        """The label sets that were there within an hour."""
        text = f"last_over_time({one}[{_SINCE}])"
        if text not in self._asked:
            self._asked[text] = [sample["metric"] for sample in self._server.query(text)]
        return self._asked[text]

    def _is_exposed(self, name: str) -> bool:
        """Whether a target describes the metric, though it has no series yet."""
        family = {name} | {name.removesuffix(suffix) for suffix in _SUFFIXES}
        return bool(family & self._exposed)

    def _reads_nothing(self, expression: Expression) -> bool:
        return not any(True for _ in selectors_of(expression.tree))

    def _problem(
        self, code: str, sentence: str, remedy: str, expression: Expression, offset: int, level: Level = "error"
    ) -> Problem:
        return self._places.problem(code, sentence, remedy, expression.path, offset=offset, severity=level)


def _forms(one: Selector) -> tuple[Selector, Selector]:
    """A selector as it stands, and as that of a classic histogram's count."""
    return one, one.renamed("_count")


def _operator(matcher: Any) -> str:
    return {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}[str(matcher.op).rsplit(".", maxsplit=1)[-1]]


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
