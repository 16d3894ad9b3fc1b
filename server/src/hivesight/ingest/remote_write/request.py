"""A request in columns, whichever version it has: what `version1` and `version2` make and `receiver` stores."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.remote_write.errors import RequestTooLarge
from hivesight.ingest.remote_write.wire import BYTES, FIXED64, VARINT, Buffer, Fields, Places
from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.model.metadata import Metadata

MAX_SERIES: Final = 200_000
"""The most series of a request."""
MAX_LABELS: Final = 256
"""The most labels of a series."""
MAX_NAME_BYTES: Final = 65_536
"""The most bytes of all labels of a series."""
MAX_HISTOGRAMS: Final = 50_000
"""The most native histograms of a request."""
MAX_EXEMPLARS: Final = 20_000
"""The most exemplars of a request."""
MAX_METADATA: Final = 50_000
"""The most metrics that a request describes."""
TYPES: Final = ("unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset")
"""The types of metrics by their numbers in both versions."""

Pairs = list[tuple[bytes, bytes]]


class BadSeries(Exception):
    """A series is refused; the message says why."""


@dataclass(frozen=True, slots=True)
class Floats:
    """Samples that are floats, columns of shape (samples,). series: whose of the request's; times and starts: int64 ms,
    starts 0 where the sender says nothing."""

    series: Places
    times: Places
    values: NDArray[np.float64]
    starts: Places


@dataclass(slots=True)
class Request(ABC):
    """series: how many there are; a series may come more than once.
    refs: int64, shape (series,): as the store numbers them, NEW where that is not known.
    floats: the samples. histograms, exemplars: the places of these messages; `message` is the series.
    starts: int64 ms, shape (series,): when the series' counters began, 0 where the sender says nothing."""

    buffer: Buffer
    refs: Places
    floats: Floats
    histograms: Fields
    exemplars: Fields
    starts: Places

    @abstractmethod
    def labels(self, rows: Sequence[int]) -> list[Labels | BadSeries]:
        """The labels of these series, or why they have none that can be taken."""

    @abstractmethod
    def remember(self, row: int, ref: int) -> None:
        """Notes the ref of a series for later requests."""

    @abstractmethod
    def exemplar_labels(self) -> list[Labels | BadSeries]:
        """The labels of each exemplar itself, or why they cannot be taken. Raises MalformedRequest."""

    @abstractmethod
    def metadata(self, labels: Mapping[int, Labels]) -> dict[str, Metadata]:
        """What the request says of metrics, by family; labels: the series that are new, by row."""


def judged(pairs: Pairs, *, name_wanted: bool = True) -> Labels | BadSeries:
    """The labels of a series or of an exemplar, or why they cannot be taken."""
    try:
        return labels_of(pairs, name_wanted=name_wanted)
    except BadSeries as error:
        return error


def labels_of(pairs: Pairs, *, name_wanted: bool = True) -> Labels:
    """The labels of a series, or, where no metric name is wanted, of an exemplar. Raises BadSeries where they are not
    ones that Prometheus takes: a name is empty or there twice, or something is not UTF-8."""
    if len(pairs) > MAX_LABELS or sum(map(len, chain.from_iterable(pairs))) > MAX_NAME_BYTES:
        raise BadSeries(f"a series has more than {MAX_LABELS} labels or {MAX_NAME_BYTES} bytes of them")
    try:
        found = {name.decode(): value.decode() for name, value in pairs}
    except UnicodeDecodeError:
        raise BadSeries(f"labels are not UTF-8: {_shown(pairs)}") from None
    if len(found) != len(pairs):
        raise BadSeries(f"a label name is there twice: {_shown(pairs)}")
    if "" in found or (name_wanted and not found.get(METRIC_NAME)):
        raise BadSeries(f"the name of a metric or of a label is empty: {_shown(pairs)}")
    return Labels(found)


def _shown(pairs: Pairs) -> str:
    return b", ".join(b"%b=%b" % (name[:60], value[:60]) for name, value in pairs[:8]).decode("utf-8", "replace")[:300]


def floats_of(buffer: Buffer, samples: Fields) -> Floats:
    """The samples in these places. In a Sample, 1 is the value, 2 the time, 3 the start (since 2.0-rc.4)."""
    count = len(samples)
    inner = buffer.fields(samples.start, samples.end)
    times, starts = numbers_of(buffer, inner, 2, count), numbers_of(buffer, inner, 3, count)
    return Floats(samples.message, times, doubles_of(buffer, inner, 1, count), starts)


def doubles_of(buffer: Buffer, fields: Fields, number: int, messages: int) -> NDArray[np.float64]:
    """A double of each message, 0 where it is not there."""
    found = np.zeros(messages)
    written = fields.of(number, FIXED64)
    found[written.message] = buffer.doubles(written.start)
    return found


def bounded(fields: Fields, most: int, what: str) -> Fields:
    """The same fields. Raises RequestTooLarge where there are more than so many."""
    if len(fields) > most:
        raise RequestTooLarge(f"the request has more than {most} {what}: send it in parts")
    return fields


def numbers_of(buffer: Buffer, fields: Fields, number: int, messages: int) -> Places:
    """A varint field of each message, 0 where it is not there."""
    found = np.zeros(messages, dtype=np.int64)
    written = fields.of(number, VARINT)
    if len(written):
        found[written.message] = buffer.varints(written.start)[0]
    return found


def spans_of(fields: Fields, number: int, messages: int) -> tuple[list[int], list[int]]:
    """Where a BYTES field of each message stands; an empty place where it is not there."""
    start, end = np.zeros(messages, dtype=np.int64), np.zeros(messages, dtype=np.int64)
    written = fields.of(number, BYTES)
    start[written.message], end[written.message] = written.start, written.end
    return start.tolist(), end.tolist()
