"""One bounded queue and one thread that delivers what is put into it, so that the host never waits for a network.

What is offered waits for a batch to be full or an interval to pass, is encoded, and is sent until it is taken,
refused, or too old. Without anything to send the thread sleeps.
"""

from __future__ import annotations

import _thread
import atexit
import gzip
import logging
import os
import queue
import random
import sys
import threading
import weakref
from collections import deque
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from hivesight_sdk import metrics
from hivesight_sdk.otlp.delivery import NO_ANSWER, Answer, Connection, Verdict, judge, rejected
from hivesight_sdk.recording import drop, record, series
from hivesight_sdk.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hivesight_sdk.otlp.destination import Destination

T = TypeVar("T")

DEFAULT_MAX_ITEMS: Final = 2_048
DEFAULT_BATCH: Final = 512
DEFAULT_INTERVAL_SECONDS: Final = 1.0
EXIT_SECONDS: Final = 5.0
"""For how long the exit of the interpreter waits for all shippers together."""

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
"""A batch that is larger is sent in halves; an item that is larger is dropped."""

_MAX_INTERVAL_SECONDS: Final = 3_600.0
_COMPRESSED_FROM_BYTES: Final = 1_024
_FIRST_PAUSE_SECONDS: Final = 1.0
_MAX_PAUSE_SECONDS: Final = 60.0
_LONG_PAUSE_SECONDS: Final = 300.0
_GIVE_UP_SECONDS: Final = 300.0
_NEVER: Final = sys.maxsize

_log = logging.getLogger("hivesight_sdk.otlp")


