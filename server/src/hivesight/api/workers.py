"""Questions are answered off the event loop, a few at a time; the others wait for their turn in a line. A line that
grows too long is refused, and who waits too long or goes away leaves it."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge

from hivesight.model.errors import Limit, QueryLimit

T = TypeVar("T")

MAX_WAITING: Final = 256


class Workers:
    """A bounded pool of threads. concurrency: how many questions are answered at once. patience_seconds: how long one
    waits for its turn (Prometheus' query timeout, which counts in the queue too)."""

    def __init__(self, concurrency: int, registry: CollectorRegistry, patience_seconds: float = 120) -> None:
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="question")
        self._free = asyncio.Semaphore(concurrency)
        self._patience_seconds = patience_seconds
        self._waiting = 0
        self._queued = 0
        waiting = Gauge(
            "hivesight_api_questions_waiting", "Questions that are being answered or wait for it.", registry=registry
        )
        waiting.set_function(lambda: self._waiting)
        queued = Gauge("hivesight_api_questions_queued", "Questions that wait for their turn.", registry=registry)
        queued.set_function(lambda: self._queued)
        self._refused = Counter(
            "hivesight_api_questions_refused", "Questions refused because too many were waiting.", registry=registry
        )
        ended = Counter(
            "hivesight_api_questions_ended_early",
            "Questions not answered to their end: canceled, timeout, samples (over the most samples), size.",
            ["reason"],
            registry=registry,
        )
        self._ended = {reason: ended.labels(reason) for reason in Limit}

    async def run(
        self,
        ask: Callable[[], T],
        *,
        patience_seconds: float | None = None,
        gone: "asyncio.Future[None] | None" = None,
    ) -> T:
        """The answer of `ask`, computed in a thread.

        patience_seconds: waits at most so long for its turn, where that is less than all do. gone: done once nobody
        waits for the answer any more; an answer that has begun must see that by itself. Raises QueryLimit where too
        many wait, at the end of patience and for who has gone, and what `ask` raises."""
        if self._waiting >= MAX_WAITING:
            self._refused.inc()
            raise QueryLimit(f"{MAX_WAITING} questions are waiting already: ask again later, or ask for less")
        patience = min(self._patience_seconds, patience_seconds or self._patience_seconds)
        self._waiting += 1
        try:
            await self._turn(patience, gone)
            try:
                return await asyncio.get_running_loop().run_in_executor(self._pool, ask)
            finally:
                self._free.release()
        except QueryLimit as error:
            self._ended[error.limit].inc()
            raise
        finally:
            self._waiting -= 1

    async def _turn(self, patience_seconds: float, gone: "asyncio.Future[None] | None") -> None:
        """Waits for a thread that is free."""
        now = asyncio.get_running_loop().time
        self._queued += 1
        try:
            async with asyncio.timeout(patience_seconds) as waiting:

                def leave(_: object) -> None:
                    # The turn may have come in the very moment in which the client went.
                    with contextlib.suppress(RuntimeError):
                        waiting.reschedule(now())

                if gone is not None:
                    gone.add_done_callback(leave)
                try:
                    await self._free.acquire()
                finally:
                    if gone is not None:
                        gone.remove_done_callback(leave)
        except TimeoutError:
            if gone is not None and gone.done():
                raise QueryLimit("query was canceled in query queue", Limit.CANCELED) from None
            raise QueryLimit("query timed out in query queue", Limit.TIMEOUT) from None
        finally:
            self._queued -= 1

    def close(self) -> None:
        """Lets running answers end, and starts no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
