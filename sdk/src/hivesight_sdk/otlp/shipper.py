"""One bounded queue and one thread that delivers what is put into it, so that the host never waits for a network.

What is offered waits for a batch to be full or an interval to pass; `sender` encodes it and sends it until it is taken,
refused, or too old. Without anything to send the thread sleeps.
"""

from __future__ import annotations

import _thread
import contextlib
import logging
import queue
import sys
import threading
import weakref
from collections import deque
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from hivesight_sdk import metrics
from hivesight_sdk.otlp.delivery import NO_ANSWER, Verdict, judge
from hivesight_sdk.otlp.lifecycle import EXIT_SECONDS, close_all, deadline_in, look_after
from hivesight_sdk.otlp.sender import Sender, log, taken_from
from hivesight_sdk.recording import drop, record, series
from hivesight_sdk.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hivesight_sdk.otlp.destination import Destination

T = TypeVar("T")

DEFAULT_MAX_ITEMS: Final = 2_048
DEFAULT_BATCH: Final = 512
DEFAULT_INTERVAL_SECONDS: Final = 1.0

_MAX_INTERVAL_SECONDS: Final = 3_600.0
_PAUSE_AFTER_FAILURE_SECONDS: Final = 1.0
_CLOSING_SECONDS: Final = 0.05
_NEVER: Final = sys.maxsize


@dataclass(slots=True, eq=False)
class _Flush:
    """Somebody waits until `deadline` (monotonic) for everything to be sent."""

    deadline: float
    closing: bool = False
    delivered: bool = False
    done: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> bool:
        return self.done.wait(max(0.0, self.deadline - monotonic())) and self.delivered


