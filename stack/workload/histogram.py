"""A histogram that takes observations in bulk.

prometheus-client's own takes one value at a time, which at sixty times the usual traffic would cost a core. This one
adds any number of values of a shape in one step; prometheus-client still writes the exposition.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString

from workload.apportion import Apportionment
from workload.shapes import shares_and_means

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

    from workload.events import Example
    from workload.shapes import Shape


class BulkHistogram(Collector):
    """A Prometheus histogram with labels. Not thread-safe: whoever records and scrapes holds one lock."""

    def __init__(
        self,
        name: str,
        documentation: str,
        labels: Sequence[str] = (),
        *,
        buckets: Sequence[float],
        registry: CollectorRegistry,
    ) -> None:
        """`buckets` are ascending upper bounds in the metric's unit; infinity is added."""
        self._name = name
        self._documentation = documentation
        self._labels = tuple(labels)
        self._bounds = (*buckets, math.inf)
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}
        self._exemplars: dict[tuple[tuple[str, ...], int], Exemplar] = {}
        self._shares_and_means: dict[Shape, tuple[list[float], list[float]]] = {}
        self._apportionments: dict[tuple[tuple[str, ...], Shape], Apportionment] = {}
        registry.register(self)

    def bear(self, *label_values: str) -> None:
        """Expose the series with these label values from now on, at 0 until something is observed."""
        if len(label_values) != len(self._labels):
            raise ValueError(f"{self._name} has the labels {self._labels}, not {len(label_values)} of them")
        self._counts.setdefault(label_values, [0] * len(self._bounds))
        self._sums.setdefault(label_values, 0.0)

    def observe(self, label_values: tuple[str, ...], shape: Shape, count: int) -> None:
        """Add `count` observations distributed as `shape`; each counts as the mean of its bucket in the sum."""
        if count == 0:
            return
        self.bear(*label_values)
        if shape not in self._shares_and_means:
            self._shares_and_means[shape] = shares_and_means(shape, self._bounds)
        shares, means = self._shares_and_means[shape]
        apportionment = self._apportionments.setdefault((label_values, shape), Apportionment(len(self._bounds)))
        counts = self._counts[label_values]
        for bucket, number in enumerate(apportionment.divide(count, shares)):
            if number:
                counts[bucket] += number
                self._sums[label_values] += number * means[bucket]

    def exemplify(self, label_values: tuple[str, ...], example: Example) -> None:
        """Let the bucket that `example` falls into lead to its trace; an empty bucket has no example."""
        bucket = bisect_left(self._bounds, example.seconds)
        if self._counts.get(label_values, [0] * len(self._bounds))[bucket]:
            exemplar = Exemplar({"trace_id": example.trace_id}, example.seconds, example.at)
            self._exemplars[label_values, bucket] = exemplar

    def describe(self) -> Iterable[Metric]:
        """The family without series, so that the registry finds a name that is taken twice."""
        return [HistogramMetricFamily(self._name, self._documentation, labels=self._labels)]

    def collect(self) -> Iterable[Metric]:
        """The family with all series."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._labels)
        for label_values, counts in self._counts.items():
            cumulative = 0
            buckets: list[tuple[str, float] | tuple[str, float, Exemplar]] = []
            for bucket, number in enumerate(counts):
                cumulative += number
                le = floatToGoString(self._bounds[bucket])  # type: ignore[no-untyped-call]
                exemplar = self._exemplars.get((label_values, bucket))
                buckets.append((le, float(cumulative), exemplar) if exemplar else (le, float(cumulative)))
            family.add_metric(label_values, buckets, self._sums[label_values])
        return [family]
