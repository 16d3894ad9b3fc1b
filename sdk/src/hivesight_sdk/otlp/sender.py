"""A batch on its way: encoded, posted, judged, and kept for another attempt, or counted as exported or lost.

All of it runs on the thread of a `Shipper`, but for `abandon` and `forget`.
"""

from __future__ import annotations

import gzip
import logging
import random
from collections import deque
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from hivesight_sdk import metrics
from hivesight_sdk.otlp.delivery import NO_ANSWER, NOT_HTTP, Answer, Connection, Verdict, judge, rejected
from hivesight_sdk.recording import drop, record, series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hivesight_sdk.otlp.destination import Destination

T = TypeVar("T")

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
"""A batch that is larger is sent in halves; an item that is larger is dropped."""

_COMPRESSED_FROM_BYTES: Final = 1_024
_FIRST_PAUSE_SECONDS: Final = 1.0
_MAX_PAUSE_SECONDS: Final = 60.0
_LONG_PAUSE_SECONDS: Final = 300.0
_GIVE_UP_SECONDS: Final = 300.0

log = logging.getLogger("hivesight_sdk.otlp")


@dataclass(slots=True)
class _Batch(Generic[T]):
    """Items on their way, their body once it is encoded, and when (monotonic) to give up on them."""

    items: Sequence[T]
    body: bytes | None = None
    give_up_at: float | None = None


class Sender(Generic[T]):
    """Attempts to deliver what it is loaded with, one batch at a time, and knows when to attempt it next."""

    def __init__(self, name: str, encode: Callable[[Sequence[T]], bytes], to: Destination) -> None:
        self._name: Final = name
        self._encode: Final = encode
        self._to: Final = to
        self._headers: Final = {"Content-Type": "application/json", **to.headers}
        self._connection: Final = Connection(to.url)
        self.away = False
        """Whether the server takes nothing for now."""
        self.forget()

    def forget(self) -> None:
        """Begin anew, as in a forked child."""
        self._held: deque[_Batch[T]] = deque()
        self._failures = 0
        self.not_before = 0.0
        """When (monotonic) to attempt something next."""
        self.nowhere = False
        """Whether the pause until then is a long one, as the address is wrong."""
        self.settled = 0
        """Items that were taken or lost so far."""
        self.lost = 0
        self._connection.forget()

    @property
    def in_hand(self) -> int:
        """How many items are loaded and not settled."""
        return sum(len(batch.items) for batch in list(self._held))

    def load(self, items: Sequence[T]) -> None:
        """Take items in hand."""
        if items:
            self._held.append(_Batch(items))

    def abandon(self) -> int:
        """Let go of everything and have an attempt that waits fail now; how many items it is. For any thread."""
        left = 0
        while (batch := taken_from(self._held)) is not None:
            left += len(batch.items)
        self._connection.abort()
        return left

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def attempt(self, timeout_seconds: float) -> Answer | None:
        """Send one batch once; the answer, None where nothing was sent."""
        try:
            batch = self._encoded()
            if batch is None or batch.body is None:
                return None
            body, headers = batch.body, self._headers
            if len(body) >= _COMPRESSED_FROM_BYTES:
                body, headers = gzip.compress(body, compresslevel=4), {**headers, "Content-Encoding": "gzip"}
            answer = self._connection.post(body, headers, timeout_seconds)
        except Exception as error:  # noqa: BLE001  the encoder, and what it is shown, is foreign; counted
            self._settle(None, f"{self._name} cannot be sent: {type(error).__name__}: {str(error)[:200]}", error=error)
            return None
        self._act_on(answer, batch)
        return answer

    def _encoded(self) -> _Batch[T] | None:
        while self._held:
            batch = self._held[0]
            if batch.body is None:
                batch.body = self._encode(batch.items)
            if len(batch.body) <= MAX_BODY_BYTES:
                return batch
            if len(batch.items) == 1:
                self._settle(None, f"{self._name} of more than {MAX_BODY_BYTES} bytes are not sent")
                return None
            middle = len(batch.items) // 2
            self._held.popleft()
            self._held.extendleft((_Batch(batch.items[middle:]), _Batch(batch.items[:middle])))
        return None

    def _act_on(self, answer: Answer, batch: _Batch[T]) -> None:
        name, to, verdict, now = self._name, self._to.shown, judge(answer), monotonic()
        self.nowhere = verdict is Verdict.NOWHERE
        if verdict is Verdict.TAKEN:
            self._failures, self.not_before = 0, 0.0
            count, why = rejected(answer)
            self._settle(min(count, len(batch.items)), f"{to} did not keep all {name}: {why[:200]!r}")
            self._tell_away(False, "answers again")
            return
        self._failures += 1
        self.not_before = now + self._pause(answer, verdict)
        unspoken = answer.status in (NO_ANSWER, NOT_HTTP)
        said = answer.text[:200] if unspoken else f"status {answer.status}: {answer.text[:200]!r}"
        if verdict is Verdict.LATER:
            self._tell_away(True, f"takes no {name} now, they wait in memory: {said}")
            if batch.give_up_at is None:
                batch.give_up_at = now + _GIVE_UP_SECONDS
            if now >= batch.give_up_at:
                self._settle(None, f"{name} were not taken by {to} for {_GIVE_UP_SECONDS:g} s", logging.INFO)
        elif verdict is Verdict.NOWHERE:
            pause = f"nothing is sent there for {_LONG_PAUSE_SECONDS:g} s"
            self._settle(None, f"{to} takes no {name}, {pause}; look at the address and headers: {said}")
        else:
            self._settle(None, f"{name} were refused by {to}: {said}")

    def _pause(self, answer: Answer, verdict: Verdict) -> float:
        if verdict is Verdict.NOWHERE:
            return _LONG_PAUSE_SECONDS
        # Not everybody at the same time: a server that has just come back would go away again.
        if answer.retry_after_seconds:
            return min(answer.retry_after_seconds * (1 + random.random() / 4), _LONG_PAUSE_SECONDS)
        most = min(_FIRST_PAUSE_SECONDS * 2 ** min(self._failures - 1, 10), _MAX_PAUSE_SECONDS)
        return most * (0.5 + random.random() / 2)

    def _settle(
        self, lost: int | None, message: str, level: int = logging.WARNING, error: Exception | None = None
    ) -> None:
        """The batch in hand is done with: `lost` of its items (None: all) were not taken, as `message` says."""
        batch = taken_from(self._held)
        if batch is None:  # it was abandoned meanwhile, and is counted
            return
        items = len(batch.items)
        lost = items if lost is None else lost
        self.settled += items
        self.lost += lost
        record(_exported, self._name, items - lost)
        if lost:
            drop("export_failed", message, error, amount=lost, level=level, logger=log)

    def _tell_away(self, away: bool, what: str) -> None:
        if away != self.away:
            self.away = away
            log.info("%s %s", self._to.shown, what)


def taken_from(items: deque[T]) -> T | None:
    """The first of the items, None without any. One step, so that two threads never take the same."""
    try:
        return items.popleft()
    except IndexError:
        return None


def _exported(signal: str, count: int) -> None:
    series(metrics.SDK_EXPORTED, signal).inc(count)
