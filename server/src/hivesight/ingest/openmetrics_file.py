"""OpenMetrics text of any length, with a timestamp on every sample, as files for backfilling have it: bytes in, columns
out, a few MiB at a time. `hivesight storage import` calls it; what is scraped goes through `ingest.exposition`."""

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, NoReturn

import numpy as np

from hivesight.ingest.exposition import MAX_LINE_BYTES
from hivesight.ingest.parsed import ExpositionError
from hivesight.ingest.textline import LineError, comment, number, sample, series_labels
from hivesight.model.batch import Samples
from hivesight.model.series import canonical_nans

MAX_SPELLING_BYTES: Final = 512 << 20
"""Of the texts that name series: they are remembered, so that labels are parsed once a series."""

_READ_BYTES: Final = 4 << 20
_MAX_SECONDS: Final = (1 << 62) / 1000


class OpenMetricsFile:
    """Reads files one after the other; a series is the same in all of them."""

    def __init__(self, register: Callable[[dict[str, str]], int]) -> None:
        """register: labels to the number of their series; may raise ValueError where there are too many."""
        self._register = register
        self._known: dict[bytes, int] = {}
        self._spelling_bytes = 0
        self._line = 0
        self._ended = False

    def read(self, file: BinaryIO, name: str) -> Iterator[Samples]:
        """The samples in the order of the lines. Raises ExpositionError, which names the file and the line, and
        OSError."""
        self._line, self._ended = 0, False
        try:
            for lines in _lines(file):
                yield self._columns(lines)
            if not self._ended:
                raise LineError("the text does not end with # EOF; is it cut off?")
        except ValueError as error:
            raise ExpositionError(f"{name}:{self._line}: {error}") from None

    def _columns(self, lines: list[bytes]) -> Samples:
        refs: list[int] = []
        texts: list[bytes] = []
        stamps: list[bytes] = []
        known, before = self._known.get, self._line
        for at, line in enumerate(lines, 1):
            words = line.rsplit(b" ", 2)
            ref = known(words[0]) if len(words) == 3 and not self._ended else None
            if ref is None:
                self._line = before + at
                other = self._slow(line)
                if other is None:
                    continue
                ref, words = other
            refs.append(ref)
            texts.append(words[-2])
            stamps.append(words[-1])
        self._line = before
        found = _numbers(refs, texts, stamps)
        if found is None:
            self._find_fault(lines)
        self._line = before + len(lines)
        return found

    def _slow(self, line: bytes) -> tuple[int, list[bytes]] | None:
        """A line that is no sample of a known series in the usual spelling: series and words, None for no sample."""
        if len(line) > MAX_LINE_BYTES:
            raise LineError(f"longer than {MAX_LINE_BYTES} bytes")
        if self._ended:
            raise LineError("unexpected text after # EOF")
        stripped = line.strip(b" \t\r")
        if not stripped:
            raise LineError("OpenMetrics allows no empty line")
        if stripped[:1] == b"#":
            self._ended = stripped == b"# EOF"
            if not self._ended:
                comment(stripped, openmetrics=True)
            return None
        found = sample(stripped, openmetrics=True)
        if found.time_ms is None:
            raise LineError("the sample has no timestamp; every one needs its own, in seconds")
        ref = self._known.get(found.series)
        if ref is None:
            self._spelling_bytes += len(found.series)
            if self._spelling_bytes > MAX_SPELLING_BYTES:
                raise LineError(
                    f"the names and labels of all series take more than {MAX_SPELLING_BYTES} bytes; import the file in "
                    "parts with fewer series each"
                )
            ref = self._known[found.series] = self._register(series_labels(found.series))
        # What stands behind the series, without the exemplar, which is not stored.
        return ref, stripped[len(found.series) :].partition(b"#")[0].split()[-2:]

    def _find_fault(self, lines: list[bytes]) -> NoReturn:
        """Something among the lines is no number: find it, where there is time to look closely."""
        for line in lines:
            self._line += 1
            stripped = line.strip(b" \t\r")
            if stripped[:1] != b"#":
                number(sample(stripped, openmetrics=True).value)
        raise LineError("a value or a timestamp is not a number in this line or one before it")


def _numbers(refs: list[int], texts: list[bytes], stamps: list[bytes]) -> Samples | None:
    """The columns of samples, None where a value or a timestamp is not one."""
    try:
        values = np.fromiter(map(float, texts), np.float64, len(refs))
        seconds = np.fromiter(map(float, stamps), np.float64, len(refs))
        for odd in np.flatnonzero(~np.isfinite(values)).tolist():
            number(texts[odd].strip())
    except ValueError:
        return None
    if not (np.abs(seconds) < _MAX_SECONDS).all() or b"_" in b"".join((*texts, *stamps)):
        return None
    # Cut to whole milliseconds as Prometheus does (model/textparse, openmetrics: `int64(ts * 1000)`).
    times = (seconds * 1000).astype(np.int64)
    return Samples(np.array(refs, np.int32), times, canonical_nans(values))


def _lines(file: BinaryIO) -> Iterator[list[bytes]]:
    """The lines of a file, a few MiB at a time. A line that is too long comes in part, with more than may be."""
    rest = b""
    while data := file.read(_READ_BYTES):
        lines = (rest + data).split(b"\n")
        rest = lines.pop()
        if lines:
            yield lines
        if len(rest) > MAX_LINE_BYTES:
            break
    if rest:
        yield [rest]
