"""Remote write 2.0: columns to `io.prometheus.write.v2.Request`. Strings stand in a table of the request's own, and
series name them by their places in it.

Request: 4 symbols, 5 series. TimeSeries: 1 labels as symbols, 2 samples, 3 histograms, 4 exemplars, 5 metadata.
Exemplar: 1 labels, 2 value, 3 time. Metadata: 1 type, 3 help, 4 unit."""

import struct
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.export.remote_write.batch import Batch, Example
from hivesight.export.remote_write.contents import contents
from hivesight.export.remote_write.protobuf import bytes_field, encoded, head, number_field, varint
from hivesight.ingest.remote_write.request import TYPES
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata

_SERIES: Final = 5
_LABELS: Final = 1
_HISTOGRAMS: Final = 3
_CODE: Final = 4
"""Bytes of a code."""
_SUFFIXES: Final = ("_bucket", "_sum", "_count", "_gsum", "_gcount")


class Version2:
    """See Message. A string has a code here that lasts; a request's table holds those that it needs."""

    headers = (
        ("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"),
        ("X-Prometheus-Remote-Write-Version", "2.0.0"),
    )
    custom_bounds = True

    def __init__(self, metadata: Callable[[], Mapping[str, Metadata]]) -> None:
        """metadata: what is known of metrics now, by family."""
        self._metadata = metadata
        self._codes: dict[str, int] = {"": 0}
        self._texts: list[bytes] = [b""]

    def spell(self, labels: Labels) -> bytes:
        """The codes of its name, then those of names and values."""
        texts = [labels.name, *(text for pair in labels.pairs for text in pair)]
        return np.array([self._code(text) for text in texts], dtype="<i4").tobytes()

    def encode(self, batch: Batch, spelled: Sequence[bytes]) -> bytes:
        samples = batch.samples
        refs: list[int] = samples.refs.tolist()
        own = [spelled[ref] for ref in refs]
        table = _Table(b"".join(each[_CODE:] for each in own), self._texts)
        described = self._described(table)
        parts: list[bytes] = []
        for each, references, content in zip(own, table.references(own), contents(samples, _HISTOGRAMS), strict=True):
            labels = head(_LABELS, len(references))
            said = described(each[:_CODE])
            size = len(labels) + len(references) + len(content) + len(said)
            parts += (head(_SERIES, size), labels, references, content, said)
        parts += [bytes_field(_SERIES, _exemplar(each, table)) for each in batch.exemplars]
        return b"".join([*(bytes_field(4, text) for text in table.texts), *parts])

    def _code(self, text: str) -> int:
        code = self._codes.get(text)
        if code is None:
            code = self._codes[text] = len(self._texts)
            self._texts.append(encoded(text))
        return code

    def _described(self, table: "_Table") -> Callable[[bytes], bytes]:
        """The field `metadata` of a series, by the code of its name."""
        metadata = self._metadata()
        known: dict[bytes, bytes] = {}

        def described(code: bytes) -> bytes:
            found = known.get(code)
            if found is None:
                each = _of(self._texts[int.from_bytes(code, "little")].decode("utf-8", "replace"), metadata)
                found = known[code] = b"" if each is None else bytes_field(5, _said(each, table))
            return found

        return described


class _Table:
    """The symbols of one request. texts: the first is empty, as the specification has it."""

    def __init__(self, codes: bytes, texts: Sequence[bytes]) -> None:
        """codes: those that the series' labels have, one behind the other. texts: what each code stands for."""
        needed = np.frombuffer(codes, dtype="<i4")
        is_used = np.zeros(len(texts), dtype=np.bool_)
        is_used[0] = True
        is_used[needed] = True
        used = np.flatnonzero(is_used)
        places: NDArray[np.int64] = np.empty(len(texts), dtype=np.int64)
        places[used] = np.arange(len(used))
        used_codes: list[int] = used.tolist()
        self.texts = [texts[code] for code in used_codes]
        self._written, self._ends = _varints(places[needed])
        self._more: dict[str, int] = {}

    def references(self, spelled: Sequence[bytes]) -> list[bytes]:
        """Those of each series, packed; spelled: the series whose codes the table was made of, in that order."""
        counts = np.fromiter(map(len, spelled), np.int64, len(spelled)) // _CODE - 1
        bounds: list[int] = self._ends[np.cumsum(np.append(0, counts))].tolist()
        return [self._written[start:end] for start, end in pairwise(bounds)]

    def number(self, text: str) -> int:
        """A symbol that stands in no label of a series."""
        if not text:
            return 0
        if text not in self._more:
            self._more[text] = len(self.texts)
            self.texts.append(encoded(text))
        return self._more[text]


def _varints(numbers: NDArray[np.int64]) -> tuple[bytes, NDArray[np.int64]]:
    """The varints of numbers one behind the other, and where the first n end, for n from 0 on."""
    longest = max(1, -(-int(numbers.max(initial=0)).bit_length() // 7))
    sizes = np.ones(len(numbers), dtype=np.int64)
    wide: NDArray[np.uint8] = np.empty((len(numbers), longest), dtype=np.uint8)
    for index in range(longest):
        wide[:, index] = (numbers >> 7 * index) & 0x7F
        more = numbers >= 1 << 7 * (index + 1)
        wide[more, index] |= 0x80
        sizes += more
    written = wide[np.arange(longest) < sizes[:, np.newaxis]].tobytes()
    return written, np.append(0, np.cumsum(sizes))


def _of(name: str, metadata: Mapping[str, Metadata]) -> Metadata | None:
    """What is known of a series' metric: of that name, or of the family that it is a part of."""
    found = metadata.get(name)
    for suffix in _SUFFIXES:
        if found is None and name.endswith(suffix):
            found = metadata.get(name.removesuffix(suffix))
    return found


def _said(each: Metadata, table: _Table) -> bytes:
    kind = TYPES.index(each.type) if each.type in TYPES else 0
    return number_field(1, kind) + number_field(3, table.number(each.help)) + number_field(4, table.number(each.unit))


def _exemplar(each: Example, table: _Table) -> bytes:
    def references(labels: Labels) -> bytes:
        return bytes_field(1, b"".join(varint(table.number(text)) for pair in labels.pairs for text in pair))

    content = references(each.exemplar.labels) + b"\x11" + struct.pack("<d", each.exemplar.value)
    return references(each.labels) + bytes_field(4, content + number_field(3, each.exemplar.time_ms))
