"""Whole events from fractional rates and shares, with the remainder carried: exact ratios, no bad luck."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_DUST = 1e-9  # what sums of floats may lack to be a whole number


class Carry:
    """Turns expected counts into whole ones; what is left of one call is added to the next."""

    def __init__(self) -> None:
        self._rest = 0.0

    def take(self, expected: float) -> int:
        """The whole events due when `expected` (0 or more, fractional) are added; never more than one off in total."""
        self._rest += expected
        whole = math.floor(self._rest + _DUST)
        self._rest -= whole
        return whole


class Apportionment:
    """Divides whole counts by shares so that every part stays within about one event of its exact share for ever.

    Each part keeps a debt: what it should have had so far less what it got. Whole debts are paid first and single
    events go to the largest debt. Random draws would have the same mean, but now and then three errors in a row.
    """

    def __init__(self, parts: int) -> None:
        self._debts = [0.0] * parts

    def divide(self, count: int, shares: Sequence[float]) -> list[int]:
        """`count` events as one whole number per part; `shares` are 0 to 1, sum to 1 and may change between calls."""
        debts = self._debts
        paid = [0] * len(debts)
        if count == 0:
            return paid
        left = count
        # A part whose share fell to nothing waits with its debt: a fault that ended must not fail one event more.
        open_parts = [part for part, share in enumerate(shares) if share > 0]
        for part in open_parts:
            debts[part] += count * shares[part]
            whole = min(left, max(0, math.floor(debts[part])))
            paid[part] = whole
            debts[part] -= whole
            left -= whole
        for _ in range(left):
            part = max(open_parts, key=debts.__getitem__)
            paid[part] += 1
            debts[part] -= 1
        return paid
