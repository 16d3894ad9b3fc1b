"""Answers as the `data` object of the Prometheus HTTP API v1, in JSON. The text of the numbers comes from orjson, all
of a series at once, and is put into a template that belongs to the time vector."""

from collections.abc import Iterable
from itertools import compress
from typing import Final

import numpy as np
import orjson

from hivesight.model.labels import Labels
from hivesight.model.series import Mask, Times, Values
from hivesight.query.promql.literals import format_api
from hivesight.query.promql.types import Matrix, Scalar, String, Vector

_TEMPLATES: Final = 64
"""Presence patterns whose templates are kept while an answer is written."""


def render(value: Scalar | String | Vector | Matrix) -> bytes:
    """`{"resultType": ..., "result": [...]}`."""
    match value:
        case Scalar(at_ms=at_ms, value=number):
            return _data("scalar", f'[{seconds(at_ms)},"{format_api(number)}"]'.encode())
        case String(at_ms=at_ms, value=text):
            return _data("string", f"[{seconds(at_ms)},".encode() + _text(text) + b"]")
        case Vector():
            return _data("vector", b"[" + b",".join(_vector(value)) + b"]")
        case Matrix():
            return _data("matrix", b"[" + b",".join(_matrix(value)) + b"]")


def seconds(ms: int) -> str:
    """A time in seconds, with three places where there is a fraction."""
    if ms < 0:
        return "-" + seconds(-ms)
    whole, rest = divmod(ms, 1000)
    return f"{whole}.{rest:03d}" if rest else str(whole)


def number_texts(values: Values) -> list[str]:
    """The text of every number as the API writes it; values must be contiguous and not empty."""
    written = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY).replace(b".0,", b",").replace(b".0]", b"]")
    texts = written[1:-1].decode().split(",")
    size = np.abs(values)
    # orjson goes over to exponents elsewhere than Go does, and has no text for what is not finite.
    other = ~((size < 1e15) & ((size >= 1e-3) | (size == 0)))
    if other.any():
        for index, value in zip(np.flatnonzero(other).tolist(), values[other].tolist(), strict=True):
            texts[index] = format_api(value)
    return texts


def _data(kind: str, result: bytes) -> bytes:
    return f'{{"resultType":"{kind}","result":'.encode() + result + b"}"


def _text(text: str) -> bytes:
    """A JSON string; what is no Unicode becomes the replacement character, as in Go."""
    return orjson.dumps(text.encode(errors="surrogateescape").decode(errors="replace"))


def _metric(labels: Labels) -> bytes:
    return b'{"metric":{' + b",".join(_text(name) + b":" + _text(value) for name, value in labels.pairs) + b"}"


def _vector(vector: Vector) -> Iterable[bytes]:
    if not len(vector.labels):
        return
    at = seconds(vector.at_ms)
    texts = number_texts(np.ascontiguousarray(vector.values))
    for labels, text in zip(vector.labels.all_labels(), texts, strict=True):
        yield _metric(labels) + f',"value":[{at},"{text}"]}}'.encode()


def _matrix(matrix: Matrix) -> Iterable[bytes]:
    shared = matrix.times.ndim == 1
    templates = _Templates(matrix.times if shared else np.zeros(0, dtype=np.int64))
    for row, labels in enumerate(matrix.labels.all_labels()):
        present = matrix.present[row]
        template = templates.of(present) if shared else _template(_heads(matrix.times[row][present]))
        texts = number_texts(np.ascontiguousarray(matrix.values[row][present]))
        yield _metric(labels) + b',"values":[' + (template % tuple(texts)).encode() + b"]}"


def _heads(times: Times) -> list[str]:
    return [f'[{seconds(at)},"%s"]' for at in times.tolist()]


def _template(heads: Iterable[str]) -> str:
    return ",".join(heads)


class _Templates:
    """Templates for rows of one time vector, by which of its times are present."""

    def __init__(self, times: Times) -> None:
        self._heads = _heads(times)
        self._full = _template(self._heads)
        self._known: dict[bytes, str] = {}

    def of(self, present: Mask) -> str:
        if present.all():
            return self._full
        pattern = np.packbits(present).tobytes()
        found = self._known.get(pattern)
        if found is None:
            found = _template(compress(self._heads, present.tolist()))
            if len(self._known) < _TEMPLATES:
                self._known[pattern] = found
        return found
