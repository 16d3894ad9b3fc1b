"""Answers of the Prometheus API as text: the `data` of an answer and the width of the terminal in, lines out."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from hivesight.cli.chart import Values, area, bar, bounds, short, sparkline
from hivesight.model.labels import METRIC_NAME, Labels

_HEIGHT: Final = 10
_MOST_CHARTED: Final = 40
_NOTHING: Final = ["(no series)"]


def table(data: Any, width: int) -> list[str]:
    """Scalars and strings as they are, a vector as a table with a column for each label, a matrix series by series."""
    kind, result = data["resultType"], data["result"]
    if kind in ("scalar", "string"):
        return [str(result[1])]
    if not result:
        return _NOTHING
    if kind == "vector":
        return _vector(result)
    lines: list[str] = []
    for series in result:
        lines += ["", _name(series["metric"])]
        lines += [f"  {_moment(at)}  {value}" for at, value in _points(series)]
    return lines[1:]


def chart(data: Any, width: int) -> list[str]:
    """A matrix with one series as an area, with several as a line each; a vector as bars."""
    kind, result = data["resultType"], data["result"]
    if kind in ("scalar", "string") or not result:
        return table(data, width)
    shown = result[:_MOST_CHARTED]
    lines = _bars(shown, width) if kind == "vector" else _courses(shown, width)
    if len(result) > len(shown):
        lines.append(f"... and {len(result) - len(shown)} more series")
    return lines


def _vector(result: Sequence[Any]) -> list[str]:
    names = sorted({name for each in result for name in each["metric"]}, key=lambda name: (name != METRIC_NAME, name))
    heads = ["METRIC" if name == METRIC_NAME else name.upper() for name in names]
    rows = [[each["metric"].get(name, "") for name in names] + [_value(each)] for each in result]
    widths = [max(map(len, column)) for column in zip([*heads, "VALUE"], *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        left = [f"{cell:<{width}}" for cell, width in zip(cells[:-1], widths[:-1], strict=True)]
        return "  ".join([*left, f"{cells[-1]:>{widths[-1]}}"]).rstrip()

    return [line(cells) for cells in ([*heads, "VALUE"], *rows)]


def _bars(result: Sequence[Any], width: int) -> list[str]:
    names = [_name(each["metric"]) for each in result]
    values = [_number(each) for each in result]
    low, high = bounds([*values, 0.0])
    margin = min(max(map(len, names)), width // 2)
    room = max(8, width - margin - 12)
    return [
        f"{_cut(name, margin):<{margin}} {short(value):>9} {bar(value, low, high, room)}".rstrip()
        for name, value in zip(names, values, strict=True)
    ]


def _courses(result: Sequence[Any], width: int) -> list[str]:
    times = sorted({at for each in result for at, _ in _points(each)})
    grid = _grid(times)
    courses = [_on(grid, dict(_points(each))) for each in result]
    edges = f"{_moment(times[0])} to {_moment(times[-1])} UTC"
    if len(result) == 1:
        return [_name(result[0]["metric"]), *area(courses[0], width, _HEIGHT), edges]
    names = [_name(each["metric"]) for each in result]
    margin = min(max(map(len, names)), width // 2)
    room = max(8, width - margin - 34)
    lines = [f"{'':<{margin}} {'MIN':>9} {'MAX':>9} {'LAST':>9}"]
    for name, course in zip(names, courses, strict=True):
        known = [value for value in course if value is not None] or [math.nan]
        figures = " ".join(f"{short(value):>9}" for value in (min(known), max(known), known[-1]))
        lines.append(f"{_cut(name, margin):<{margin}} {figures}  {sparkline(course, room)}".rstrip())
    return [*lines, edges]


def _grid(times: Sequence[float]) -> list[float]:
    """The times with those between that no series has a value at, so that gaps stay gaps."""
    step = min((after - before for before, after in pairwise(times)), default=1.0)
    count = round((times[-1] - times[0]) / step) if step > 0 else 0
    return [times[0] + index * step for index in range(count + 1)] if count <= 11_000 else list(times)


def _on(grid: Sequence[float], points: Mapping[float, str]) -> Values:
    known = {round(at, 3): value for at, value in points.items()}
    found = [known.get(round(at, 3)) for at in grid]
    return [None if value is None else _float(value) for value in found]


def _points(series: Mapping[str, Any]) -> list[tuple[float, str]]:
    points = [(at, value) for at, value in series.get("values", ())]
    points += [(at, _histogram(value)) for at, value in series.get("histograms", ())]
    return sorted(points)


def _value(sample: Mapping[str, Any]) -> str:
    return _histogram(sample["histogram"][1]) if "histogram" in sample else str(sample["value"][1])


def _number(sample: Mapping[str, Any]) -> float:
    return _float(_value(sample))


def _histogram(histogram: Mapping[str, Any]) -> str:
    return f"count={histogram['count']} sum={histogram['sum']}"


def _float(text: str) -> float:
    """The value; of a histogram the count of its observations."""
    return float(text.removeprefix("count=").partition(" ")[0])


def _name(metric: Mapping[str, str]) -> str:
    return str(Labels(metric))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
