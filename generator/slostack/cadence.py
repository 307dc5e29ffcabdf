"""How often the rules are evaluated, and how late an alert may know of what has happened. All in seconds.

From a scrape to an alert a fact takes several steps, and each waits for the next evaluation of its group of rules:
the minute is counted, the minutes are summed to windows, the alert compares the windows.
"""

from __future__ import annotations

from slostack.burnrate import DAY, HOUR, MINUTE
from slostack.plan.model import Window

COUNTED_EVERY = MINUTE
COUNTED_AGO = 12  # the counted minute ends this long ago, so that a scrape that takes up to 10 s is in it
SHORT_EVERY = MINUTE  # windows of up to an hour
MIDDLE_EVERY = 2 * MINUTE  # windows of up to six hours; as often the slower ones are said again
SLICE = 2 * MINUTE  # a measured minute is the mean of this long, in which a slowly scraped job has a sample, too
TILES_EVERY = 5 * MINUTE  # the tiles that longer windows are added up from, and windows of up to a day
TILES_AGO = MINUTE  # a minute that is still being written would be lost to its tile
LONG_EVERY = 10 * MINUTE  # windows beyond a day
ALERTS_EVERY = 30


def delay(window: int) -> int:
    """Seconds that may pass from a scrape until an alert sees, in a window of `window` seconds, what it brought."""
    counted = COUNTED_AGO + COUNTED_EVERY
    if window <= HOUR:
        return counted + SHORT_EVERY + ALERTS_EVERY
    if not Window(window).tiled:
        return counted + MIDDLE_EVERY + ALERTS_EVERY
    longer = LONG_EVERY if window > DAY else 0  # up to a day, windows are summed by the group that makes the tiles
    return counted + TILES_AGO + TILES_EVERY + longer + MIDDLE_EVERY + ALERTS_EVERY
