"""Lines to a stream: on the thread that logs, or through a bounded queue that never makes the host wait.

Neither raises into the host, neither logs while it writes, and both count what they lose.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

from hivesight_sdk.logs.drops import log_drops
from hivesight_sdk.recording import record

if TYPE_CHECKING:
    from hivesight_sdk.logs.export import LogExport
    from hivesight_sdk.logs.formatter import JsonFormatter

DEFAULT_QUEUE_LINES: Final = 4_096
DEFAULT_FLUSH_SECONDS: Final = 2.0


class _Nesting(threading.local):
    inside: bool = False


_nesting = _Nesting()


class LineHandler(logging.Handler):
    """Writes each record as a line to `stream`; to what `sys.stderr` is at the time, where none is given.

    What the line shows is offered to `export` too.
    """

    def __init__(
        self, formatter: JsonFormatter, stream: TextIO | None = None, *, export: LogExport | None = None
    ) -> None:
        super().__init__()
        self._stream: Final = stream
        self._lines: Final = formatter
        self.export: Final = export
        self.setFormatter(formatter)

    @property
    def stream(self) -> TextIO | None:
        """Where lines go; None where the process has no standard error."""
        return self._stream if self._stream is not None else sys.stderr

    def emit(self, record: logging.LogRecord) -> None:
        """Format and write. A record that is logged by the formatting of another is dropped and counted."""
        if _nesting.inside:
            log_drops.add("log_failed")
            return
        _nesting.inside = True
        try:
            if self.export is None:
                self.put(self.format(record))
            else:
                line = self._lines.line(record)
                self.export.offer(record, line.document)
                self.put(line.text)
        except Exception:  # noqa: BLE001  the host must not feel it; counted
            log_drops.add("log_failed")
        finally:
            _nesting.inside = False

    def flush(self) -> None:
        """Wait until what is queued for export now is sent, within its deadline."""
        if self.export is not None:
            self.export.flush()

    def close(self) -> None:
        """End the export, within its deadline. May be called twice."""
        if self.export is not None:
            self.export.close()
        super().close()

    def put(self, line: str) -> None:
        """Take over a line."""
        stream = self.stream
        if stream is not None:
            _write(stream, line)


class QueuedLineHandler(LineHandler):
    """As `LineHandler`, but a thread of its own writes. A full queue drops and counts.

    The thread starts with the first record, in a forked child too, which does not write the lines that its parent has
    queued. logging flushes at the exit of the interpreter, for at most `flush_seconds`.
    """

    def __init__(
        self,
        formatter: JsonFormatter,
        stream: TextIO | None = None,
        *,
        lines: int = DEFAULT_QUEUE_LINES,
        flush_seconds: float = DEFAULT_FLUSH_SECONDS,
        export: LogExport | None = None,
    ) -> None:
        super().__init__(formatter, stream, export=export)
        self._most_lines: Final = max(1, lines)
        self._flush_seconds: Final = max(0.0, flush_seconds)
        self.forget()
        _queued.add(self)

    def forget(self) -> None:
        """Begin with an empty queue and no thread, as in a forked child."""
        # The only queue whose put takes no lock that a finaliser or a signal handler could be inside of.
        self._queue: queue.SimpleQueue[str | threading.Event | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def handle(self, record: logging.LogRecord) -> bool:
        """Filter and emit without the handler's lock, so that nobody waits while another formats."""
        passed = cast("bool | logging.LogRecord", self.filter(record))  # a record from Python 3.12 on
        if passed:
            self.emit(passed if isinstance(passed, logging.LogRecord) else record)
        return bool(passed)

    def put(self, line: str) -> None:
        """Queue a line, or drop it."""
        if self._queue.qsize() >= self._most_lines:
            log_drops.add("log_queue_full")
            return
        self._queue.put(line)
        if self._thread is None:
            self._start()

    def flush(self) -> None:
        """Wait until what is queued now is written, for at most `flush_seconds`, and sent."""
        self._flush_lines()
        super().flush()

    def _flush_lines(self) -> None:
        if self._thread is None or self._thread is threading.current_thread():
            return
        written = threading.Event()
        self._queue.put(written)
        written.wait(self._flush_seconds)

    def close(self) -> None:
        """Write what is queued, for at most `flush_seconds`, and end the thread. May be called twice."""
        deadline = time.monotonic() + self._flush_seconds
        self._flush_lines()
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
        super().close()

    def _start(self) -> None:
        if not self._starting.acquire(blocking=False):  # another thread starts it, or the caller's own outer frame
            return
        try:
            if self._thread is None:
                thread = threading.Thread(target=self._work, args=(self._queue,), name="hivesight-logs", daemon=True)
                thread.start()
                self._thread = thread
                self._flush_with_multiprocessing()
        except RuntimeError:  # no thread to be had, or the interpreter is shutting down: this line is written here
            self._write_queued()
        finally:
            self._starting.release()

    def _flush_with_multiprocessing(self) -> None:
        # A child of multiprocessing ends without the hooks of the interpreter's exit, and has its own.
        util: Any = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.Finalize(None, _flush, args=(weakref.ref(self),), exitpriority=0)

    def _write_queued(self) -> None:
        while True:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return
            self._write(item)

    def _work(self, lines: queue.SimpleQueue[str | threading.Event | None]) -> None:
        while (item := lines.get()) is not None:
            self._write(item)
            if lines.empty():
                record(_nothing)  # lets the metrics hear of what was redacted and dropped

    def _write(self, item: str | threading.Event | None) -> None:
        if isinstance(item, threading.Event):
            item.set()
        elif item is not None:
            stream = self.stream
            if stream is None:
                return
            try:
                _write_unbuffered(stream, item)
            except Exception:  # noqa: BLE001  the stream is the host's and may be anything; counted
                log_drops.add("log_failed")


def _flush(handler: weakref.ref[QueuedLineHandler]) -> None:
    alive = handler()
    if alive is not None:
        alive.flush()


def _nothing() -> None:
    pass


def _write(stream: TextIO, line: str) -> None:
    try:
        stream.write(line + "\n")
    except UnicodeEncodeError:  # a stream that is not UTF-8: the same object in ASCII
        stream.write(json.dumps(json.loads(line), separators=(",", ":")) + "\n")
    stream.flush()


def _write_unbuffered(stream: TextIO, line: str) -> None:
    # Past the stream's buffer: a thread that hangs on a full pipe would hold its lock, and Python aborts when it
    # cannot flush standard error at exit; a fork would copy the lock.
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError):  # a stream in memory, or a closed one
        _write(stream, line)
        return
    left = memoryview(line.encode() + b"\n")
    while left:
        left = left[os.write(descriptor, left) :]


_queued: weakref.WeakSet[QueuedLineHandler] = weakref.WeakSet()


def _forget_in_child() -> None:
    _nesting.inside = False
    for handler in list(_queued):
        handler.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
