"""Time-lapse: scaled time runs N times faster than real time, and a day of it has a busy and a quiet half."""

from __future__ import annotations

import math
import time

DAY = 86_400.0
DAY_SWING = 0.3
"""How far the busiest and the quietest hour are from the mean load, as a ratio of it."""
_QUARTER_BEFORE_PEAK = 10 * 3600.0  # load crosses its mean at 10:00 and peaks at 16:00 of the scaled day


class TimeLapse:
    """A clock whose seconds pass `scale` times faster than real ones.

    Scaled time is the Unix time times `scale`, so that it needs no start: after a restart the curve of the day goes on
    where it was, and at scale 1 it is the real day in UTC. It advances by the monotonic clock and never goes back.
    """

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self._scaled = time.time() * scale
        self._read_at = time.monotonic()

    def advance(self) -> tuple[float, float]:
        """Scaled time now, and how much of it passed since the last call; both in scaled seconds."""
        read_at = time.monotonic()
        passed = (read_at - self._read_at) * self.scale
        self._read_at = read_at
        self._scaled += passed
        return self._scaled, passed


def load_at(scaled_time: float) -> float:
    """The load at a time of the scaled day as a multiple of its daily mean: 0.7 to 1.3."""
    return 1 + DAY_SWING * math.sin(2 * math.pi * (scaled_time - _QUARTER_BEFORE_PEAK) / DAY)
