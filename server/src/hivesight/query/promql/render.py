"""Answers as the `data` object of the Prometheus HTTP API v1, in JSON. The text of the numbers comes from orjson, all
of a series at once, and is laced with heads that belong to the time vector."""

import json
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import orjson

from hivesight.model.histogram import HistogramGrid
from hivesight.model.series import Mask, Times, Values
from hivesight.model.symbols import LabelTable
from hivesight.query.promql.literals import format_api
from hivesight.query.promql.native.texts import histogram_texts
from hivesight.query.promql.tables import texts_of
from hivesight.query.promql.types import Matrix, Scalar, String, Vector

_CHUNK: Final = 1 << 12
"""Numbers that are turned to text at a time: their strings stay in the processor's cache."""
_FEW: Final = 0.1
"""Up to this share of whole numbers they are treated one by one."""
_POINT_END: Final = '"],'
_ROW_END: Final = '"]]}'
"""What stands after the last number of a point and of a series."""


def render(value: Scalar | String | Vector | Matrix) -> bytes:
    """`{"resultType": ..., "result": [...]}`."""
    match value:
        case Scalar(at_ms=at_ms, value=number):
            return f'{{"resultType":"scalar","result":[{seconds(at_ms)},"{format_api(number)}"]}}'.encode()
        case String(at_ms=at_ms, value=text):
            return f'{{"resultType":"string","result":[{seconds(at_ms)},{_json(text)}]}}'.encode()
        case Vector():
            return _listed("vector", _vector(value))
        case Matrix():
            return _listed("matrix", _matrix(value))


def seconds(ms: int) -> str:
    """A time in seconds, with three places where there is a fraction."""
    if ms < 0:
        return "-" + seconds(-ms)
    whole, rest = divmod(ms, 1000)
    return f"{whole}.{rest:03d}" if rest else str(whole)


def number_texts(values: Values) -> list[str]:
    """The text of every number as the API writes it; values must be contiguous and not empty."""
    written = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    whole = np.trunc(values) == values
    count = np.count_nonzero(whole)
    if count > _FEW * len(values):
        written = (written + b",").replace(b".0,", b",")[:-1]
    texts = written.decode().split(",")
    if 0 < count <= _FEW * len(values):
        for index in np.flatnonzero(whole).tolist():
            texts[index] = texts[index].removesuffix(".0")
    size = np.abs(values)
    # orjson goes over to exponents elsewhere than Go does, and has no text for what is not finite.
    other = ~((size < 1e16) & ((size >= 1e-5) | (size == 0)))
    if other.any():
        for index, value in zip(np.flatnonzero(other).tolist(), values[other].tolist(), strict=True):
            texts[index] = format_api(value)
    return texts


def _listed(kind: str, series: Iterable[bytes]) -> bytes:
    parts = [b'{"resultType":"', kind.encode(), b'","result":[']
    for each in series:
        parts += (each, b",")
    if parts[-1] == b",":
        parts.pop()
    return b"".join((*parts, b"]}"))


