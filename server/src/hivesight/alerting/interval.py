"""Time intervals: when a route is active or muted. Texts of `time_intervals` enter, conditions leave; pure."""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hivesight.schema import Text, parsed, section

_WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS: Final = tuple(calendar.month_name[number].lower() for number in range(1, 13))
_TIME: Final = re.compile(r"((?:[01][0-9])|(?:2[0-3])):([0-5][0-9])$|(24):(00)$")


@dataclass(frozen=True, slots=True)
class Range:
    """From `begin` to `end`, both included. Days of the month may count from its end: -1 is the last."""

    begin: int
    end: int


def parse_time(text: str) -> int:
    """`HH:MM` as minutes since midnight; `24:00` is the end of the day. Raises ValueError with the reason."""
    match = _TIME.match(text)
    if match is None:
        raise ValueError(f"not a time of day: {text!r} (write it like 09:00 or 24:00)")
    hours, minutes = (match[1], match[2]) if match[1] else (match[3], match[4])
    return int(hours) * 60 + int(minutes)


def parse_weekdays(text: str) -> Range:
    """`monday:friday` or `sunday`; Sunday is 0."""
    return _named(text, "weekday", {name: number for number, name in enumerate(_WEEKDAYS)})


def parse_months(text: str) -> Range:
    """`january:march`, `5` or `1:3`."""
    numbers = {name: number for number, name in enumerate(_MONTHS, 1)}
    return _named(text, "month", numbers | {str(number): number for number in range(1, 13)})


def parse_days_of_month(text: str) -> Range:
    """`1:5`, `-3:-1` or `15`."""
    span = _numbers(text, "day of the month")
    for day in (span.begin, span.end):
        if day == 0 or not -31 <= day <= 31:
            raise ValueError(f"{day} is not a valid day of the month: out of range")
    if span.begin < 0 < span.end:
        raise ValueError("the end day must be negative if the start day is negative")
    # 31 days is the longest month: a range that is empty there is empty in each.
    if _from_start(span.begin, 31) > _from_start(span.end, 31):
        raise ValueError(f"the end day is before the start day in {text!r}")
    return span


def parse_years(text: str) -> Range:
    """`2026` or `2026:2028`."""
    return _ordered(_numbers(text, "year"), text)


def parse_location(text: str) -> tzinfo:
    """A name of the time zone database, `UTC`, or `Local` for the machine's zone."""
    if text == "Local":
        local = datetime.now().astimezone().tzinfo
        return local if local is not None else UTC
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {text!r} (write a name such as Europe/Berlin)") from error


def _named(text: str, what: str, numbers: Mapping[str, int]) -> Range:
    begin, _, end = text.lower().partition(":")
    for name in (begin, end or begin):
        if name not in numbers:
            raise ValueError(f"{name!r} is not a valid {what}")
    return _ordered(Range(numbers[begin], numbers[end or begin]), text)


def _numbers(text: str, what: str) -> Range:
    begin, _, end = text.partition(":")
    try:
        return Range(int(begin), int(end or begin))
    except ValueError as error:
        raise ValueError(f"{text!r} is not a valid {what} or range of them") from error


def _ordered(span: Range, text: str) -> Range:
    if span.begin > span.end:
        raise ValueError(f"the start cannot be after the end in {text!r}")
    return span


def _from_start(day: int, days: int) -> int:
    return days + day + 1 if day < 0 else day


@section
class TimeRange:
    """From start_time (included) to end_time (not included), in minutes since midnight."""

    start_time: Annotated[int, parsed(parse_time)]
    end_time: Annotated[int, parsed(parse_time)]


@section
class TimeInterval:
    """Every condition that is given must hold; within one, any of its ranges (Alertmanager, "time_interval")."""

    times: tuple[TimeRange, ...] = ()
    weekdays: tuple[Annotated[Range, parsed(parse_weekdays)], ...] = ()
    days_of_month: tuple[Annotated[Range, parsed(parse_days_of_month)], ...] = ()
    months: tuple[Annotated[Range, parsed(parse_months)], ...] = ()
    years: tuple[Annotated[Range, parsed(parse_years)], ...] = ()
    location: Annotated[tzinfo, parsed(parse_location)] = UTC

    def contains(self, at_ms: int) -> bool:
        """Whether this time lies in it."""
        at = datetime.fromtimestamp(at_ms / 1000, self.location)
        minute = at.hour * 60 + at.minute
        if self.times and not any(each.start_time <= minute < each.end_time for each in self.times):
            return False
        days = calendar.monthrange(at.year, at.month)[1]
        if self.days_of_month and not any(_holds_day(each, at.day, days) for each in self.days_of_month):
            return False
        return all(
            not ranges or any(each.begin <= value <= each.end for each in ranges)
            for ranges, value in ((self.months, at.month), (self.weekdays, at.isoweekday() % 7), (self.years, at.year))
        )


@section
class NamedInterval:
    """Time intervals under the name by which routes refer to them; it contains what any of them contains."""

    name: Text
    time_intervals: tuple[TimeInterval, ...] = ()


def containing(intervals: Mapping[str, tuple[TimeInterval, ...]], names: tuple[str, ...], at_ms: int) -> list[str]:
    """Those of the named intervals that contain this time."""
    return [name for name in names if any(each.contains(at_ms) for each in intervals[name])]


def muting(
    intervals: Mapping[str, tuple[TimeInterval, ...]], mute: tuple[str, ...], active: tuple[str, ...], at_ms: int
) -> list[str]:
    """The names of the time intervals that mute a route: those of `mute` that contain this time, or, where the route is
    active only in some and this time is in none of them, those. Names of intervals that are not there do not count: a
    flush that began before a reload may know them."""
    mute, active = (tuple(name for name in names if name in intervals) for names in (mute, active))
    if active and not containing(intervals, active, at_ms):
        return list(active)
    return containing(intervals, mute, at_ms)


def _holds_day(span: Range, day: int, days: int) -> bool:
    begin, end = _from_start(span.begin, days), _from_start(span.end, days)
    return begin <= days and max(1, begin) <= day <= min(days, end)
