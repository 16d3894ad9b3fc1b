"""Go's time.Time and time.Duration as templates use them: `.StartsAt.Format "2006-01-02"`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hivesight.gotmpl.errors import FunctionError
from hivesight.gotmpl.values import Method

_SECOND: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ZERO_SECONDS: Final = -62135596800


@dataclass(frozen=True, slots=True, order=True)
class GoDuration:
    """A length of time in nanoseconds."""

    ns: int
    type_name = "time.Duration"

    @property
    def seconds(self) -> float:
        return self.ns / _SECOND

    def template_string(self) -> str:
        """As Go prints it: `1h2m3.5s` (time.Duration.String)."""
        sign, ns = ("-", -self.ns) if self.ns < 0 else ("", self.ns)
        if ns < _SECOND:
            for size, unit in ((1_000_000, "ms"), (1000, "µs"), (1, "ns")):
                if ns >= size:
                    return f"{sign}{_decimal(ns, size)}{unit}"
            return "0s"
        minutes, rest = divmod(ns, 60 * _SECOND)
        hours, minutes = divmod(minutes, 60)
        shown = f"{_decimal(rest, _SECOND)}s"
        if hours:
            return f"{sign}{hours}h{minutes}m{shown}"
        return f"{sign}{minutes}m{shown}" if minutes else sign + shown

    def _truncate(self, unit: object) -> "GoDuration":
        size = _duration_ns(unit)
        whole = abs(self.ns) // size * size if size > 0 else abs(self.ns)
        return GoDuration(whole if self.ns >= 0 else -whole)

    def _round(self, unit: object) -> "GoDuration":
        size = _duration_ns(unit)
        if size <= 0:
            return self
        whole = (abs(self.ns) + size // 2 + size % 2) // size * size if size > 1 else abs(self.ns)
        return GoDuration(whole if self.ns >= 0 else -whole)

    def template_methods(self) -> Mapping[str, Method]:
        return {
            "Seconds": lambda: self.seconds,
            "Minutes": lambda: self.seconds / 60,
            "Hours": lambda: self.seconds / 3600,
            "Milliseconds": lambda: int(self.ns / 1_000_000),
            "Nanoseconds": lambda: self.ns,
            "Round": self._round,
            "Truncate": self._truncate,
            "String": self.template_string,
        }


@dataclass(frozen=True, slots=True)
class GoTime:
    """A point in time. ns: nanoseconds since the epoch. zone: where it is shown."""

    ns: int
    zone: tzinfo = UTC
    type_name = "time.Time"

    @classmethod
    def from_ms(cls, ms: int, zone: tzinfo = UTC) -> "GoTime":
        return cls(ms * 1_000_000, zone)

    @property
    def moment(self) -> datetime:
        """The time to the second, in its zone. Raises FunctionError outside the years 1 to 9999."""
        try:
            return (_EPOCH + timedelta(seconds=self.ns // _SECOND)).astimezone(self.zone)
        except (OverflowError, ValueError) as error:
            raise FunctionError("time outside the years 1 to 9999") from error

    def template_string(self) -> str:
        return self.format("2006-01-02 15:04:05.999999999 -0700 MST")

    def format(self, layout: str) -> str:
        """The time under a Go layout (package time, "Layout")."""
        moment, fraction = self.moment, self.ns % _SECOND
        return _LAYOUT.sub(lambda match: _element(match, moment, fraction), layout)

    def in_zone(self, name: str) -> "GoTime":
        """The same time shown in an IANA time zone."""
        return GoTime(self.ns, zone_of(name))

    def _add(self, length: object) -> "GoTime":
        return GoTime(self.ns + _duration_ns(length), self.zone)

    def _sub(self, other: "GoTime") -> GoDuration:
        return GoDuration(self.ns - other.ns)

    def _before(self, other: "GoTime") -> bool:
        return self.ns < other.ns

    def _after(self, other: "GoTime") -> bool:
        return self.ns > other.ns

    def _equal(self, other: "GoTime") -> bool:
        return self.ns == other.ns

    def template_methods(self) -> Mapping[str, Method]:
        return {
            "Format": self.format,
            "String": self.template_string,
            "Unix": lambda: self.ns // _SECOND,
            "UnixMilli": lambda: self.ns // 1_000_000,
            "UnixNano": lambda: self.ns,
            "UTC": lambda: GoTime(self.ns),
            "Local": lambda: GoTime(self.ns),
            "Add": self._add,
            "Sub": self._sub,
            "Before": self._before,
            "After": self._after,
            "Equal": self._equal,
            "IsZero": lambda: self.ns == _ZERO_SECONDS * _SECOND,
            "Year": lambda: self.moment.year,
            "Month": lambda: self.moment.strftime("%B"),
            "Day": lambda: self.moment.day,
            "Hour": lambda: self.moment.hour,
            "Minute": lambda: self.moment.minute,
            "Second": lambda: self.moment.second,
            "Weekday": lambda: _DAYS[self.moment.weekday()],
            "YearDay": lambda: self.moment.timetuple().tm_yday,
        }


def zone_of(name: str) -> tzinfo:
    """An IANA time zone. Raises FunctionError for an unknown one."""
    if name in ("", "UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise FunctionError(f"unknown time zone {name}") from error


def _duration_ns(value: object) -> int:
    if isinstance(value, GoDuration):
        return value.ns
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise FunctionError("wrong type for value; expected time.Duration")


def _decimal(ns: int, unit: int) -> str:
    """ns / unit without trailing zeros."""
    whole, rest = divmod(ns, unit)
    if not rest:
        return str(whole)
    return f"{whole}.{rest:0{len(str(unit)) - 1}d}".rstrip("0")


_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_LAYOUT: Final = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|-07:00:00|-070000|-07:00|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07"
    r"|[.,](?:0+|9+)(?![0-9])|002|__2|01|02|03|04|05|06|15|PM|pm|_2(?!006)|1|2|3|4|5",
)


def _offset(moment: datetime, shape: str) -> str:
    """The zone's offset in the shape of a layout element such as `-07:00` or `Z0700`."""
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    if shape[0] == "Z" and seconds == 0:
        return "Z"
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    parts = [f"{seconds // 3600:02d}", f"{seconds // 60 % 60:02d}", f"{seconds % 60:02d}"]
    wanted = len(shape.replace(":", "")) // 2
    return sign + (":" if ":" in shape else "").join(parts[:wanted])