def _json(value: object) -> str:
    """JSON of strings; what is no Unicode in them becomes the replacement character, as in Go."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text.encode(errors="surrogateescape").decode(errors="replace")


def _metrics(table: LabelTable) -> list[str]:
    """The label set of every row; each distinct label is written once."""
    columns: list[list[str]] = []
    for name, codes in zip(table.names, table.codes.T, strict=True):
        head = _json(name) + ":"
        shown = {code: head + _json(text) if text else "" for code, text in texts_of(codes, table.symbols).items()}
        columns.append([shown[code] for code in codes.tolist()])
    if not columns:
        return ['{"metric":{}'] * len(table)
    return [f'{{"metric":{{{",".join(filter(None, row))}}}' for row in zip(*columns, strict=True)]


def _vector(vector: Vector) -> Iterator[bytes]:
    if not len(vector.labels):
        return
    at = seconds(vector.at_ms)
    texts = number_texts(np.ascontiguousarray(vector.values))
    shown = _histograms(vector.histograms, np.ones((len(texts), 1), dtype=np.bool_))
    place = [-1] * len(texts) if vector.histograms is None else vector.histograms.place[:, 0].tolist()
    for metric, text, cell in zip(_metrics(vector.labels), texts, place, strict=True):
        if cell < 0:
            yield f'{metric},"value":[{at},"{text}"]}}'.encode()
        else:
            yield f'{metric},"histogram":[{at},{shown[cell]}]}}'.encode()


def _histograms(grid: HistogramGrid | None, present: Mask) -> dict[int, str]:
    """The histograms that are present, by cell."""
    if grid is None:
        return {}
    return histogram_texts(grid.cells, np.unique(grid.place[present & (grid.place >= 0)]), number_texts)


def _mixed(matrix: Matrix, grid: HistogramGrid) -> Iterator[bytes]:
    """Series with histograms, floats and histograms each in a list of their own."""
    shared = _seconds(matrix.times) if matrix.times.ndim == 1 else None
    for row, metric in enumerate(_metrics(matrix.labels)):
        shown = _histograms(grid.at(grid.place[row]), matrix.present[row])
        heads = shared or _seconds(matrix.times[row])
        steps, cells = np.flatnonzero(matrix.present[row]), grid.place[row]
        float_steps, own = steps[cells[steps] < 0], steps[cells[steps] >= 0]
        texts = number_texts(matrix.values[row][float_steps]) if float_steps.size else []
        floats = [f'[{heads[at]},"{text}"]' for at, text in zip(float_steps.tolist(), texts, strict=True)]
        histograms = [
            f"[{heads[at]},{shown[cell]}]" for at, cell in zip(own.tolist(), cells[own].tolist(), strict=True)
        ]
        lists = [f',"{name}":[{",".join(of)}]' for name, of in (("values", floats), ("histograms", histograms)) if of]
        yield f"{metric}{''.join(lists)}}}".encode()


def _seconds(times: Times) -> list[str]:
    return [seconds(at) for at in times.tolist()]


def _matrix(matrix: Matrix) -> Iterator[bytes]:
    if matrix.histograms is not None:
        yield from _mixed(matrix, matrix.histograms)
        return
    shared = _Heads(matrix.times) if matrix.times.ndim == 1 else None
    every = _metrics(matrix.labels)
    rows = max(1, _CHUNK // max(matrix.values.shape[1], 1))
    for begin in range(0, len(every), rows):
        chunk = slice(begin, begin + rows)
        present, values = matrix.present[chunk], matrix.values[chunk]
        texts = number_texts(np.ascontiguousarray(values).reshape(-1) if present.all() else values[present])
        lace: list[str] = []
        for index, (metric, there) in enumerate(zip(every[chunk], present, strict=True)):
            first = len(lace)
            lace += (shared or _Heads(matrix.times[begin + index])).of(there)
            lace[first] = f'{_ROW_END + "," if index else ""}{metric},"values":[{lace[first].removeprefix(_POINT_END)}'
        parts = [""] * (2 * len(lace))
        parts[0::2], parts[1::2] = lace, texts
        parts.append(_ROW_END)
        yield "".join(parts).encode()


class _Heads:
    """What stands before each number of a series over some times: the end of the point before, and the time."""

    def __init__(self, times: Times) -> None:
        self._every = [f"{_POINT_END}[{at}," + '"' for at in _seconds(times)]
        self._pattern = b""
        self._some: list[str] = []

    def of(self, present: Mask) -> list[str]:
        """The heads of the times that are present. Neighbours often lack the same."""
        if present.all():
            return self._every
        pattern = present.tobytes()
        if pattern != self._pattern:
            self._pattern = pattern
            self._some = list(map(self._every.__getitem__, np.flatnonzero(present).tolist()))
        return self._some
