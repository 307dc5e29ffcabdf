"""Working hours, as people write them: `Mon-Fri 09:00-17:00 Europe/Berlin`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_SHORT = {day[:3]: number for number, day in enumerate(_DAYS)}
_HOURS = re.compile(r"(?P<days>\S+)\s+(?P<start>\d\d:\d\d)\s*-\s*(?P<end>\d\d:\d\d)(?:\s+(?P<zone>\S+))?", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_EXAMPLE = "write them such as `Mon-Fri 09:00-17:00 Europe/Berlin`"


@dataclass(frozen=True)
class Hours:
    """Working hours in a time zone: `days` as Alertmanager writes ranges, times as HH:MM."""

    days: tuple[str, ...]
    start: str
    end: str
    zone: str

    @property
    def name(self) -> str:
        """A name that is the same for the same hours and for no others: it leaves nothing out."""
        days = ", ".join(self.days).replace(":", " to ")
        return f"{days} {self.start}-{self.end} {self.zone}"


def parse_hours(text: str) -> Hours:
    """The hours that `text` names. Raises ValueError with a sentence and a remedy, joined by `|`.

    Days are ranges and lists of `Mon` to `Sun`; a range may pass the weekend (`Sat-Mon`). The hours lie within one
    day; the zone is a name of the IANA database.
    """
    match = _HOURS.fullmatch(text.strip())
    if not match:
        raise ValueError(f"names no working hours|{_EXAMPLE}")
    if match["zone"] is None:
        raise ValueError("names no time zone|add one, such as Europe/Berlin or UTC")
    start, end = _minutes(match["start"]), _minutes(match["end"])
    if start >= end:
        raise ValueError("ends before it begins|keep the hours within one day, such as 00:00-24:00")
    _check_zone(match["zone"])
    return Hours(_ranges(_days(match["days"])), match["start"], match["end"], match["zone"])


def _minutes(text: str) -> int:
    hours, minutes = int(text[:2]), int(text[3:])
    if minutes > 59 or hours * 60 + minutes > 24 * 60:
        raise ValueError(f"has the time {text}, which no day has|write 00:00 to 24:00")
    return hours * 60 + minutes


def _days(text: str) -> set[int]:
    days: set[int] = set()
    for part in text.split(","):
        if not part:
            raise ValueError("has a comma without a day|write days such as `Mon-Wed,Fri`, without blanks")
        ends = part.split("-")
        unknown = next((end for end in ends if end.lower() not in _SHORT), None)
        if unknown is not None:
            raise ValueError(f"has `{unknown}`, which is no day|write Mon, Tue, Wed, Thu, Fri, Sat or Sun")
        if len(ends) > 2:
            raise ValueError(f"has `{part}`, which is no range of days|write two days, such as Mon-Fri")
        first, last = _SHORT[ends[0].lower()], _SHORT[ends[-1].lower()]
        days |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return days


def _ranges(days: set[int]) -> tuple[str, ...]:
    """The days as ranges that Alertmanager takes: they count from Sunday and never pass Saturday."""
    out: list[str] = []
    for first in sorted(days):
        if first - 1 in days:
            continue
        last = first
        while last + 1 in days:
            last += 1
        out.append(_DAYS[first] if first == last else f"{_DAYS[first]}:{_DAYS[last]}")
    return tuple(out)


def _check_zone(zone: str) -> None:
    if _ZONE.fullmatch(zone) and _exists(zone):
        return
    known = available_timezones()
    if not known and _ZONE.fullmatch(zone):
        return  # a machine without the database cannot tell; amtool and Alertmanager will
    near = get_close_matches(zone, known, n=1)
    remedy = f"did you mean `{near[0]}`?" if near else "write a name such as Europe/Berlin or UTC"
    raise ValueError(f"has `{zone}`, which is no time zone|{remedy}")


def _exists(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # not found; not a zone's file; a folder such as Europe
        return False
    return True