class Shipper(Generic[T]):
    """Delivers items to `destination`, in the background and within bounds.

    `name` is the signal as metrics and messages call it; `encode` makes one request's body of a batch, on the
    shipper's thread. At most `max_items` wait, at most `batch` go together, none waits for longer than
    `interval_seconds` before it is sent for the first time.

    The thread starts with the first item, in a forked child too, which does not send what its parent has queued.
    """

    def __init__(
        self,
        name: str,
        encode: Callable[[Sequence[T]], bytes],
        destination: Destination,
        *,
        max_items: int = DEFAULT_MAX_ITEMS,
        batch: int = DEFAULT_BATCH,
        interval_seconds: float = DEFAULT_INTERVAL_SECONDS,
    ) -> None:
        self.name: Final = name
        self.destination: Final = destination
        self._sender: Final = Sender(name, encode, destination)
        self._capacity: Final = max(1, max_items)
        self._max_items = self._capacity
        self._batch: Final = max(1, min(batch, max_items))
        self._interval_seconds: Final = min(max(0.0, interval_seconds), _MAX_INTERVAL_SECONDS)
        self._overflow: Final = Tally(self._report_overflow)
        self._closed = False
        self._closing: _Flush | None = None
        self.forget()
        look_after(self)

    def forget(self) -> None:
        """Begin with an empty queue and no thread, as in a forked child."""
        # Their steps are single ones in C: a finaliser or a signal handler can come in between, never inside.
        self._items: deque[T] = deque()
        self._wakeups: queue.SimpleQueue[_Flush | None] = queue.SimpleQueue()
        self._wake_at = 1
        self._starting = _thread.allocate_lock()
        self._thread: threading.Thread | None = None
        self._sender.forget()

    @property
    def waiting(self) -> int:
        """How many items wait, those that are being sent included."""
        return len(self._items) + self._sender.in_hand

    def offer(self, item: T) -> None:
        """Queue an item; a full queue drops it and counts. Takes no lock and may be called anywhere."""
        waiting = len(self._items)
        if waiting >= self._max_items:
            self._overflow.add("export_failed" if self._closed else "queue_full")
            return
        self._items.append(item)
        if waiting + 1 >= self._wake_at:
            self._wake_at = _NEVER
            self._wakeups.put(None)
            if self._thread is None:
                self._start()

    def flush(self, timeout_seconds: float) -> bool:
        """Send what is queued now; whether all of it was taken within `timeout_seconds`."""
        return self._finish(self._ask(deadline_in(timeout_seconds), closing=False))

    def close(self, timeout_seconds: float) -> bool:
        """As `flush`, and end. What is not taken by then is dropped and counted. May be called twice."""
        return close_all([self], timeout_seconds)

    def _ask(self, deadline: float, *, closing: bool) -> _Flush:
        flush = _Flush(deadline, closing)
        ended, self._closed = self._closed, self._closed or closing
        if closing:
            self._max_items = 0
        if self._thread is None and self._items:
            self._start()
        if ended or self._thread is None or self._thread.ident == threading.get_ident():
            flush.delivered = not self.waiting
            flush.done.set()
        else:
            self._wakeups.put(flush)
            self._let_go_without_thread()  # it may turn out only now that it cannot be started
        return flush

    def _finish(self, flush: _Flush) -> bool:
        delivered = flush.wait()
        # From Python 3.12 on no thread can be started once the interpreter ends: what was offered last is sent here.
        if self._thread is None and self._items and self._starting.acquire(blocking=False):
            try:
                delivered = self._ship_all(flush)
            except Exception:  # noqa: BLE001  the host's own log handlers may raise; what is not settled is left
                delivered = False
            finally:
                self._starting.release()
        return delivered

    def begin_close(self, deadline: float) -> None:
        """See `lifecycle.Exporter`."""
        self._closing = self._ask(deadline, closing=True)

    def finish_close(self) -> bool:
        """See `lifecycle.Exporter`."""
        delivered = self._closing is not None and self._finish(self._closing)
        self._drop_rest()
        return delivered

    def _drop_rest(self) -> None:
        left = 0
        while taken_from(self._items) is not None:
            left += 1
        left += self._sender.abandon()
        if left:
            message = f"{self.name} were not taken by {self.destination.shown} before the end"
            drop("export_failed", message, amount=left, level=logging.INFO, logger=log)

    # ---- the thread ----

    def _start(self) -> None:
        if not self._starting.acquire(blocking=False):  # another thread starts it, or the caller's own outer frame
            return
        self._thread = threading.Thread(target=self._work, name=f"hivesight-{self.name}", daemon=True)
        self._flush_with_multiprocessing()
        try:
            # Thread.start takes a lock of threading's, which a finaliser must not wait for: another thread calls it.
            _thread.start_new_thread(self._launch, (self._thread,))
        except RuntimeError:  # no thread to be had, or the interpreter is shutting down
            self._not_started()

    def _launch(self, worker: threading.Thread) -> None:
        try:
            worker.start()
        except RuntimeError:
            self._not_started()

    def _not_started(self) -> None:
        self._thread = None
        self._wake_at = 1
        self._starting.release()
        self._let_go_without_thread()

    def _let_go_without_thread(self) -> None:
        with contextlib.suppress(queue.Empty):
            while self._thread is None:
                flush = self._wakeups.get_nowait()
                if flush is not None:
                    flush.done.set()

    def _flush_with_multiprocessing(self) -> None:
        # A child of multiprocessing ends without the hooks of the interpreter's exit, and has its own.
        util: Any = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.Finalize(None, _flush, args=(weakref.ref(self),), exitpriority=0)

    def _work(self) -> None:
        flush: _Flush | None = None
        while flush is None or not flush.closing:
            flush = self._wait()
            try:
                if flush is None:
                    self._load()
                    self._sender.attempt(self.destination.timeout_seconds)
                else:
                    flush.delivered = self._ship_all(flush)
                    if flush.closing:
                        self._drop_rest()  # also what this thread had in its hands when the deadline passed
                record(self._tell_length)  # the metrics hear of what was dropped meanwhile, too
            except Exception:  # noqa: BLE001  the host's own log handlers may raise; what is not settled is sent again
                self._sender.not_before = monotonic() + _PAUSE_AFTER_FAILURE_SECONDS
            if flush is not None:
                flush.done.set()
        self._sender.close()

    def _wait(self) -> _Flush | None:
        """Sleep until there is something to send and it is time for it, or somebody flushes."""
        self._wake_at = 1
        while not (self._sender.in_hand or self._items):
            flush = self._wakeups.get()
            if flush is not None:
                return flush
            self._wake_at = 1
        gathered_at = monotonic() + self._interval_seconds
        while True:
            self._wake_at, due = self._batch, max(gathered_at, self._sender.not_before)
            if self._sender.in_hand or len(self._items) >= self._batch:
                self._wake_at, due = _NEVER, self._sender.not_before
            # Looked at even when there is enough to send, as there may always be. Who closes is about to ask.
            least = _CLOSING_SECONDS if self._closed else 0.0
            try:
                flush = self._wakeups.get(timeout=max(least, due - monotonic()))
            except queue.Empty:
                if monotonic() >= due and not self._closed:
                    return None
                continue
            if flush is not None:
                return flush

    def _ship_all(self, flush: _Flush) -> bool:
        """Send what is queued now, whatever pause was meant to be kept; whether all of it was taken."""
        sender = self._sender
        goal, lost = sender.settled + self.waiting, sender.lost
        if sender.nowhere and monotonic() < sender.not_before:
            return goal == sender.settled
        while sender.settled < goal and self.waiting and (remaining := flush.deadline - monotonic()) > 0:
            self._load()
            answer = sender.attempt(min(self.destination.timeout_seconds, remaining))
            if answer is None or judge(answer) in (Verdict.TAKEN, Verdict.REFUSED):
                continue
            pause = sender.not_before - monotonic()
            # Nobody's exit waits for a server that is not there.
            if answer.status == NO_ANSWER or sender.nowhere or pause >= flush.deadline - monotonic():
                break
            sleep(max(0.0, pause))
        return sender.settled >= goal and sender.lost == lost

    def _load(self) -> None:
        if not self._sender.in_hand:
            self._sender.load([item for _ in range(self._batch) if (item := taken_from(self._items)) is not None])

    def _tell_length(self) -> None:
        series(metrics.SDK_EXPORT_QUEUE_LENGTH, self.name).set(self.waiting)

    def _report_overflow(self, reason: str, count: int) -> None:
        messages = {
            "queue_full": f"{self.name} are dropped: {self._capacity} wait for {self.destination.shown} already",
            "export_failed": f"{self.name} are dropped, as they come after the end of their export",
        }
        # Whoever has no server running shall not be troubled by it.
        level = logging.INFO if self._sender.away else logging.WARNING
        drop(reason, messages[reason], amount=count, level=level, logger=log)


def _flush(shipper: weakref.ref[Shipper[Any]]) -> None:
    alive = shipper()
    if alive is not None:
        alive.flush(EXIT_SECONDS)
