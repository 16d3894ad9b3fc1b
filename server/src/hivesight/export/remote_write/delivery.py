"""A round to the receiver: its samples are spread over shards, cut into requests, and each is sent until it is answered
for good."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Final

import cramjam
import numpy as np
from prometheus_client import Counter

from hivesight.export.remote_write.batch import Batch, some
from hivesight.export.remote_write.catalog import Catalog
from hivesight.export.remote_write.kinds import Dropped, Kind
from hivesight.export.remote_write.message import Message
from hivesight.export.remote_write.metrics import ReceiverMetrics
from hivesight.export.remote_write.off_loop import OffLoop
from hivesight.export.remote_write.sending import Request, Sender
from hivesight.model.clock import Clock
from hivesight.sources.remote_write import QueueConfig

_MS: Final = 1000


class Delivery:
    """Sends batches; called on the event loop, works off it."""

    def __init__(
        self, config: QueueConfig, sender: Sender, metrics: ReceiverMetrics, clock: Clock, off: OffLoop
    ) -> None:
        self._config = config
        self._sender = sender
        self._metrics = metrics
        self._clock = clock
        self._off = off
        self._highest_ms = 0

    async def deliver(self, batch: Batch, shards: int, catalog: Catalog, message: Message) -> None:
        """Returns when all of it was taken or refused for good."""
        spread = await self._off(lambda: [list(self._requests(batch, each, shards, catalog)) for each in range(shards)])
        async with asyncio.TaskGroup() as group:
            for batches in spread:
                group.create_task(self._in_order(batches, catalog, message))

    def _requests(self, batch: Batch, shard: int, shards: int, catalog: Catalog) -> Iterator[Batch]:
        """Those of one shard, in order."""
        step = self._config.max_samples_per_send
        rows = np.flatnonzero(catalog.places[batch.samples.refs] % shards == shard)
        for low in range(0, len(rows), step):
            yield Batch(some(batch.samples, rows[low : low + step]))
        # Behind the samples: receivers refuse the exemplars of series that they do not know.
        examples = [each for each in batch.exemplars if each.place % shards == shard]
        for low in range(0, len(examples), step):
            yield Batch(exemplars=examples[low : low + step])

    async def _in_order(self, batches: list[Batch], catalog: Catalog, message: Message) -> None:
        for each in batches:
            await self._one(each, catalog, message)

    async def _one(self, batch: Batch, catalog: Catalog, message: Message) -> None:
        left = batch

        def request() -> Request:
            sizes = left.sizes
            body = bytes(cramjam.snappy.compress_raw(message.encode(left, catalog.spelled)))
            return Request(body, sizes[Kind.SAMPLES] + sizes[Kind.HISTOGRAMS])

        async def attempt(again: bool) -> Request | None:
            nonlocal left
            left = self._young_enough(left)
            if not left:
                return None
            if again:
                _count(self._metrics.retried, left)
            made = await self._off(request)
            self._metrics.bytes.inc(len(made.body))
            return made

        taken = await self._sender.send(attempt, self._metrics.duration.observe)
        _count(self._metrics.sent if taken else self._metrics.failed, left)
        for kind, number in batch.sizes.items():
            self._metrics.pending[kind].dec(number)
        if taken and len(left.samples):
            self._highest_ms = max(self._highest_ms, int(left.samples.times.max()))
            self._metrics.highest_sent.set(self._highest_ms // _MS)

    def _young_enough(self, batch: Batch) -> Batch:
        if not self._config.sample_age_limit_ms:
            return batch
        young = batch.since(self._clock.now_ms() - self._config.sample_age_limit_ms)
        for kind, number in young.sizes.items():
            self._metrics.dropped[kind, Dropped.TOO_OLD].inc(batch.sizes[kind] - number)
        return young


def _count(family: Mapping[Kind, Counter], batch: Batch) -> None:
    for kind, number in batch.sizes.items():
        family[kind].inc(number)
