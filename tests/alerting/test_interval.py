"""Time intervals: the same moment in and out of each."""

from datetime import UTC, datetime

import pytest

from hivesight.alerting.interval import TimeInterval
from hivesight.schema import load


def interval(text: str) -> TimeInterval:
    loaded = load(text, "i.yml", TimeInterval)
    assert loaded.value is not None, loaded.diagnostics
    return loaded.value


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


CASES = [
    # interval, inside, outside
    ("times: [{start_time: '09:00', end_time: '17:00'}]", "2026-01-05 09:00", "2026-01-05 17:00"),
    ("times: [{start_time: 09:00, end_time: 24:00}]", "2026-01-05 23:59:59", "2026-01-05 08:59"),
    ("weekdays: ['monday:friday']", "2026-01-05 00:00", "2026-01-04 23:59"),
    ("weekdays: [saturday, sunday]", "2026-01-04 12:00", "2026-01-05 12:00"),
    ("weekdays: ['Sunday:Tuesday']", "2026-01-06 12:00", "2026-01-07 12:00"),
    ("days_of_month: ['1:5', '-3:-1']", "2026-02-26 12:00", "2026-02-25 12:00"),
    ("days_of_month: ['-1']", "2024-02-29 12:00", "2024-02-28 12:00"),
    ("days_of_month: ['30:31']", "2026-04-30 12:00", "2026-02-28 12:00"),
    ("days_of_month: ['27:31']", "2026-02-28 12:00", "2026-02-26 12:00"),
    ("days_of_month: ['-31:-30']", "2026-01-02 12:00", "2026-02-01 12:00"),
    ("days_of_month: ['10:-10']", "2026-02-19 12:00", "2026-02-20 12:00"),
    ("months: ['january:march', '12']", "2026-12-05 12:00", "2026-04-05 12:00"),
    ("years: ['2026:2027']", "2027-12-31 23:59", "2028-01-01 00:00"),
    ("weekdays: [monday]\nmonths: [january]", "2026-01-05 12:00", "2026-02-02 12:00"),
    ("times: [{start_time: 09:00, end_time: 10:00}]\nlocation: Europe/Berlin", "2026-07-01 07:30", "2026-01-05 07:30"),
    ("weekdays: [tuesday]\nlocation: Asia/Tokyo", "2026-01-05 15:00", "2026-01-06 15:00"),
]


@pytest.mark.parametrize(("text", "inside", "outside"), CASES)
def test_moments(text: str, inside: str, outside: str) -> None:
    assert interval(text).contains(ms(inside))
    assert not interval(text).contains(ms(outside))


BAD = [
    ("times: [{start_time: '9:00', end_time: '17:00'}]", "not a time of day"),
    ("times: [{start_time: '09:00', end_time: '24:01'}]", "not a time of day"),
    ("times: [{start_time: '09:00'}]", "'end_time' is missing"),
    ("weekdays: ['friday:monday']", "cannot be after"),
    ("weekdays: [someday]", "not a valid weekday"),
    ("days_of_month: ['0']", "out of range"),
    ("days_of_month: ['1:32']", "out of range"),
    ("days_of_month: ['-5:3']", "must be negative"),
    ("days_of_month: ['5:2']", "before the start day"),
    ("days_of_month: [first]", "not a valid day"),
    ("months: ['13']", "not a valid month"),
    ("years: ['2027:2026']", "cannot be after"),
    ("location: Mars/Phobos", "unknown time zone"),
    ("location: ../../etc/passwd", "unknown time zone"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_bad_intervals_are_refused(text: str, message: str) -> None:
    loaded = load(text, "i.yml", TimeInterval)
    assert loaded.value is None
    assert message in loaded.diagnostics[0].message
