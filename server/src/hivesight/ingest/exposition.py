"""Exposition text (Prometheus 0.0.4 and 1.0.0, OpenMetrics 1.0) to columns. A scrape loop calls `parse` with each body
and the target's `SeriesCache`: what was seen in an earlier scrape is found by the raw bytes that name the series, so
that a warm scrape parses no labels and makes no object but a number per sample."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.parsed import MAX_EXEMPLARS, MAX_SAMPLES, NO_INDEX, Convert, ExpositionError, Parsed, noted
from hivesight.ingest.series_cache import SeriesCache
from hivesight.ingest.textline import (
    Exemplar,
    LineError,
    number,
    quick,
    sample,
    series_labels,
    shown,
)
from hivesight.model.series import Values, canonical_nans

MAX_LINE_BYTES: Final = 1 << 20
MAX_OTHER_LINES: Final = 1_000_000
"""In one body: lines that are no samples. An empty one is a single byte."""

_CHUNK_BYTES: Final = 1 << 20


def parse(
    cache: SeriesCache,
    body: bytes,
    *,
    openmetrics: bool = False,
    max_samples: int = MAX_SAMPLES,
    convert: Convert | None = None,
) -> Parsed:
    """The body's samples. Raises ExpositionError, which names the line; the cache then knows the series it knew
    before."""
    reading = _Reading(cache, openmetrics, min(max_samples, MAX_SAMPLES))
    try:
        parsed = reading.read(body)
    except LineError as error:
        cache.forget(reading.added)
        raise ExpositionError(f"line {reading.line_number}: {error}", reading.position) from None
    return noted(cache, parsed, len(body), convert)


class _Reading:
    """One body on its way through the cache."""

    def __init__(self, cache: SeriesCache, openmetrics: bool, max_samples: int) -> None:
        self.cache = cache
        self.openmetrics = openmetrics
        self.max_samples = max_samples
        self.line_number = 0
        self.added: set[int] = set()
        self.count = 0
        self.position = 0
        self.timed: list[int] = []
        self.times: list[int] = []
        self.exemplars: list[tuple[int, Exemplar]] = []
        self.ended = False

    def read(self, body: bytes) -> Parsed:
        ids: list[NDArray[np.int32]] = []
        values: list[Values] = []
        for lines in _chunks(body):
            first_line = self.line_number
            chunk, texts = self._chunk(lines)
            values.append(self._numbers(texts, lines, first_line))
            ids.append(np.array(chunk, dtype=np.int32))
            self.count += len(chunk)
            if self.line_number - self.count > MAX_OTHER_LINES:
                raise LineError(f"more than {MAX_OTHER_LINES} lines that are no samples")
        if self.openmetrics and not self.ended:
            raise LineError("the text does not end with # EOF; is it cut off?")
        return Parsed(
            np.concatenate(ids) if ids else np.empty(0, dtype=np.int32),
            canonical_nans(np.concatenate(values)) if values else np.empty(0, dtype=np.float64),
            np.array(self.timed, dtype=np.int64) if self.timed else NO_INDEX,
            np.array(self.times, dtype=np.int64) if self.times else NO_INDEX,
            tuple(self.exemplars),
        )

    def _chunk(self, lines: list[bytes]) -> tuple[list[int], list[bytes]]:
        """The ids and the texts of the values, a sample each."""
        found: list[int] = []
        texts: list[bytes] = []
        known, comments = self.cache.ids.get, self.cache.comments
        add, put, before = found.append, texts.append, self.line_number
        if self.count + len(lines) > self.max_samples:
            self._refuse_too_many(lines)
        for count, line in enumerate(lines, 1):
            series, _, text = line.rpartition(b" ")
            index = known(series)
            if index is None or self.ended:
                if line in comments and not self.ended:
                    continue
                self.line_number = before + count
                self.position = self.count + len(found)
                other = self._slow(line, self.position)
                if other is None:
                    continue
                index, text = other
            add(index)
            put(text)
        self.line_number = before + len(lines)
        return found, texts

    def _refuse_too_many(self, lines: list[bytes]) -> None:
        """Counts what is a sample before any memory is spent on it."""
        count = self.count + sum(1 for line in lines if line and line[:1] != b"#")
        if count > self.max_samples:
            raise LineError(f"more than {self.max_samples} samples")

    def _slow(self, line: bytes, position: int) -> tuple[int, bytes] | None:
        """A line that the cache does not know: its series id and the text of its value, or None for no sample."""
        if len(line) > MAX_LINE_BYTES:
            raise LineError(f"longer than {MAX_LINE_BYTES} bytes")
        if self.ended:
            raise LineError("unexpected text after # EOF")
        spelling, _, text = line.rpartition(b" ")
        labels = quick(spelling, text)
        if labels is not None:
            index = self.cache.add(spelling, labels)
            self.added.add(index)
            return index, text
        stripped = line.strip(b" \t\r")
        if not stripped:
            if self.openmetrics:
                raise LineError("OpenMetrics allows no empty line")
            return None
        if stripped[:1] == b"#":
            if self.openmetrics and stripped == b"# EOF":
                self.ended = True
            else:
                self.cache.note(stripped, openmetrics=self.openmetrics)
            return None
        found = sample(stripped, openmetrics=self.openmetrics)
        index = self.cache.find(found.series)
        if index is None:
            index = self.cache.add(found.series, series_labels(found.series))
            self.added.add(index)
        if found.time_ms is not None:
            self.timed.append(position)
            self.times.append(found.time_ms)
        if found.exemplar is not None and len(self.exemplars) < MAX_EXEMPLARS:
            self.exemplars.append((position, found.exemplar))
            if index not in self.cache.exemplary:
                self.cache.exemplary[index] = series_labels(found.series)
        if found.plain and text == found.value and spelling != found.series:
            self.cache.alias(spelling, index)
        return index, found.value

    def _numbers(self, texts: list[bytes], lines: list[bytes], first_line: int) -> Values:
        try:
            values = np.fromiter(map(float, texts), dtype=np.float64, count=len(texts))
            odd = np.flatnonzero(~np.isfinite(values)).tolist()
            if b"_" not in b"\n".join(texts):
                for index in odd:
                    number(texts[index].strip())
                return values
        except ValueError:
            pass
        # Something among them is no number: find its line, where there is time to look closely.
        self.line_number, self.position = first_line, self.count
        for line in lines:
            self.line_number += 1
            if line.strip(b" \t\r") and line.lstrip(b" \t")[:1] != b"#":
                number(sample(line.strip(b" \t\r"), openmetrics=self.openmetrics).value)
                self.position += 1
        raise LineError(f"a value is not a number, near {shown(texts[0])}")


def _chunks(body: bytes) -> Iterator[list[bytes]]:
    """The lines, about a MiB at a time."""
    start, size = 0, len(body)
    while start < size:
        end = body.find(b"\n", min(start + _CHUNK_BYTES, size - 1))
        end = size if end < 0 else end
        yield body[start:end].split(b"\n")
        start = end + 1
