"""A float sample as both messages of remote write spell it, many at once. (Remote-Write 1.0 and 2.0, message Sample)"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.export.remote_write.protobuf import bytes_field, varint
from hivesight.model.series import Times, Values

FIELD: Final = 2
"""Of a TimeSeries, in both messages."""
_TIME_BYTES: Final = 6
_COMMON: Final = (1 << 7 * (_TIME_BYTES - 1), 1 << 7 * _TIME_BYTES)
"""Times from 1971 to 2109 take six bytes."""
SIZE: Final = 2 + 1 + 8 + 1 + _TIME_BYTES
"""Bytes of the field of a sample with such a time."""


def are_common(times: Times) -> bool:
    """Whether all fields of samples with these times have SIZE bytes."""
    return not len(times) or bool(times.min() >= _COMMON[0] and times.max() < _COMMON[1])


def common_fields(times: Times, values: Values) -> NDArray[np.uint8]:
    """The fields of samples with common times, shape (samples, SIZE)."""
    made: NDArray[np.uint8] = np.empty((len(times), SIZE), dtype=np.uint8)
    made[:, :3] = (FIELD << 3 | 2, SIZE - 2, 1 << 3 | 1)
    made[:, 3:11] = np.ascontiguousarray(values, dtype="<f8").view(np.uint8).reshape(-1, 8)
    made[:, 11] = 2 << 3
    for index in range(_TIME_BYTES):
        made[:, 12 + index] = (times >> 7 * index) & 0x7F | 0x80
    made[:, -1] &= 0x7F
    return made


def sample_fields(times: Times, values: Values) -> list[bytes]:
    """The field `samples` of a TimeSeries for each sample: value is field 1, timestamp field 2."""
    if not are_common(times):
        return [_spelled(*each) for each in zip(times.tolist(), _words(values), strict=True)]
    raw = common_fields(times, values).tobytes()
    return [raw[at : at + SIZE] for at in range(0, len(raw), SIZE)]


def _words(values: Values) -> list[bytes]:
    raw = np.ascontiguousarray(values, dtype="<f8").tobytes()
    return [raw[at : at + 8] for at in range(0, len(raw), 8)]


def _spelled(time_ms: int, word: bytes) -> bytes:
    return bytes_field(FIELD, b"\x09" + word + b"\x10" + varint(time_ms))
