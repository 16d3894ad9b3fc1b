"""Type, help and unit of metrics for receivers of 1.0, which has no room for them beside the samples: all of them, in
requests of their own, again and again."""

import asyncio
from collections.abc import Callable, Mapping
from itertools import islice

import cramjam
import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.export.remote_write.kinds import Kind
from hivesight.export.remote_write.metrics import ReceiverMetrics
from hivesight.export.remote_write.off_loop import OffLoop
from hivesight.export.remote_write.sending import Request, Sender
from hivesight.export.remote_write.version1 import encode_metadata
from hivesight.model.metadata import Metadata
from hivesight.sources.remote_write import MetadataConfig

_log: FilteringBoundLogger = structlog.get_logger(__name__)


class MetadataSending:
    """`run` sends until it is cancelled."""

    def __init__(
        self,
        config: MetadataConfig,
        known: Callable[[], Mapping[str, Metadata]],
        sender: Sender,
        metrics: ReceiverMetrics,
        off: OffLoop,
    ) -> None:
        """known: what is known of metrics now, by family."""
        self._config = config
        self._known = known
        self._sender = sender
        self._metrics = metrics
        self._off = off

    async def run(self) -> None:
        """At every interval, what is known then."""
        while True:
            await asyncio.sleep(self._config.send_interval_ms / 1000)
            try:
                await self._send()
            except Exception:  # noqa: BLE001  # supervises
                _log.exception("fault while sending metadata on")

    async def _send(self) -> None:
        items = iter((await self._off(self._known)).items())
        while part := dict(islice(items, self._config.max_samples_per_send)):
            await self._one(part)

    async def _one(self, part: Mapping[str, Metadata]) -> None:
        body = await self._off(lambda: bytes(cramjam.snappy.compress_raw(encode_metadata(part))))

        async def attempt(again: bool) -> Request:
            if again:
                self._metrics.retried[Kind.METADATA].inc(len(part))
            self._metrics.metadata_bytes.inc(len(body))
            return Request(body)

        taken = await self._sender.send(attempt, lambda _: None)
        (self._metrics.sent if taken else self._metrics.failed)[Kind.METADATA].inc(len(part))
