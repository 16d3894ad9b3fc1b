"""The write-ahead log's writing end: one write() to the kernel an append, fsync at most a second later.

A process that is killed loses nothing that `write` returned for; a machine that loses power loses at most the last
interval. Reading the log back is `recovery`'s and `replay`'s business."""

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.model.clock import Clock
from hivesight.model.errors import StorageError
from hivesight.storage.tsdb.directory import Directory, sync_directory
from hivesight.storage.tsdb.framing import FILE_HEADER, SEGMENT_MAGIC, Position, file_header
from hivesight.storage.tsdb.limits import WalOptions

CALM_SECONDS: Final = 30
"""So long without a refusal, and writing counts as mended. On a full disk small records fit long after large ones."""

_log: FilteringBoundLogger = structlog.get_logger(__name__)


class Wal:
    """Appends records to numbered segments. One thread writes at a time; a thread of its own flushes."""

    def __init__(
        self, directory: Directory, sequence: int, options: WalOptions, clock: Clock, checkpoint: int = 0
    ) -> None:
        """Goes on in the segment `sequence`, which is created if it is not there. checkpoint: stands for all segments
        before this one. Raises StorageError."""
        self.fsyncs = 0
        self.failures = 0
        self._directory = directory
        self._options = options
        self._older = {
            each: directory.segment(each).stat().st_size for each in directory.segments() if each != sequence
        }
        self._sequence = sequence
        self._checkpoint = checkpoint
        self._clock = clock
        self._failed_at: float | None = None
        """When a write was last refused (monotonic), until that counts as mended."""
        self._flush_failing = False
        self._torn = False
        self._new_names = True
        self._to_close: list[int] = []
        self._sync_lock = threading.Lock()
        self._dirty = threading.Event()
        self._stop = threading.Event()
        self._handle, self._offset = self._open_segment(sequence)
        self.end = Position(sequence, self._offset)
        """Behind the last record that was acknowledged. Read by any thread."""
        self._thread = threading.Thread(target=self._flush, name="hivesight-wal", daemon=True)
        self._thread.start()

    @property
    def nbytes(self) -> int:
        """Bytes of the segments that no checkpoint stands for."""
        return self._offset + sum(size for each, size in self._older.items() if each >= self._checkpoint)

    @property
    def segments(self) -> int:
        """How many segments no checkpoint stands for."""
        return 1 + sum(each >= self._checkpoint for each in self._older)

    def write(self, data: bytes) -> None:
        """Appends whole records. Raises StorageError when the disk does not take them; then nothing of them is in the
        log, and the next write tries again."""
        try:
            if self._torn:
                os.ftruncate(self._handle, self._offset)
                self._torn = False
            if self._offset + len(data) > self._options.segment_bytes and self._offset > FILE_HEADER.size:
                self.rotate()
            self._torn = True
            _write_all(self._handle, data)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._handle, self._offset)
                self._torn = False
            raise self._refusal(error) from error
        self._torn = False
        self._offset += len(data)
        self.end = Position(self._sequence, self._offset)
        self._dirty.set()
        if self._failed_at is not None and self._clock.monotonic() - self._failed_at >= CALM_SECONDS:
            self._failed_at = None
            _log.info("write-ahead log is written again", path=str(self._path))

    def rotate(self) -> int:
        """Begins a new segment and leaves its sequence number. Raises OSError; then the old one stays in use."""
        handle, offset = self._open_segment(self._sequence + 1)
        self._older = {**self._older, self._sequence: self._offset}
        # No lock: `_sync` closes what it finds here, and only then, so a slow flush does not hold up the writer.
        self._to_close.append(self._handle)
        self._handle, self._offset = handle, offset
        self._sequence += 1
        self.end = Position(self._sequence, offset)
        self._dirty.set()
        return self._sequence

    def forget_before(self, sequence: int) -> None:
        """A checkpoint stands for the segments before `sequence`: `tidy` may delete them."""
        self._checkpoint = sequence

    def tidy(self, unread: int | None) -> None:
        """Deletes the segments that a checkpoint stands for. Those from `unread` on are kept for who reads the log, the
        newest up to WalOptions.unread_bytes. Raises OSError."""
        room = self._options.unread_bytes
        for each in sorted((each for each in self._older if each < self._checkpoint), reverse=True):
            room -= self._older[each]
            if unread is None or each < unread or room < 0:
                self._directory.segment(each).unlink(missing_ok=True)
                self._older = {number: size for number, size in self._older.items() if number != each}

    def sync(self) -> None:
        """Flushes what was written to the disk itself. Raises StorageError when the disk cannot."""
        try:
            self._sync()
        except OSError as error:
            self.failures += 1
            if not self._flush_failing:
                self._flush_failing = True
                _log.error("write-ahead log cannot be flushed to the disk", path=str(self._path), error=str(error))
            raise StorageError(
                f"cannot flush the metrics log {self._path} to the disk: {error.strerror}; "
                f"mend the disk under {self._directory.path}, flushing is tried again every second"
            ) from error
        if self._flush_failing:
            self._flush_failing = False
            _log.info("write-ahead log is flushed again", path=str(self._path))

    def close(self) -> None:
        """Flushes and closes; the log cannot be written afterwards."""
        self._stop.set()
        self._dirty.set()
        self._thread.join()
        with suppress(StorageError):
            self.sync()
        for handle in (*self._to_close, self._handle):
            os.close(handle)

    @property
    def _path(self) -> Path:
        return self._directory.segment(self._sequence)

    def _open_segment(self, sequence: int) -> tuple[int, int]:
        path = self._directory.segment(sequence)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        offset = os.fstat(handle).st_size
        if offset < FILE_HEADER.size:
            try:
                os.ftruncate(handle, 0)
                _write_all(handle, file_header(SEGMENT_MAGIC, sequence))
            except OSError:
                os.close(handle)
                path.unlink(missing_ok=True)
                raise
            offset = FILE_HEADER.size
            self._new_names = True
        return handle, offset

    def _refusal(self, error: OSError) -> StorageError:
        self.failures += 1
        message = (
            f"cannot write the metrics log {self._path}: {error.strerror}; "
            f"free space or mend the disk under {self._directory.path}, writing goes on by itself"
        )
        if self._failed_at is None:
            _log.error("write-ahead log cannot be written", path=str(self._path), error=str(error))
        self._failed_at = self._clock.monotonic()
        return StorageError(message)

    def _sync(self) -> None:
        with self._sync_lock:
            self._dirty.clear()
            closing = self._to_close.copy()
            try:
                for handle in (*closing, self._handle):
                    os.fsync(handle)
                    self.fsyncs += 1
                if self._new_names:
                    self._new_names = False
                    sync_directory(self._directory.wal)
            except OSError:
                self._new_names = True
                self._dirty.set()
                raise
            for handle in closing:
                self._to_close.remove(handle)
                os.close(handle)

    def _flush(self) -> None:
        """The flushing thread: waits for a write, then for the rest of the interval, then flushes."""
        while not self._stop.is_set():
            self._dirty.wait()
            if self._stop.wait(self._options.sync_interval_seconds):
                return
            with suppress(StorageError):
                self.sync()


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
