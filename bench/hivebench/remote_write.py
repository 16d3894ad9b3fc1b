"""Samples as remote write 1.0 sends them: columns in, the bodies of requests out, and whoever posts them.

Source: prometheus.io/docs/specs/prw/remote_write_spec. Written is what a benchmark sends: labels and float samples.
"""

import http.client
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import cramjam
import numpy as np
from numpy.typing import NDArray

Label = tuple[str, str]

PATH: Final = "/api/v1/write"
_HEADERS: Final = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
    "User-Agent": "hivesight-bench",
}
# Every time of today takes six bytes as a varint, so every sample takes as many as any other and a block of them is
# one array: tag and length of the sample, tag and eight bytes of the value, tag and six bytes of the time.
_SAMPLE_BYTES: Final = 18
_VARINT_BYTES: Final = 6


class NoReceiver(Exception):
    """The server takes no remote write."""


class Rejected(Exception):
    """The server did not take a request; the message has the status and what it said."""


def labels_of(labels: Sequence[Label]) -> bytes:
    """The labels of one series, which must be sorted by name, as fields of a series' message."""
    return b"".join(_field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in sorted(labels))


def request(series: Sequence[bytes], times_ms: NDArray[np.int64], values: NDArray[np.float64]) -> bytes:
    """The compressed body. series: what `labels_of` gave. times_ms: (samples,). values: (series, samples)."""
    samples = _samples(times_ms, values)
    return bytes(
        cramjam.snappy.compress_raw(
            b"".join(
                b"\x0a" + _varint(len(labels) + samples.shape[1]) + labels + row.tobytes()
                for labels, row in zip(series, samples, strict=True)
            )
        )
    )


def _samples(times_ms: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """All samples of each series: (series, samples * 18) bytes."""
    if len(times_ms) and not 1 << 35 <= int(times_ms.min()) <= int(times_ms.max()) < 1 << 42:
        raise ValueError("only times from 1971 to 2109 are written")
    block = np.empty((*values.shape, _SAMPLE_BYTES), dtype=np.uint8)
    block[:, :, 0], block[:, :, 1] = 0x12, _SAMPLE_BYTES - 2
    block[:, :, 2] = 0x09
    block[:, :, 3:11] = np.ascontiguousarray(values, dtype="<f8")[:, :, None].view(np.uint8)
    block[:, :, 11] = 0x10
    shifts = np.arange(_VARINT_BYTES) * 7
    digits = (times_ms[:, None] >> shifts) & 0x7F
    digits[:, :-1] |= 0x80
    block[:, :, 12:] = digits
    return block.reshape(len(values), -1)


def _field(number: int, content: bytes) -> bytes:
    return bytes((number << 3 | 2,)) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class Sender:
    """Posts bodies over one connection that stays open."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)

    def send(self, body: bytes) -> None:
        """Posts one request. Raises NoReceiver, Rejected."""
        self._connection.request("POST", PATH, body, _HEADERS)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status in (404, 405, 501):
            raise NoReceiver(f"{PATH} answers {answer.status}")
        if answer.status // 100 != 2:
            raise Rejected(f"{answer.status} {said[:300].decode(errors='replace').strip()}")

    def close(self) -> None:
        self._connection.close()
