"""All receivers of `remote_write`, kept as the configuration says."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

import httpx2
import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.export.addresses import shown
from hivesight.export.remote_write.bookmark import Bookmark, Progress
from hivesight.export.remote_write.catalog import Catalog
from hivesight.export.remote_write.delivery import Delivery
from hivesight.export.remote_write.message import Message
from hivesight.export.remote_write.metadata import MetadataSending
from hivesight.export.remote_write.metrics import ReceiverMetrics, RemoteWriteMetrics
from hivesight.export.remote_write.off_loop import OffLoop
from hivesight.export.remote_write.queue import Queue
from hivesight.export.remote_write.reading import Reading, Wanted
from hivesight.export.remote_write.sending import Sender
from hivesight.export.remote_write.version1 import Version1
from hivesight.export.remote_write.version2 import Version2
from hivesight.http_client.authorized import AuthorizedClient
from hivesight.ingest.relabel import relabelling
from hivesight.ingest.remote_write import media
from hivesight.model.clock import Clock
from hivesight.model.errors import StorageError
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata
from hivesight.sources.remote_write import RemoteWriteConfig
from hivesight.storage.tsdb.framing import Position
from hivesight.storage.tsdb.tail import Tail

DRAIN_SECONDS: Final = 5.0
"""So long `close` waits for what is still to be sent; the rest is sent by the next process."""

_log: FilteringBoundLogger = structlog.get_logger(__name__)


class Log(Protocol):
    """What was acknowledged; the metrics store."""

    def tail(self, position: Position | None) -> Tail: ...


@dataclass(slots=True)
class _Receiver:
    """One that samples are sent to. tasks: the queue's, then others."""

    config: RemoteWriteConfig
    external: Labels
    queue: Queue
    client: AuthorizedClient
    metrics: ReceiverMetrics
    tasks: "list[asyncio.Task[None]]"


class RemoteWrite:
    """All on the event loop."""

    def __init__(
        self,
        log: Log,
        folder: Path,
        known: Callable[[], Mapping[str, Metadata]],
        clock: Clock,
        executor: Executor,
        metrics: RemoteWriteMetrics,
    ) -> None:
        """folder: where it is noted how far each receiver got; created where it is not there. known: what is known of
        metrics now, by family."""
        self._log = log
        self._folder = folder
        self._known = known
        self._clock = clock
        self._off = OffLoop(executor)
        self._executor = executor
        self._metrics = metrics
        self._receivers: dict[str, _Receiver] = {}
        self._changing = asyncio.Lock()

    async def apply(self, configs: Sequence[RemoteWriteConfig], external: Labels) -> None:
        """Sends to these from now on. A receiver that is known by its name, or else by its address, goes on where it
        was; one that is new gets what comes from now on. external: labels that all series are given. Raises
        StorageError where it cannot be noted how far receivers get."""
        async with self._changing:
            wanted = dict(_identified(each for each in configs if each.can_be_sent))
            gone = [
                identity
                for identity, each in self._receivers.items()
                if identity not in wanted or (each.config, each.external) != (wanted[identity], external)
            ]
            for identity in gone:
                await self._end(self._receivers.pop(identity))
            try:
                await self._off(lambda: self._tidy(wanted))
            except OSError as error:
                raise StorageError(
                    f"cannot note how far samples were sent in {self._folder}: {error.strerror or error}; "
                    "make it writable or choose another directory with --data"
                ) from error
            for identity, config in wanted.items():
                if identity not in self._receivers:
                    self._receivers[identity] = await self._begun(identity, config, external)

    async def close(self) -> None:
        """Sends what waits, for a few seconds at most, and ends."""
        async with self._changing:
            receivers, self._receivers = list(self._receivers.values()), {}
            for each in receivers:
                each.queue.finish()
            if receivers:
                await asyncio.wait([each.tasks[0] for each in receivers], timeout=DRAIN_SECONDS)
            for each in receivers:
                await self._end(each)

    async def _begun(self, identity: str, config: RemoteWriteConfig, external: Labels) -> _Receiver:
        bookmark = Bookmark.of(self._folder, identity)
        progress = await self._off(bookmark.read)
        tail = self._log.tail(None if progress is None else progress.begin)
        if progress is None:
            await self._off(lambda: bookmark.write(Progress(tail.position, tail.position, 1)))
        unfinished = progress if progress is not None and progress.end > progress.begin else None
        rules = relabelling(config.write_relabel_configs)

        def make() -> tuple[Catalog, Message]:
            message = self._message(config)
            return Catalog(external, rules, message), message

        name = config.name or sha256(identity.encode()).hexdigest()[:6]
        metrics = ReceiverMetrics(self._metrics, name, shown(config.url))
        shards = config.queue_config.max_shards + 1
        limits = httpx2.Limits(max_connections=shards, max_keepalive_connections=shards)
        client = AuthorizedClient(config, executor=self._executor, limits=limits)
        sender = Sender(config, client, self._clock, self._message(config).headers)
        reading = Reading(tail, make, Wanted(config.send_native_histograms, config.send_exemplars))
        delivery = Delivery(config.queue_config, sender, metrics, self._clock, self._off)
        queue = Queue(config.queue_config, reading, delivery, bookmark, metrics, self._clock, self._off, unfinished)
        tasks = [asyncio.create_task(queue.run(), name=f"samples to {name}")]
        if config.metadata_config.send and config.protobuf_message is media.Message.V1:
            sending = MetadataSending(config.metadata_config, self._known, sender, metrics, self._off)
            tasks.append(asyncio.create_task(sending.run(), name=f"metadata to {name}"))
        return _Receiver(config, external, queue, client, metrics, tasks)

    def _message(self, config: RemoteWriteConfig) -> Message:
        return Version2(self._known) if config.protobuf_message is media.Message.V2 else Version1()

    async def _end(self, each: _Receiver) -> None:
        for task in each.tasks:
            task.cancel()
        await asyncio.gather(*each.tasks, return_exceptions=True)
        await each.client.close()
        each.metrics.close()

    def _tidy(self, wanted: Iterable[str]) -> None:
        """Receivers that are gone are forgotten: where they come back, they get what comes from then on."""
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = {Bookmark.of(self._folder, identity).path for identity in wanted}
        for path in self._folder.glob("*.json"):
            if path not in kept:
                path.unlink(missing_ok=True)


def _identified(configs: Iterable[RemoteWriteConfig]) -> Iterable[tuple[str, RemoteWriteConfig]]:
    """Each under what it is known by: its name, or its address and which of those it is."""
    count: dict[str, int] = {}
    for each in configs:
        number = count[each.url] = count.get(each.url, 0) + 1
        yield each.name or f"{each.url} {number}", each
