"""How people write durations, sizes, percentages and names, and what they mean."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, StringConstraints, WithJsonSchema

_DURATION = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_DURATION_SIZES = (86_400, 3_600, 60, 1)
_AMOUNT = re.compile(r"(-?\d{1,20}(?:\.\d{1,20})?)\s*([A-Za-zµ%]*)", re.ASCII)
_PERCENT = re.compile(r"-?\d{1,20}(?:\.\d{1,20})?", re.ASCII)
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
    if not _PERCENT.fullmatch(text):
        raise ValueError("is no percentage|write a number between 0 and 100, such as 99.9")
    number = Decimal(text)
    if not 0 < number < 100:
        raise ValueError("is not between 0 and 100|write percent, such as 99.9; 100 leaves no budget to alert on")
    if -int(number.as_tuple().exponent) > 6:
        raise ValueError("has more than six decimals|no service keeps such a promise; round it")
    return number


# For editors: in JSON Schema, `pattern` binds strings only and the bounds bind numbers only.
_AMOUNT_PATTERN = r"-?\d+(\.\d+)?\s*(" + "|".join(unit for unit in _AMOUNT_UNITS if unit) + ")?"
_AMOUNT_SCHEMA = {"type": ["string", "number"], "pattern": f"^{_AMOUNT_PATTERN}$"}
_PERCENT_SCHEMA = {
    "type": ["string", "number"],
    "pattern": r"^\d+(\.\d+)?\s*%?$",
    "exclusiveMinimum": 0,
    "exclusiveMaximum": 100,
}

Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$", "examples": ["5m", "30d"]}),
]
Amount = Annotated[
    Fraction, BeforeValidator(parse_amount), WithJsonSchema(_AMOUNT_SCHEMA | {"examples": ["300ms", "7GB", "5%", 0.1]})
]
Percent = Annotated[
    Decimal, BeforeValidator(parse_percent), WithJsonSchema(_PERCENT_SCHEMA | {"examples": [99.9, "99.95%"]})
]


def parse_amount_or_alert(value: Any) -> Fraction | str:
    """A number as `parse_amount` reads it, or the name of an alert whose limit is meant."""
    if isinstance(value, str) and _ALERT_NAME.fullmatch(value):
        return value
    try:
        return parse_amount(value)
    except ValueError:
        raise ValueError("is neither a number nor an alert's name|write 300ms, 5% or 0.1, or a name") from None


def _no_label_twice(labels: list[str]) -> list[str]:
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        raise ValueError(f"names the label `{twice}` twice|keep one of the two")
    return labels


def _inside(folder: str) -> str:
    if folder.startswith("/") or ".." in folder.split("/"):
        raise ValueError("leads out of the repository|write a path below the folder of the spec")
    return folder


def _reachable(url: str) -> str:
    try:
        sound = bool(urlsplit(url).hostname) and urlsplit(url).port != 0
    except ValueError:  # a port beyond 65535, or a bracket of an IPv6 address without the other
        sound = False
    if not sound:
        raise ValueError("|".join(PATTERNS[URL]))
    return url


def _once_a_minute(seconds: int) -> int:
    if seconds > 60:
        raise ValueError("is longer than a minute|write 1m or less: counting needs a sample in every minute")
    return seconds


def _with_port(address: str) -> str:
    if not 0 < int(address.rpartition(":")[2]) < 65_536:
        raise ValueError("has a port that does not exist|write one from 1 to 65535")
    return address


# Names become label values, file names, anchors and parts of addresses: only what is safe in all of them.
NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
ALERT_NAME = r"^[A-Z][A-Za-z0-9]*$"
ALERT_NAME_OR_OFF = r"^(off|[A-Z][A-Za-z0-9]*)$"
LABEL_NAME = r"^[a-zA-Z][a-zA-Z0-9_]*$"
LINK_TITLE = r"^[A-Za-z][A-Za-z0-9 _-]{0,40}$"
JOB = r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,100}$"
URL = r"^https?://[^\s\x22'<>\\^`{|}]+$"
PATH = r"^[A-Za-z0-9_./-]+$"
HTTP_PATH = r"^/[A-Za-z0-9_./-]*$"
ADDRESS = r"^[A-Za-z0-9_.-]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$"
MAIL_ADDRESS = r"^[^@\s,<>\x22']+@[^@\s,<>\x22']+$"
CHANNEL = r"^[#@][^\s\x22'<>]{1,80}$"
_ALERT_NAME = re.compile(ALERT_NAME)

# What a text that does not match is not, and what to write instead.
PATTERNS = {
    NAME: ("is no name", "write small letters and digits, in parts joined by `-`, such as `checkout-api`"),
    ALERT_NAME: ("is no name of an alert", "write words with capitals and nothing between, such as `QueueTooLong`"),
    ALERT_NAME_OR_OFF: ("is no name of an alert", "write words with capitals, such as `QueueTooLong`, or `off`"),
    LABEL_NAME: ("is no name of a label", "write letters, digits and `_`, such as `tenant_id`"),
    LINK_TITLE: ("is no title of a link", "write up to 40 letters, digits, spaces, `-` and `_`, such as `Source code`"),
    JOB: ("is no name of a job or service", "write letters, digits and `_ . / -`, such as `checkout-api`"),
    URL: ("is no address of a page", "write it with http:// or https://, such as https://grafana.example.org"),
    PATH: ("is no path", "write letters, digits and `_ . / -`, such as `secrets/slack`"),
    HTTP_PATH: ("is no path of a metrics page", "begin it with `/`, such as `/metrics`"),
    ADDRESS: ("is no address of a server", "write host and port, such as `checkout:8080`"),
    MAIL_ADDRESS: ("is no e-mail address", "write one address, such as `oncall@example.org`"),
    CHANNEL: ("is no channel", 'begin it with `#` or `@`, in quotes, such as `"#shop"`'),
}

Name = Annotated[str, StringConstraints(pattern=NAME, max_length=63)]
AlertName = Annotated[str, StringConstraints(pattern=ALERT_NAME, max_length=100)]
AlertNameOrOff = Annotated[str, StringConstraints(pattern=ALERT_NAME_OR_OFF, max_length=100)]
LabelName = Annotated[str, StringConstraints(pattern=LABEL_NAME, max_length=63)]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
PromQL = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
LinkTitle = Annotated[str, StringConstraints(pattern=LINK_TITLE)]
JobName = Annotated[str, StringConstraints(pattern=JOB)]
Url = Annotated[str, StringConstraints(pattern=URL, max_length=2000), AfterValidator(_reachable)]
ScrapeInterval = Annotated[Duration, AfterValidator(_once_a_minute)]
Path = Annotated[str, StringConstraints(pattern=PATH, max_length=500)]
Folder = Annotated[str, StringConstraints(pattern=PATH, max_length=500), AfterValidator(_inside)]
HttpPath = Annotated[str, StringConstraints(pattern=HTTP_PATH, max_length=500)]
Address = Annotated[str, StringConstraints(pattern=ADDRESS, max_length=300), AfterValidator(_with_port)]
MailAddress = Annotated[str, StringConstraints(pattern=MAIL_ADDRESS, max_length=254)]
Channel = Annotated[str, StringConstraints(pattern=CHANNEL)]
Labels = Annotated[list[LabelName], Field(max_length=8), AfterValidator(_no_label_twice)]
AmountOrAlert = Annotated[
    Fraction | str,
    PlainValidator(parse_amount_or_alert),
    WithJsonSchema(
        _AMOUNT_SCHEMA
        | {"pattern": f"^({_AMOUNT_PATTERN}|[A-Z][A-Za-z0-9]*)$", "examples": ["300ms", "0.1", "QueueTooLong"]}
    ),
]
