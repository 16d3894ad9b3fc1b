"""One receiver: rounds of reading, sending and noting how far it got.

A round is what stands in the log between two places. Its samples are spread over shards by their series, the requests
of a shard go one after the other, those of different shards at once; then comes the next round. So the samples of a
series arrive in order, no more than a round waits in memory, and one place says what was sent."""

import asyncio
from typing import Final

import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.export.remote_write.bookmark import Bookmark, Progress
from hivesight.export.remote_write.delivery import Delivery
from hivesight.export.remote_write.metrics import ReceiverMetrics
from hivesight.export.remote_write.off_loop import OffLoop
from hivesight.export.remote_write.reading import Reading, Round
from hivesight.export.remote_write.shards import Shards
from hivesight.model.clock import Clock
from hivesight.sources.remote_write import QueueConfig

POLL_SECONDS: Final = 0.1
_FAULT_SECONDS: Final = 5.0
_ALL: Final = 1 << 62

_log: FilteringBoundLogger = structlog.get_logger(__name__)


class Queue:
    """`run` sends until it is cancelled, or `finish` was called and all is sent."""

    def __init__(
        self,
        config: QueueConfig,
        reading: Reading,
        delivery: Delivery,
        bookmark: Bookmark,
        metrics: ReceiverMetrics,
        clock: Clock,
        off: OffLoop,
        unfinished: Progress | None,
    ) -> None:
        """unfinished: the round that an earlier process, or an earlier configuration, was at: it is sent again just as
        it was."""
        self._config = config
        self._reading = reading
        self._delivery = delivery
        self._bookmark = bookmark
        self._metrics = metrics
        self._clock = clock
        self._off = off
        self._shards = Shards(config)
        self._unfinished = unfinished
        self._finishing = False
        metrics.shards_min.set(config.min_shards)
        metrics.shards_max.set(config.max_shards)
        metrics.shard_capacity.set(config.capacity)
        metrics.max_samples_per_send.set(config.max_samples_per_send)

    def finish(self) -> None:
        """From now on nothing waits for more to come."""
        self._finishing = True

    async def run(self) -> None:
        """Sends, round by round."""
        try:
            while not self._finishing or self._reading.more:
                try:
                    await self._round()
                except Exception:  # noqa: BLE001  # supervises
                    _log.exception("fault while sending samples on")
                    await asyncio.sleep(_FAULT_SECONDS)
        finally:
            self._reading.close()

    async def _round(self) -> None:
        if self._unfinished is not None:
            end, shards = self._unfinished.end, self._unfinished.shards
            await self._off(lambda: self._reading.read(_ALL, end))
            self._unfinished = None
            await self._send(self._reading.take(), shards)
            return
        behind = await self._gather()
        done = self._reading.take()
        await self._send(done, self._shards.count)
        self._shards.after(len(done), behind=behind)
        self._metrics.shards_desired.set(self._shards.desired)

    async def _gather(self) -> bool:
        """Reads until the requests of all shards are full, or what was read first has waited long enough. Whether the
        round is as large as it may be, and there is more."""
        enough = self._shards.count * self._config.max_samples_per_send
        most = self._shards.count * max(self._config.capacity, self._config.max_samples_per_send)
        deadline = self._config.batch_send_deadline_ms / 1000
        began: float | None = None
        while True:
            if self._reading.more:
                began = self._clock.monotonic() if began is None else began
                await self._off(lambda: self._reading.read(most))
                self._show_pending(self._reading.round)
            waiting = len(self._reading.round)
            late = began is not None and self._clock.monotonic() - began >= deadline
            if waiting >= enough or late or self._finishing:
                return waiting >= most and self._reading.more
            await asyncio.sleep(POLL_SECONDS)

    async def _send(self, done: Round, shards: int) -> None:
        for key, number in done.dropped.items():
            self._metrics.dropped[key].inc(number)
        self._metrics.skipped.inc(done.skipped_segments)
        self._metrics.shards.set(shards)
        self._show_pending(done)
        if done:
            await self._note(Progress(done.begin, done.end, shards))
            await self._delivery.deliver(done.batch(), shards, self._reading.catalog, self._reading.message)
        await self._note(Progress(done.end, done.end, shards))
        self._reading.release(done.end)
        for gauge in self._metrics.pending.values():
            gauge.set(0)

    def _show_pending(self, waiting: Round) -> None:
        for kind, number in waiting.pending.items():
            self._metrics.pending[kind].set(number)

    async def _note(self, progress: Progress) -> None:
        try:
            await self._off(lambda: self._bookmark.write(progress))
        except OSError as error:
            _log.error(
                "it cannot be noted how far samples were sent: after a restart some are sent again",
                path=str(self._bookmark.path),
                reason=str(error),
            )
