"""Names of OTLP metrics and attributes as Prometheus names: OpenTelemetry's "Prometheus and OpenMetrics compatibility",
with the details of Prometheus' own translator."""

import re
from enum import StrEnum
from typing import Final

_UNITS: Final = {
    "d": "days",
    "h": "hours",
    "min": "minutes",
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
    "By": "bytes",
    "KiBy": "kibibytes",
    "MiBy": "mebibytes",
    "GiBy": "gibibytes",
    "TiBy": "tibibytes",
    "KBy": "kilobytes",
    "MBy": "megabytes",
    "GBy": "gigabytes",
    "TBy": "terabytes",
    "m": "meters",
    "V": "volts",
    "A": "amperes",
    "J": "joules",
    "W": "watts",
    "g": "grams",
    "Cel": "celsius",
    "Hz": "hertz",
    "1": "",
    "%": "percent",
}
_PER: Final = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}
_BETWEEN_TOKENS: Final = re.compile(r"[^a-zA-Z0-9:]+")
_INVALID: Final = re.compile(r"[^a-zA-Z0-9:_]+")
_INVALID_IN_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")
_DIGITS: Final = frozenset("0123456789")


class Kind(StrEnum):
    """What a metric is, as far as its name is concerned."""

    GAUGE = "gauge"
    COUNTER = "counter"
    UP_DOWN = "up_down"
    HISTOGRAM = "histogram"
    EXPONENTIAL = "exponential"
    SUMMARY = "summary"


def metric_name(name: str, unit: str, kind: Kind, *, escapes: bool, suffixes: bool) -> str:
    """The name of the family; empty where nothing of the name is left."""
    if not escapes:
        return _with_suffixes(name, unit, kind) if suffixes else name
    tokens = _tokens(name, unit, kind) if suffixes else _INVALID.split(name)
    found = "_".join(each for each in tokens if each)
    if found[:1] in _DIGITS:
        found = "_" + found
    return found if found == name or found.strip("_") else ""


def label_name(name: str, *, escapes: bool) -> str:
    """The label's name; empty where the attribute has none."""
    if not escapes or not name:
        return name
    found = _INVALID_IN_LABEL.sub("_", name)
    if found[0] in _DIGITS:
        return "key_" + found
    return "key" + found if found[0] == "_" and not found.startswith("__") else found


def _units(unit: str) -> tuple[str, str]:
    """The unit, and `per_` with what it is counted against; annotations in braces say no unit."""
    main, _, per = (each.strip() for each in unit.partition("/"))
    main = "" if "{" in main or "}" in main else _UNITS.get(main, main)
    per = "" if "{" in per or "}" in per else _PER.get(per, per)
    return main, f"per_{per}" if per else ""


def _clean(unit: str) -> str:
    return _BETWEEN_TOKENS.sub("_", unit).removeprefix("_")


def _tokens(name: str, unit: str, kind: Kind) -> list[str]:
    tokens = [each for each in _BETWEEN_TOKENS.split(name) if each]
    main, per = map(_clean, _units(unit))
    main = "" if main in tokens else main
    per = "" if per == "per_" else per.removesuffix("_")
    per = "" if per in tokens else per
    main = main.removesuffix("_") if per else main
    tokens += [each for each in (main, per) if each]
    if kind is Kind.COUNTER:
        tokens = [*(each for each in tokens if each != "total"), "total"]
    if unit == "1" and kind is Kind.GAUGE:
        tokens = [*(each for each in tokens if each != "ratio"), "ratio"]
    return tokens


def _with_suffixes(name: str, unit: str, kind: Kind) -> str:
    """The name as it is with unit, per, `total` and `ratio`, each once and in this order."""
    ends: list[str] = []
    if unit == "1" and kind is Kind.GAUGE:
        ends.append("ratio")
    if kind is Kind.COUNTER:
        ends.append("total")
    main, per = _units(unit)
    if per:
        ends.append(per)
    for end in ends:
        if name.endswith(end) and len(name) > len(end) + 1:
            name = name[: -len(end) - 1]
    if main and not name.endswith(main):
        name = f"{name}_{main}"
    return "_".join([name, *reversed(ends)])