@dataclass(slots=True)
class _Batch(Generic[T]):
    """Items on their way, their body once it is encoded, and when (monotonic) to give up on them."""

    items: Sequence[T]
    body: bytes | None = None
    give_up_at: float | None = None


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
        self._encode: Final = encode
        self._headers: Final = {"Content-Type": "application/json", **destination.headers}
        self._connection: Final = Connection(destination.url)
        self._capacity: Final = max(1, max_items)
        self._max_items = self._capacity
        self._batch: Final = max(1, min(batch, max_items))
        self._interval_seconds: Final = min(max(0.0, interval_seconds), _MAX_INTERVAL_SECONDS)
        self._overflow: Final = Tally(self._report_overflow)
        self._closed = False
        self._away = False
        self.forget()
        _shippers.add(self)

    def forget(self) -> None:
        """Begin with an empty queue and no thread, as in a forked child."""
        # Their steps are single ones in C: a finaliser or a signal handler can come in between, never inside.
        self._items: deque[T] = deque()
        self._held: deque[_Batch[T]] = deque()
        self._wakeups: queue.SimpleQueue[_Flush | None] = queue.SimpleQueue()
        self._wake_at = 1
        self._starting = _thread.allocate_lock()
        self._thread: threading.Thread | None = None
        self._settled = 0
        self._lost = 0
        self._failures = 0
        self._not_before = 0.0
        self._nowhere = False
        self._connection.forget()

    def __len__(self) -> int:
        """How many items wait, those that are being sent included."""
        return len(self._items) + sum(len(batch.items) for batch in list(self._held))

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
        return self._ask(_deadline(timeout_seconds), closing=False).wait()

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
            flush.delivered = not len(self)
            flush.done.set()
        else:
            self._wakeups.put(flush)
        return flush

    def _abandon(self) -> None:
        """Count what is left after the deadline, and let the thread end."""
        left = 0
        while (batch := _taken_from(self._held)) is not None:
            left += len(batch.items)
        while _taken_from(self._items) is not None:
            left += 1
        if left:
            message = f"{self.name} were not taken by {self.destination.shown} before the end"
            drop("export_failed", message, amount=left, level=logging.INFO, logger=_log)
        self._connection.abort()

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
                    self._attempt(self.destination.timeout_seconds)
                else:
                    flush.delivered = self._ship_all(flush)
            except Exception:  # noqa: BLE001  the host's own log handlers may raise; what is not settled is sent again
                self._not_before = monotonic() + _FIRST_PAUSE_SECONDS
            if flush is not None:
                flush.done.set()
            record(self._tell_length)  # the metrics hear of what was dropped meanwhile, too
        self._connection.close()

    def _wait(self) -> _Flush | None:
        """Sleep until there is something to send and it is time for it, or somebody flushes."""
        self._wake_at = 1
        while not (self._held or self._items):
            flush = self._wakeups.get()
            if flush is not None:
                return flush
            self._wake_at = 1
        gathered_at = monotonic() + self._interval_seconds
        while True:
            self._wake_at, due = self._batch, max(gathered_at, self._not_before)
            if self._held or len(self._items) >= self._batch:
                self._wake_at, due = _NEVER, self._not_before
            remaining = due - monotonic()
            if remaining <= 0:
                return None
            try:
                flush = self._wakeups.get(timeout=remaining)
            except queue.Empty:
                continue
            if flush is not None:
                return flush

    def _ship_all(self, flush: _Flush) -> bool:
        """Send what is queued now, whatever pause was meant to be kept; whether all of it was taken."""
        goal, lost = self._settled + len(self), self._lost
        if self._nowhere and monotonic() < self._not_before:
            return goal == self._settled
        while self._settled < goal and len(self) and (remaining := flush.deadline - monotonic()) > 0:
            answer = self._attempt(min(self.destination.timeout_seconds, remaining))
            if answer is None or judge(answer) in (Verdict.TAKEN, Verdict.REFUSED):
                continue
            pause = self._not_before - monotonic()
            # Nobody's exit waits for a server that is not there.
            if answer.status == NO_ANSWER or self._nowhere or pause >= flush.deadline - monotonic():
                break
            sleep(max(0.0, pause))
        return self._settled >= goal and self._lost == lost

    def _attempt(self, timeout_seconds: float) -> Answer | None:
        """Send one batch once; the answer, None where there was nothing to send."""
        try:
            batch = self._encoded_batch()
            if batch is None or batch.body is None:
                return None
            body, headers = batch.body, self._headers
            if len(body) >= _COMPRESSED_FROM_BYTES:
                body, headers = gzip.compress(body, compresslevel=4), {**headers, "Content-Encoding": "gzip"}
            answer = self._connection.post(body, headers, timeout_seconds)
        except Exception as error:  # noqa: BLE001  a supervising loop: the encoder and what it shows are foreign; counted
            self._failed("cannot be sent", error)
            return None
        self._act_on(answer, batch)
        return answer

    def _encoded_batch(self) -> _Batch[T] | None:
        if not self._held:
            items = [item for _ in range(self._batch) if (item := _taken_from(self._items)) is not None]
            if not items:
                return None
            self._held.append(_Batch(items))
        while self._held:
            batch = self._held[0]
            if batch.body is None:
                batch.body = self._encode(batch.items)
            if len(batch.body) <= MAX_BODY_BYTES:
                return batch
            if len(batch.items) == 1:
                self._failed(f"of more than {MAX_BODY_BYTES} bytes are not sent")
                return None
            middle = len(batch.items) // 2
            self._held.popleft()
            self._held.extendleft((_Batch(batch.items[middle:]), _Batch(batch.items[:middle])))
        return None

    def _failed(self, why: str, error: Exception | None = None) -> None:
        told = f": {type(error).__name__}: {error}" if error is not None else ""
        self._settle(None, f"{self.name} {why}{told}"[:400], error=error)

    def _act_on(self, answer: Answer, batch: _Batch[T]) -> None:
        to, verdict, now = self.destination.shown, judge(answer), monotonic()
        self._nowhere = verdict is Verdict.NOWHERE
        if verdict is Verdict.TAKEN:
            self._failures, self._not_before = 0, 0.0
            count, why = rejected(answer)
            self._settle(min(count, len(batch.items)), f"{to} did not keep all {self.name}: {why[:200]!r}")
            self._tell_away(False, "answers again")
            return
        self._failures += 1
        self._not_before = now + self._pause(answer, verdict)
        said = answer.text[:200] if answer.status <= 0 else f"status {answer.status}: {answer.text[:200]!r}"
        if verdict is Verdict.LATER:
            self._tell_away(True, f"takes no {self.name} now ({said}); the last ones wait in memory")
            if batch.give_up_at is None:
                batch.give_up_at = now + _GIVE_UP_SECONDS
            if now >= batch.give_up_at:
                self._settle(None, f"{self.name} were not taken by {to} for {_GIVE_UP_SECONDS:g} s", logging.INFO)
        elif verdict is Verdict.NOWHERE:
            pause = f"nothing is sent there for {_LONG_PAUSE_SECONDS:g} s"
            self._settle(None, f"{to} takes no {self.name}, {pause}; look at the address and headers: {said}")
        else:
            self._settle(None, f"{self.name} were refused by {to}: {said}")

    def _pause(self, answer: Answer, verdict: Verdict) -> float:
        # Not all at the same time: a server that comes back would go away again.
        if verdict is Verdict.NOWHERE:
            return _LONG_PAUSE_SECONDS
        if answer.retry_after_seconds:
            return min(answer.retry_after_seconds * (1 + random.random() / 4), _LONG_PAUSE_SECONDS)
        most = min(_FIRST_PAUSE_SECONDS * 2 ** min(self._failures - 1, 10), _MAX_PAUSE_SECONDS)
        return most * (0.5 + random.random() / 2)

    def _settle(
        self, lost: int | None, message: str, level: int = logging.WARNING, error: Exception | None = None
    ) -> None:
        """The batch in hand is done with: `lost` of its items (None: all) were not taken, as `message` says."""
        batch = _taken_from(self._held)
        if batch is None:  # `close` did not wait any longer and has counted it
            return
        items = len(batch.items)
        lost = items if lost is None else lost
        self._settled += items
        self._lost += lost
        if items > lost:
            record(self._tell_exported, items - lost)
        if lost:
            drop("export_failed", message, error, amount=lost, level=level, logger=_log)

    def _tell_exported(self, count: int) -> None:
        series(metrics.SDK_EXPORTED, self.name).inc(count)

    def _tell_length(self) -> None:
        series(metrics.SDK_EXPORT_QUEUE_LENGTH, self.name).set(len(self))

    def _tell_away(self, away: bool, what: str) -> None:
        if away != self._away:
            self._away = away
            _log.info("%s %s", self.destination.shown, what)

    @property
    def _level(self) -> int:
        # Whoever has no server running shall not be troubled by it.
        return logging.INFO if self._away else logging.WARNING

    def _report_overflow(self, reason: str, count: int) -> None:
        messages = {
            "queue_full": f"{self.name} are dropped: {self._capacity} wait for {self.destination.shown} already",
            "export_failed": f"{self.name} are dropped, as they come after the end of their export",
        }
        drop(reason, messages[reason], amount=count, level=self._level, logger=_log)


