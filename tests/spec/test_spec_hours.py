"""Working hours as people write them, and as Alertmanager takes them."""

from __future__ import annotations

import sys
import zoneinfo
from collections.abc import Iterator

import pytest

from slostack.spec.hours import parse_hours


@pytest.fixture
def no_zones(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without a time-zone database, as some containers are."""
    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    monkeypatch.setitem(sys.modules, "tzdata", None)
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.parametrize(
    ("days", "ranges"),
    [
        ("Mon-Fri", ("monday:friday",)),
        ("mon-FRI", ("monday:friday",)),
        ("Mon-Sun", ("sunday:saturday",)),
        ("Sat-Mon", ("sunday:monday", "saturday")),
        ("Sun,Wed", ("sunday", "wednesday")),
        ("Mon-Tue,Tue-Thu", ("monday:thursday",)),
        ("Fri-Thu", ("sunday:saturday",)),
    ],
)
def test_days_become_ranges_that_never_pass_saturday(days: str, ranges: tuple[str, ...]) -> None:
    """Alertmanager counts from Sunday and refuses a range that goes backwards."""
    assert parse_hours(f"{days} 09:00-17:00 UTC").days == ranges


def test_times_and_zone_are_kept() -> None:
    """Blanks around and between do not matter; a day may end at 24:00."""
    hours = parse_hours(" Mon-Fri  00:00 - 24:00  America/Argentina/Buenos_Aires ")
    assert (hours.start, hours.end, hours.zone) == ("00:00", "24:00", "America/Argentina/Buenos_Aires")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "names no working hours"),
        ("Mon-Fri 9:00-17:00 UTC", "names no working hours"),
        ("Mon-Fri 09:00-24:01 UTC", "has the time 24:01, which no day has"),
        ("Mon-Fri 09:60-17:00 UTC", "has the time 09:60, which no day has"),
        ("Mon-Fri 09:00-09:00 UTC", "ends before it begins"),
        ("Mon-Wed-Fri 09:00-17:00 UTC", "has `Mon-Wed-Fri`, which is no range of days"),
        ("Mon, 09:00-17:00 UTC", "has a comma without a day"),
        ("Mon 09:00-17:00 Europe", "has `Europe`, which is no time zone"),
        ("Mon 09:00-17:00 ../../etc/passwd", "has `../../etc/passwd`, which is no time zone"),
        ("Mon 09:00-17:00 /etc/localtime", "has `/etc/localtime`, which is no time zone"),
    ],
)
def test_what_means_nothing_is_refused(text: str, sentence: str) -> None:
    """With a remedy after the bar."""
    with pytest.raises(ValueError, match=r"\|") as raised:
        parse_hours(text)
    assert str(raised.value).partition("|")[0] == sentence


def test_a_name_is_that_of_the_same_hours_only() -> None:
    """Alertmanager knows hours by their names: what differs in a sign alone must not be one."""
    texts = [
        "Mon-Fri 09:00-17:00 UTC",
        "Mon,Fri 09:00-17:00 UTC",
        "Mon-Tue,Fri 09:00-17:00 UTC",
        "Mon-Fri 09:00-17:00 Etc/GMT+8",
        "Mon-Fri 09:00-17:00 Etc/GMT-8",
    ]
    assert len({parse_hours(text).name for text in texts}) == len(texts)
    assert parse_hours("Sat-Tue 09:00-17:00 UTC").name == "sunday to tuesday, saturday 09:00-17:00 UTC"
    assert parse_hours("mon,tue-fri  09:00 - 17:00  UTC").name == parse_hours(texts[0]).name


@pytest.mark.usefixtures("no_zones")
def test_without_a_database_a_zone_is_believed() -> None:
    """Alertmanager, which has its own, is the one that must know it; a path is no zone all the same."""
    assert parse_hours("Mon 09:00-17:00 Europe/Berlin").zone == "Europe/Berlin"
    with pytest.raises(ValueError, match="no time zone"):
        parse_hours("Mon 09:00-17:00 ../Berlin")
