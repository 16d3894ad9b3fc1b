"""Remote write 1.0: `prometheus.WriteRequest` to columns. Each series comes with its labels spelled out; the bytes that
spell them are what a series is known by.

WriteRequest: 1 series, 3 metadata. TimeSeries: 1 labels, 2 samples, 3 exemplars, 4 histograms. Label: 1 name, 2 value.
Exemplar: 1 labels, 2 value, 3 time. MetricMetadata: 1 type, 2 family, 4 help, 5 unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hivesight.ingest.remote_write.known import NEW, Known
from hivesight.ingest.remote_write.request import (
    MAX_EXEMPLARS,
    MAX_HISTOGRAMS,
    MAX_LABELS,
    MAX_METADATA,
    MAX_SERIES,
    TYPES,
    BadSeries,
    Request,
    bounded,
    floats_of,
    numbers_of,
    spans_of,
)
from hivesight.ingest.remote_write.spelled import Spelled, label_sets
from hivesight.ingest.remote_write.wire import BYTES, Buffer, Fields, Places
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata

_TAILS: Final = ((18, 0x091012), (9, 0x100712))
"""How a series ends that has one sample and nothing behind it: the length of that field, and its first three bytes. The
first is of a sample with a value and a time of six bytes, the second of one whose value is zero and left out."""
_HEAD: Final = 0xFFFFFF
_AT_ONCE: Final = 4096
"""The labels of so many series are read at once."""


@dataclass(slots=True)
class Version1(Request):
    """keys: the bytes that spell each series' labels. keepable: where they hold nothing but labels."""

    known: Known
    keys: list[bytes]
    keepable: list[bool]
    label_starts: Places
    label_ends: Places
    metadata_fields: Fields

    def labels(self, rows: Sequence[int]) -> list[Labels | BadSeries]:
        """The labels of these series, or why they have none that can be taken."""
        found: list[Labels | BadSeries] = []
        for first in range(0, len(rows), _AT_ONCE):
            index = np.array(rows[first : first + _AT_ONCE], dtype=np.int64)
            found += label_sets(_spelled(self.buffer, self.label_starts[index], self.label_ends[index]))
        return found

    def remember(self, row: int, ref: int) -> None:
        """Notes the ref of a series for later requests."""
        if self.keepable[row]:
            self.known.add(self.keys[row], ref)

    def exemplar_labels(self) -> list[Labels | BadSeries]:
        """The labels of each exemplar itself, or why they cannot be taken. Raises MalformedRequest."""
        spelled = _spelled(self.buffer, self.exemplars.start, self.exemplars.end)
        return label_sets(spelled, name_wanted=False)

    def metadata(self, labels: Mapping[int, Labels]) -> dict[str, Metadata]:
        """What the request says of metrics, by family; `labels` has no part in it."""
        found, raw, count = self.metadata_fields, self.buffer.raw, len(self.metadata_fields)
        fields = self.buffer.fields(found.start, found.end)
        types: list[int] = numbers_of(self.buffer, fields, 1, count).tolist()
        families, helps, units = (_texts(raw, *spans_of(fields, number, count)) for number in (2, 4, 5))
        return {
            family: Metadata(TYPES[kind] if 0 <= kind < len(TYPES) else TYPES[0], text, unit)
            for kind, family, text, unit in zip(types, families, helps, units, strict=True)
            if family
        }


def read(buffer: Buffer, known: Known) -> Version1:
    """known: refs by the bytes of labels. Raises MalformedRequest and RequestTooLarge."""
    raw = buffer.raw
    top = buffer.fields(np.zeros(1, np.int64), np.array([buffer.size]))
    series = bounded(top.of(1, BYTES), MAX_SERIES, "series")
    starts, ends = series.start, series.end
    # Where what stands before such a tail is known to be labels and nothing else, the tail is all that is to be read.
    cuts = ends.copy()
    for length, head in _TAILS:
        place = np.maximum(ends - length, starts)
        cuts = np.where(buffer.words(place) & np.uint64(_HEAD) == head, place, cuts)
    keys = _slices(raw, starts, cuts)
    refs = known.find(keys)
    missed = refs == NEW
    fields = buffer.fields(np.where(missed, starts, cuts), ends)
    keepable = np.ones(len(series), dtype=np.bool_)
    label_ends = cuts
    if missed.any():
        labels = fields.of(1, BYTES)
        label_ends = np.where(missed, starts, cuts)
        label_ends[labels.message] = labels.end
        other = fields.number != 1
        first_other = ends.copy()
        np.minimum.at(first_other, fields.message[other], fields.start[other])
        keepable = first_other >= label_ends
        # What was cut off rightly has been looked for.
        again = np.flatnonzero(missed & (label_ends != cuts))
        others = _slices(raw, starts[again], label_ends[again])
        refs[again] = known.find(others)
        for row, key in zip(again.tolist(), others, strict=True):
            keys[row] = key
    return Version1(
        buffer,
        refs,
        floats_of(buffer, fields.of(2, BYTES)),
        bounded(fields.of(4, BYTES), MAX_HISTOGRAMS, "histograms"),
        bounded(fields.of(3, BYTES), MAX_EXEMPLARS, "exemplars"),
        np.zeros(len(series), dtype=np.int64),
        known,
        keys,
        keepable.tolist(),
        starts,
        label_ends,
        bounded(top.of(3, BYTES), MAX_METADATA, "metrics described"),
    )


def _spelled(buffer: Buffer, starts: Places, ends: Places) -> Spelled:
    """The labels in field 1 of these messages."""
    raw = buffer.raw
    labels = buffer.fields(starts, ends).of(1, BYTES)
    # Of a series with too many labels no more are looked at than show it.
    first = np.searchsorted(labels.message, labels.message)
    labels = labels.rows(np.arange(len(labels)) - first <= MAX_LABELS)
    bounds = np.searchsorted(labels.message, np.arange(len(starts) + 1))
    written, of_label = _numbered(_slices(raw, labels.start, labels.end))
    # Where each one stands last: most of them stand with many series.
    place = np.zeros(len(written), dtype=np.int64)
    place[of_label] = np.arange(len(labels))
    distinct = labels.rows(place)
    fields = buffer.fields(distinct.start, distinct.end)
    spelled = [raw[a:b] for number in (1, 2) for a, b in zip(*spans_of(fields, number, len(distinct)), strict=True)]
    texts, numbers = _numbered(spelled)
    return Spelled(texts, numbers[: len(distinct)][of_label], numbers[len(distinct) :][of_label], bounds)


def _numbered(texts: Sequence[bytes]) -> tuple[list[bytes], Places]:
    """The distinct ones, and the number of each."""
    numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    return list(numbers), np.fromiter(map(numbers.__getitem__, texts), np.int64, len(texts))


def _slices(raw: bytes, starts: Places, ends: Places) -> list[bytes]:
    return [raw[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


def _texts(raw: bytes, starts: list[int], ends: list[int]) -> list[str]:
    return [raw[a:b].decode("utf-8", "replace") for a, b in zip(starts, ends, strict=True)]
