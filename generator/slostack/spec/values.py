"""How people write durations, sizes, percentages and names, and what they mean."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_DURATION_SIZES = (86_400, 3_600, 60, 1)
_AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?)\s*([A-Za-zµ%]*)")
_AMOUNT_UNITS = {
    "": Fraction(1),
    "%": Fraction(1, 100),
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "µs": Fraction(1, 10**6),
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "m": Fraction(60),
    "h": Fraction(3600),
    "d": Fraction(86_400),
    "B": Fraction(1),
    "kB": Fraction(10**3),
    "KB": Fraction(10**3),
    "MB": Fraction(10**6),
    "GB": Fraction(10**9),
    "TB": Fraction(10**12),
    "KiB": Fraction(2**10),
    "MiB": Fraction(2**20),
    "GiB": Fraction(2**30),
    "TiB": Fraction(2**40),
}


def parse_duration(value: Any) -> int:
    """Whole seconds of a duration such as `90s`, `5m`, `1h30m`, `30d`; at least one second."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not match or not value:
        raise ValueError("is no duration|write a number with its unit, such as 90s, 5m, 1h30m or 30d")
    seconds = sum(int(part or 0) * size for part, size in zip(match.groups(), _DURATION_SIZES, strict=True))
    if not 0 < seconds <= 10 * 365 * 86_400:
        raise ValueError("is outside one second to ten years|choose a duration in between")
    return seconds


def parse_amount(value: Any) -> Fraction:
    """An exact number with an optional unit: `300ms`, `7GB`, `5%`, `0.1`; in seconds, bytes or plain."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise ValueError("is no number|write a number, with a unit if it has one, such as 300ms, 7GB, 5% or 0.1")
    match = _AMOUNT.fullmatch(str(value).strip())
    if not match or match[2] not in _AMOUNT_UNITS:
        units = ", ".join(unit for unit in _AMOUNT_UNITS if unit)
        raise ValueError(f"is no number with a known unit|write 300ms, 7GB, 5% or 0.1; units are {units}")
    return Fraction(match[1]) * _AMOUNT_UNITS[match[2]]


def parse_percent(value: Any) -> Decimal:
    """An exact percentage between 0 and 100, both excluded: `99.9` or `99.9%`."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise ValueError("is no percentage|write a number between 0 and 100, such as 99.9")
    text = str(value).strip().removesuffix("%").strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("is no percentage|write a number between 0 and 100, such as 99.9") from None
    if not number.is_finite() or not 0 < number < 100:
        raise ValueError("is not between 0 and 100|write percent, such as 99.9; 100 leaves no budget to alert on")
    if -int(number.as_tuple().exponent) > 6:
        raise ValueError("has more than six decimals|no service keeps such a promise; round it")
    return number


_SCALAR = {"type": ["string", "number"]}

Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$", "examples": ["5m", "30d"]}),
]
Amount = Annotated[
    Fraction, BeforeValidator(parse_amount), WithJsonSchema(_SCALAR | {"examples": ["300ms", "7GB", "5%", 0.1]})
]
Percent = Annotated[Decimal, BeforeValidator(parse_percent), WithJsonSchema(_SCALAR | {"examples": [99.9, "99.95%"]})]

# Names become label values, file names, anchors and parts of addresses: only what is safe in all of them.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=63)]
AlertName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]*$", max_length=100)]
LabelName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9_]*$", max_length=63)]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
PromQL = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s\"'<>\\^`{|}]+$", max_length=2000)]
Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_./-]+$", max_length=500)]
Address = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$")]
Labels = Annotated[list[LabelName], Field(max_length=8)]
