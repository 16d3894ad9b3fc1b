"""The log read while it is written: what was acknowledged leaves in the order in which it was, from any place that the
log still has. Nothing of the writing side waits for a reader; one that is slow finds the rest later, in the files.

Read by whoever sends samples on. A reader is of one thread at a time."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.model.batch import Exemplar
from hivesight.model.series import Values
from hivesight.storage.tsdb.codec import (
    BadRecord,
    Kind,
    Numbers,
    SeriesDefinition,
    decode_samples,
    decode_samples_header,
    decode_series,
)
from hivesight.storage.tsdb.directory import Directory
from hivesight.storage.tsdb.framing import FILE_HEADER, RECORD_HEADER, Position, checksum
from hivesight.storage.tsdb.piece import Piece
from hivesight.storage.tsdb.piece_codec import decode_piece
from hivesight.storage.tsdb.side_codec import decode_exemplars

_CHUNK: Final = 1 << 18

_log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Scraped:
    """Samples of a group at one time. values: of the row numbers[i]; the staleness marker among them."""

    group: int
    time_ms: int
    numbers: Numbers
    values: Values


@dataclass(frozen=True, slots=True)
class Pushed:
    """Samples of a group at several times. piece: series i of it has the row numbers[i]."""

    group: int
    numbers: Numbers
    piece: Piece


Entry = SeriesDefinition | Scraped | Pushed | list[Exemplar]


class Tail:
    """Reads on from `position`. Use `Tsdb.tail`."""

    def __init__(self, directory: Directory, end: Callable[[], Position], position: Position | None) -> None:
        """end: behind the last record. position: where to begin; None: at the end, with what comes from now on."""
        last = end()
        self.position = last if position is None else min(position, last)
        self.needed = self.position
        """What stands behind it is kept for this reader, who may have to begin there again; the reader moves it."""
        self.closed = False
        self.skipped_segments = 0
        """Segments that were gone, or damaged, before they were read."""
        self._directory = directory
        self._end = end
        self._file: _File | None = None

    @property
    def at_end(self) -> bool:
        """Whether all that was acknowledged has been read."""
        return self.position >= self._end()

    @property
    def checkpoint(self) -> int:
        """The number of the newest checkpoint, 0 where there is none."""
        return max(self._directory.checkpoints(), default=0)

    def definitions(self) -> tuple[int, Iterator[SeriesDefinition]]:
        """What defines the series of which there may be samples behind the position: those of the checkpoint, then
        those of the segments up to the position. And the number of that checkpoint. Raises OSError."""
        checkpoint = self.checkpoint
        return checkpoint, self._definitions(checkpoint)

    def entries(self) -> Iterator[Entry]:
        """What stands between the position and the end at this moment; `position` is behind what was handed out last.
        Raises OSError."""
        end = self._end()
        while self.position < end:
            if self._file is None or self._file.segment != self.position.segment:
                self._open(end)
                continue
            last = self.position.segment == end.segment
            limit = end.offset if last else self._file.size()
            for kind, payload, behind in self._file.records(self.position.offset, limit):
                try:
                    entry = _entry(kind, payload)
                except BadRecord as error:
                    _log.error("a record of the metrics log means nothing: left out", reason=str(error))
                    entry = None
                self.position = Position(self.position.segment, behind)
                if entry is not None:
                    yield entry
            if self.position.offset < limit:
                self._skip("damaged")
            self.position = end if last else Position(self.position.segment + 1, FILE_HEADER.size)

    def close(self) -> None:
        """Nothing is kept for this reader any more."""
        self.closed = True
        self._leave()

    def _open(self, end: Position) -> None:
        """Opens the segment of the position, or the next that is there."""
        self._leave()
        try:
            self._file = _File(self._directory, self.position.segment)
        except FileNotFoundError:
            self._skip("gone")
            later = [each for each in self._directory.segments() if each > self.position.segment]
            self.position = Position(min(later, default=end.segment), FILE_HEADER.size)

    def _leave(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _skip(self, what: str) -> None:
        self.skipped_segments += 1
        _log.error(
            "a part of the metrics log was not read before it went: what stood there is not sent on",
            segment=self.position.segment,
            reason=what,
        )

    def _definitions(self, checkpoint: int) -> Iterator[SeriesDefinition]:
        if checkpoint:
            with _File(self._directory, checkpoint, checkpoint=True) as file:
                yield from file.definitions(file.size())
        for segment in [each for each in self._directory.segments() if each <= self.position.segment]:
            with _File(self._directory, segment) as file:
                last = segment == self.position.segment
                yield from file.definitions(self.position.offset if last else file.size())


class _File:
    """A segment or a checkpoint, open for reading."""

    def __init__(self, directory: Directory, sequence: int, *, checkpoint: bool = False) -> None:
        """Raises OSError."""
        path = directory.checkpoint(sequence) if checkpoint else directory.segment(sequence)
        self.segment = sequence
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        os.close(self._handle)

    def size(self) -> int:
        return os.fstat(self._handle).st_size

    def records(self, offset: int, limit: int) -> Iterator[tuple[int, memoryview, int]]:
        """Type, payload and the offset behind each whole and sound record between the offsets."""
        chunk, at = memoryview(b""), 0
        while offset + RECORD_HEADER.size <= limit:
            need = RECORD_HEADER.size
            if len(chunk) - at >= need:
                need += RECORD_HEADER.unpack_from(chunk, at)[0]
            if offset + need > limit:
                return
            if len(chunk) - at < need:
                chunk, at = self._read(offset, min(max(need, _CHUNK), limit - offset)), 0
                if len(chunk) < need:
                    return
                continue
            _, kind, expected = RECORD_HEADER.unpack_from(chunk, at)
            payload = chunk[at + RECORD_HEADER.size : at + need]
            if checksum(kind, payload) != expected:
                return
            offset += need
            at += need
            yield kind, payload, offset

    def definitions(self, limit: int) -> Iterator[SeriesDefinition]:
        """Those before the offset. Other records are passed over unread: those of a checkpoint are most of it."""
        offset = FILE_HEADER.size
        while offset + RECORD_HEADER.size <= limit:
            length, kind, expected = RECORD_HEADER.unpack(self._read(offset, RECORD_HEADER.size))
            behind = offset + RECORD_HEADER.size + length
            if behind > limit:
                return
            if kind == Kind.SERIES:
                payload = self._read(offset + RECORD_HEADER.size, length)
                if len(payload) < length or checksum(kind, payload) != expected:
                    return
                with suppress(BadRecord):
                    yield decode_series(payload)
            offset = behind

    def _read(self, offset: int, size: int) -> memoryview:
        return memoryview(os.pread(self._handle, size, offset))


def _entry(kind: int, payload: memoryview) -> Entry | None:
    match kind:
        case Kind.SAMPLES:
            header = decode_samples_header(payload)
            return Scraped(header.group, header.time_ms, *decode_samples(header, payload))
        case Kind.PIECE:
            return Pushed(*decode_piece(payload))
        case Kind.SERIES:
            return decode_series(payload)
        case Kind.EXEMPLARS:
            return decode_exemplars(payload)
        case _:
            return None