def close_all(shippers: Iterable[Shipper[Any]], timeout_seconds: float) -> bool:
    """Close several at once, within `timeout_seconds` altogether; whether everything was taken."""
    deadline = _deadline(timeout_seconds)
    asked = [(shipper, shipper._ask(deadline, closing=True)) for shipper in shippers]  # pyright: ignore[reportPrivateUsage]
    delivered = True
    for shipper, flush in asked:
        delivered = flush.wait() and delivered
        shipper._abandon()  # pyright: ignore[reportPrivateUsage]
    return delivered


def _deadline(timeout_seconds: float) -> float:
    return monotonic() + min(max(0.0, timeout_seconds), _MAX_INTERVAL_SECONDS)


def _taken_from(items: deque[T]) -> T | None:
    try:
        return items.popleft()
    except IndexError:
        return None


def _flush(shipper: weakref.ref[Shipper[Any]]) -> None:
    alive = shipper()
    if alive is not None:
        alive.flush(EXIT_SECONDS)


_shippers: weakref.WeakSet[Shipper[Any]] = weakref.WeakSet()


def _close_at_exit() -> None:
    close_all(list(_shippers), EXIT_SECONDS)


atexit.register(_close_at_exit)


def _forget_in_child() -> None:
    for shipper in list(_shippers):
        shipper.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