def _fraction(shape: str, ns: int) -> str:
    digits = f"{ns:09d}"[: len(shape) - 1]
    if shape[1] == "9":
        digits = digits.rstrip("0")
    return shape[0] + digits if digits else ""


def _element(match: re.Match[str], moment: datetime, ns: int) -> str:
    """One element of a layout, filled in."""
    shape = match.group()
    if shape[0] in ".,":
        return _fraction(shape, ns)
    if shape[0] in "-Z":
        return _offset(moment, shape)
    if shape == "MST":
        return moment.tzname() or _offset(moment, "-0700")
    return _ELEMENTS[shape](moment)


_ELEMENTS: Final[dict[str, Callable[[datetime], str]]] = {
    "2006": lambda m: f"{m.year:04d}",
    "06": lambda m: f"{m.year % 100:02d}",
    "January": lambda m: _MONTHS[m.month - 1],
    "Jan": lambda m: _MONTHS[m.month - 1][:3],
    "01": lambda m: f"{m.month:02d}",
    "1": lambda m: str(m.month),
    "Monday": lambda m: _DAYS[m.weekday()],
    "Mon": lambda m: _DAYS[m.weekday()][:3],
    "02": lambda m: f"{m.day:02d}",
    "_2": lambda m: f"{m.day:2d}",
    "2": lambda m: str(m.day),
    "002": lambda m: f"{m.timetuple().tm_yday:03d}",
    "__2": lambda m: f"{m.timetuple().tm_yday:3d}",
    "15": lambda m: f"{m.hour:02d}",
    "03": lambda m: f"{(m.hour + 11) % 12 + 1:02d}",
    "3": lambda m: str((m.hour + 11) % 12 + 1),
    "04": lambda m: f"{m.minute:02d}",
    "4": lambda m: str(m.minute),
    "05": lambda m: f"{m.second:02d}",
    "5": lambda m: str(m.second),
    "PM": lambda m: "PM" if m.hour >= 12 else "AM",
    "pm": lambda m: "pm" if m.hour >= 12 else "am",
}
