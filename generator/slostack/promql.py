"""PromQL as text: quoting, durations, selectors, and the time-lapse that the demo and the tests run in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))
_DURATION = re.compile(r"(?:\d+(?:ms|[smhdwy]))+")
_DURATION_PART = re.compile(r"(\d+)(ms|[smhdwy])")
_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000}
_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_PER_SECOND = {"rate", "irate", "deriv"}

_TOKEN = re.compile(
    r"""(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
      | (?P<comment>\#[^\n]*)
      | (?P<variable>\$\{?\w+(?::\w+)?\}?)
      | (?P<duration>(?:\d+(?:ms|[smhdwy]))+(?![\w.]))
      | (?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>(?:[A-Za-z_]|:(?![0-9]))[A-Za-z0-9_:]*)
      | (?P<space>\s+)
      | (?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A lexical token of a PromQL text."""

    kind: str
    text: str


def tokens(expression: str) -> list[Token]:
    """The tokens of `expression`; their texts joined give it back unchanged."""
    return [Token(match.lastgroup or "sign", match.group()) for match in _TOKEN.finditer(expression)]


def without_comments(expression: str) -> str:
    """`expression` without its comments and the blanks before them, so that something may stand behind it."""
    kept = ""
    for token in tokens(expression):
        kept = kept.rstrip() if token.kind == "comment" else kept + token.text
    return kept.strip()


def quote(value: str) -> str:
    """`value` as a PromQL string literal with every character that could end it escaped."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def matchers(labels: dict[str, str]) -> str:
    """`{a="x",b="y"}` for equality on each label, in the order given; an empty string for none."""
    return "{" + ",".join(f"{name}={quote(value)}" for name, value in labels.items()) + "}" if labels else ""


def aggregate(operator: str, labels: str) -> str:
    """An aggregation that keeps `labels` (names with commas between): `sum by (a, b)`, `sum` for none."""
    return f"{operator} by ({labels})" if labels else operator


def duration(seconds: int | Fraction, scale: int = 1) -> str:
    """A Prometheus duration for `seconds` ÷ `scale`, to the millisecond, in the largest unit that divides it."""
    ms = round(Fraction(seconds) * 1000 / scale)
    if ms == 0:
        return "0s" if seconds == 0 else "1ms"
    for unit, size in _UNITS:
        if ms % size == 0:
            return f"{ms // size}{unit}"
    raise AssertionError("every whole number of milliseconds is divisible by one")


def duration_ms(text: str) -> int:
    """Milliseconds of a Prometheus duration such as `1h30m`. Raises ValueError for anything else."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is no duration")
    return sum(int(number) * _MS[unit] for number, unit in _DURATION_PART.findall(text))


def time_lapse(expression: str, scale: int) -> str:
    """`expression` as it reads when everything happens `scale` times faster.

    Every duration is divided by `scale`; `rate`, `irate` and `deriv` are per second and so are divided by it too,
    which keeps their thresholds. Counts, ratios, gauges and measured latencies are the same at every speed.
    Plain numbers that mean seconds (`time() - x > 3600`) cannot be told from others and stay.
    """
    if scale == 1:
        return expression
    out: list[str] = []
    closing: list[bool] = []  # for each open parenthesis: does it close a per-second function?
    function: int | None = None  # where a per-second function's name stands, until its parenthesis opens
    for token in tokens(expression):
        text = token.text
        if token.kind == "duration":
            text = duration(Fraction(duration_ms(text), 1000), scale)
        elif text == "(":
            if function is not None:
                out[function] = "(" + out[function]
            closing.append(function is not None)
        elif text == ")" and closing and closing.pop():
            text = f") / {scale})"
        if token.kind == "word" and text in _PER_SECOND:
            function = len(out)
        elif token.kind != "space":
            function = None
        out.append(text)
    return "".join(out)


@dataclass(frozen=True)
class Selector:
    """An instant selector: a metric name and the text of its matchers, without braces."""

    name: str
    inside: str

    def __str__(self) -> str:
        return f"{self.name}{{{self.inside}}}" if self.inside else self.name

    @property
    def unit(self) -> str:
        """What it measures, as Prometheus wants the unit in a metric's name; `count` where its name says none."""
        return next((unit for unit in ("milliseconds", "seconds", "bytes") if self.name.endswith(f"_{unit}")), "count")

    def plus(self, matcher: str) -> Selector:
        """The same selector narrowed by one more matcher, such as `le="0.3"`."""
        return Selector(self.name, f"{self.inside},{matcher}" if self.inside else matcher)

    def renamed(self, suffix: str) -> Selector:
        """The same matchers on the metric with `suffix` appended to its name."""
        return Selector(self.name + suffix, self.inside)


def selector(text: str) -> Selector | None:
    """`text` as a plain selector (`name`, `name{…}`), or None where it is a larger expression."""
    parts = [token.text for token in tokens(text) if token.kind not in {"space", "comment"}]
    name, braces = parts[:1], parts[1:]
    if not name or not _NAME.fullmatch(name[0]):
        return None
    if braces and (braces[0] != "{" or braces[-1] != "}" or any(text in {"{", "}"} for text in braces[1:-1])):
        return None
    return Selector(name[0], "".join(braces[1:-1]).strip(","))
