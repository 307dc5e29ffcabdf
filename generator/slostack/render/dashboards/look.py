"""What boards look like: one meaning, one colour and one mark; units, and the words for what is not there."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from slostack.plan import SloPlan

Json = dict[str, Any]

RED = "dark-red"  # page
RED_TEXT = "red"  # the same as the colour of a figure, which is thin and needs more light
ORANGE = "dark-orange"  # ticket
VIOLET = "dark-purple"  # budget gone
GREEN = "dark-green"  # kept
GREY_BLUE = "#5b6f8f"  # no traffic
GREY = "#7a7f87"  # no data
TEXT = "text"
BLUE = "semi-dark-blue"  # a plain measurement
UNWANTED = "#b38f00"  # beyond what somebody wants; nobody is told, unlike with red and orange
PALE = "#8e9bb3"  # a comparison: last week, what is allowed


@dataclass(frozen=True)
class State:
    """A state of a promise. `rank` orders the worst first; no state is told by its colour alone."""

    rank: int
    mark: str
    word: str
    colour: str
    meaning: str

    @property
    def label(self) -> str:
        """Mark and word, as they stand in every cell and legend."""
        return f"{self.mark} {self.word}"


PAGE = State(5, "■", "page", RED, "somebody is being woken")
TICKET = State(4, "▲", "ticket", ORANGE, "somebody must look in working hours")
GONE = State(3, "◆", "budget gone", VIOLET, "the period's error budget is spent")
NO_DATA = State(2, "◇", "no data", GREY, "nothing is measured: look at the scrape")
NO_TRAFFIC = State(1, "○", "no traffic", GREY_BLUE, "nothing happened in the last hour, so nothing could fail")
KEPT = State(0, "●", "kept", GREEN, "all is well")
STATES = (PAGE, TICKET, GONE, NO_DATA, NO_TRAFFIC, KEPT)

# The vocabulary's units, and that of histograms in milliseconds, as Grafana's registry writes them.
UNITS = {
    "per second": "suffix:/s",
    "per minute": "suffix:/min",
    "percent": "percentunit",
    "seconds": "s",
    "milliseconds": "ms",
    "bytes": "decbytes",
    "count": "short",
    "cores": "suffix:cores",
    "tokens": "suffix:tokens",
    "usd": "currencyUSD",
    "score": "none",
    "times": "suffix:×",
    "levels": "none",
}
TIMES = UNITS["times"]
PERCENT = UNITS["percent"]
PER_MINUTE = UNITS["per minute"]

NO_TRAFFIC_TEXT = f"{NO_TRAFFIC.mark} no traffic"
NO_DATA_TEXT = f"{NO_DATA.mark} no data"


def state_mapping(states: tuple[State, ...] = STATES) -> list[Json]:
    """A value mapping from a state's rank to its mark, word and colour."""
    options = {
        str(state.rank): {"text": state.label, "color": state.colour, "index": index}
        for index, state in enumerate(states)
    }
    return [{"type": "value", "options": options}]


def instead(text: str, colour: str = TEXT, match: str = "null+nan") -> list[Json]:
    """A value mapping that says `text` where there is no value or no number; `match`: null, nan or null+nan."""
    return [{"type": "special", "options": {"match": match, "result": {"text": text, "color": colour}}}]


def budget_steps() -> Json:
    """Colours of the budget that is left: neutral, violet once it is gone, grey where nothing is known."""
    return steps((GREY, None), (VIOLET, -1e6), (BLUE, 1e-9))


def steps(*pairs: tuple[str, float | None]) -> Json:
    """Thresholds from (colour, from which value on); the first has no value."""
    return {
        "mode": "absolute",
        "steps": [{"color": colour} | ({} if value is None else {"value": value}) for colour, value in pairs],
    }


def severity_colour(severity: str) -> str:
    """The colour of an alert's severity."""
    return RED if severity == "page" else ORANGE


def objective_decimals(slos: tuple[SloPlan, ...]) -> int:
    """Decimals of an achieved percentage: one more than the most exact objective has, so 99.95 never shows as 100."""
    return max((_decimals(slo.objective) for slo in slos), default=1) + 1


def _decimals(value: Decimal) -> int:
    return max(0, -int(value.normalize().as_tuple().exponent))


def plain(value: Fraction, digits: int = 1) -> str:
    """A factor in words: `14.4`, `6`."""
    return f"{float(value):.{digits}f}".rstrip("0").rstrip(".")
