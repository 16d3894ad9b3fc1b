"""Remote write 2.0: `io.prometheus.write.v2.Request` to columns. Strings stand in one table of symbols that each
request makes anew; numbers that last are given to the symbols here, and by those of its labels a series is known.

Request: 4 symbols, 5 series. TimeSeries: 1 labels as symbols, 2 samples, 3 histograms, 4 exemplars, 5 metadata, 6 the
time since which it counts (until 2.0-rc.3). Exemplar: 1 labels, 2 value, 3 time. Metadata: 1 type, 3 help, 4 unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.remote_write.known import NEW, Known, Symbols
from hivesight.ingest.remote_write.request import (
    MAX_EXEMPLARS,
    MAX_HISTOGRAMS,
    MAX_SERIES,
    TYPES,
    BadSeries,
    Request,
    bounded,
    floats_of,
    numbers_of,
)
from hivesight.ingest.remote_write.spelled import referred_label_sets
from hivesight.ingest.remote_write.wire import BYTES, VARINT, Buffer, Fields, Places
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata

_NOTHING: Final = Metadata()
_NUMBER_BYTES: Final = 8
_SUFFIXES: Final = {
    "histogram": ("_bucket", "_sum", "_count"),
    "gaugehistogram": ("_bucket", "_gsum", "_gcount"),
    "summary": ("_sum", "_count"),
}
"""What the names of a family's series have behind that of the family, by the family's type."""


@dataclass(slots=True)
class Version2(Request):
    """symbols: the request's. label_symbols: the references of all series' labels, those of series n from
    label_places[n] to label_places[n + 1]. said: shape (series, 3): the type, help and unit that each says.
    keys: by which series are known: the lasting numbers of labels and of what is said."""

    known: Known
    keys: list[bytes]
    symbols: list[bytes]
    label_symbols: Places
    label_places: Places
    said: Places

    def labels(self, rows: Sequence[int]) -> list[Labels | BadSeries]:
        """The labels of these series, or why they have none that can be taken."""
        chosen = np.array(rows, dtype=np.int64)
        starts, ends = self.label_places[chosen], self.label_places[chosen + 1]
        return referred_label_sets(self.symbols, self.label_symbols, starts, ends)

    def remember(self, row: int, ref: int) -> None:
        """Notes the ref of a series for later requests."""
        self.known.add(self.keys[row], ref)

    def exemplar_labels(self) -> list[Labels | BadSeries]:
        """The labels of each exemplar itself, or why they cannot be taken. Raises MalformedRequest."""
        fields = self.buffer.fields(self.exemplars.start, self.exemplars.end)
        references, places = _references(self.buffer, fields, len(self.exemplars))
        return referred_label_sets(self.symbols, references, places[:-1], places[1:], name_wanted=False)

    def metadata(self, labels: Mapping[int, Labels]) -> dict[str, Metadata]:
        """What new series say of their metrics: what others say was noted when they were new."""
        kinds, texts, units = self.said.T.tolist()
        made: dict[tuple[int, int, int], Metadata] = {}
        found: dict[str, Metadata] = {}
        for row, own in labels.items():
            key = kinds[row], texts[row], units[row]
            said = made.get(key)
            if said is None:
                said = made[key] = self._metadata(*key)
            if said != _NOTHING:
                found[_family(own.name, said.type)] = said
        return found

    def _metadata(self, kind: int, text: int, unit: int) -> Metadata:
        return Metadata(TYPES[kind] if kind < len(TYPES) else TYPES[0], self._text(text), self._text(unit))

    def _text(self, reference: int) -> str:
        return self.symbols[reference].decode("utf-8", "replace") if reference < len(self.symbols) else ""


def read(buffer: Buffer, known: Known, symbols: Symbols) -> Version2:
    """known: refs by the lasting numbers that `symbols` gives. Raises MalformedRequest and RequestTooLarge."""
    raw = buffer.raw
    top = buffer.fields(np.zeros(1, np.int64), np.array([buffer.size]))
    table = top.of(4, BYTES)
    texts = [raw[a:b] for a, b in zip(table.start.tolist(), table.end.tolist(), strict=True)]
    series = bounded(top.of(5, BYTES), MAX_SERIES, "series")
    count = len(series)
    fields = buffer.fields(series.start, series.end)
    references, places = _references(buffer, fields, count)
    said = _said(buffer, fields, count)
    lasting = np.append(symbols.numbers(texts), NEW)
    keys = _keys(lasting[np.minimum(references, len(texts))], places, _lasting(said, lasting))
    return Version2(
        buffer,
        known.find(keys),
        floats_of(buffer, fields.of(2, BYTES)),
        bounded(fields.of(3, BYTES), MAX_HISTOGRAMS, "histograms"),
        bounded(fields.of(4, BYTES), MAX_EXEMPLARS, "exemplars"),
        numbers_of(buffer, fields, 6, count),
        known,
        keys,
        texts,
        references,
        places,
        said,
    )


def _references(buffer: Buffer, fields: Fields, messages: int) -> tuple[Places, Places]:
    """The references of the messages' labels, and where those of each begin; behind that where the last end."""
    found = fields.of(1, BYTES, VARINT)
    references, counts = buffer.packed(found)
    ends = np.cumsum(np.bincount(found.message, counts, messages).astype(np.int64))
    return references & 0xFFFF_FFFF, np.append(0, ends)


def _said(buffer: Buffer, fields: Fields, count: int) -> Places:
    """Type, help and unit of each series, shape (series, 3)."""
    found = np.zeros((count, 3), dtype=np.int64)
    written = fields.of(5, BYTES)
    inner = buffer.fields(written.start, written.end)
    for column, number in enumerate((1, 3, 4)):
        found[written.message, column] = numbers_of(buffer, inner, number, len(written)) & 0xFFFF_FFFF
    return found


def _lasting(said: Places, lasting: Places) -> Places:
    found = said.copy()
    found[:, 1:] = lasting[np.minimum(said[:, 1:], len(lasting) - 1)]
    return found


def _keys(labels: Places, places: Places, said: Places) -> list[bytes]:
    """What each series is known by: three numbers of what it says, then those of its labels."""
    count = len(said)
    begins = places[:-1] + 3 * np.arange(count)
    is_label = np.ones(len(labels) + 3 * count, dtype=np.bool_)
    numbers: NDArray[np.int64] = np.empty(len(is_label), dtype=np.int64)
    for column in range(3):
        is_label[begins + column] = False
        numbers[begins + column] = said[:, column]
    numbers[is_label] = labels
    raw = numbers.tobytes()
    bounds = np.append(begins, len(numbers)) * _NUMBER_BYTES
    return [raw[a:b] for a, b in pairwise(bounds.tolist())]


def _family(name: str, kind: str) -> str:
    """The family that a metric is of."""
    for suffix in _SUFFIXES.get(kind, ()):
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return name
