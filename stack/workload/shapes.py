"""How observed values are distributed, and what that means for the buckets of a histogram.

A shape knows its cumulative distribution and its partial mean E[X; X <= x]. From the two follow, for any buckets, the
share of the values that fall into each and the mean of those that do, so that thousands of observations are added to a
histogram in one step, with buckets, count and sum that agree with each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


def _normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _normal_density(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


class Shape(Protocol):
    """A distribution of values of 0 and more."""

    def cdf(self, x: float) -> float:
        """The share of values that are at most `x`, 0 to 1."""

    def partial_mean(self, x: float) -> float:
        """The mean of value times indicator(value <= x); at infinity the mean itself, in the values' unit."""


@dataclass(frozen=True)
class LogNormal:
    """Latencies: many short, few long. `median` in the values' unit, `sigma` of the natural logarithm."""

    median: float
    sigma: float

    def cdf(self, x: float) -> float:
        return _normal_cdf(self._z(x))

    def partial_mean(self, x: float) -> float:
        mean = self.median * math.exp(self.sigma**2 / 2)
        return mean * _normal_cdf(self._z(x) - self.sigma)

    def _z(self, x: float) -> float:
        if x <= 0:
            return -math.inf
        return math.inf if math.isinf(x) else math.log(x / self.median) / self.sigma


@dataclass(frozen=True)
class Uniform:
    """Values spread evenly between `low` and `high`."""

    low: float
    high: float

    def cdf(self, x: float) -> float:
        return (self._within(x) - self.low) / (self.high - self.low)

    def partial_mean(self, x: float) -> float:
        return (self._within(x) ** 2 - self.low**2) / 2 / (self.high - self.low)

    def _within(self, x: float) -> float:
        return min(max(x, self.low), self.high)


@dataclass(frozen=True)
class Bell:
    """A normal distribution cut off at `low` and `high`: scores, depths, sizes."""

    centre: float
    deviation: float
    low: float
    high: float

    def cdf(self, x: float) -> float:
        return (_normal_cdf(self._z(x)) - self._below()) / self._inside()

    def partial_mean(self, x: float) -> float:
        densities = _normal_density(self._z(self.low)) - _normal_density(self._z(x))
        return self.centre * self.cdf(x) + self.deviation * densities / self._inside()

    def _z(self, x: float) -> float:
        return (min(max(x, self.low), self.high) - self.centre) / self.deviation

    def _below(self) -> float:
        return _normal_cdf(self._z(self.low))

    def _inside(self) -> float:
        return _normal_cdf(self._z(self.high)) - self._below()


def shares_and_means(shape: Shape, upper_bounds: Sequence[float]) -> tuple[list[float], list[float]]:
    """Per bucket the share of the shape's values in it (summing to 1) and their mean (0 where the share is 0).

    `upper_bounds` ascend and end in infinity.
    """
    edges = [-math.inf, *upper_bounds]
    shares, means = [], []
    for lower, upper in pairwise(edges):
        share = shape.cdf(upper) - shape.cdf(lower)
        mean = (shape.partial_mean(upper) - shape.partial_mean(lower)) / share if share > 1e-12 else 0.0
        shares.append(share if share > 1e-12 else 0.0)
        means.append(mean)
    return shares, means


def mean(shape: Shape) -> float:
    """The mean of the shape's values, in their unit."""
    return shape.partial_mean(math.inf)


def quantile(shape: Shape, share: float) -> float:
    """The value that `share` (0 to 1, without 1) of the shape's values do not exceed, to about a millionth of it."""
    low, high = 0.0, 1.0
    while shape.cdf(high) < share:
        high *= 2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if shape.cdf(middle) >= share else (middle, high)
    return high
