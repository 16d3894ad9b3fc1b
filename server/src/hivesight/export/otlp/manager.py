"""All Collectors that OTLP requests go on to, kept as the configuration says."""

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2

from hivesight.export.otlp.config import OtlpForwardConfig
from hivesight.export.otlp.metrics import OtlpForwardMetrics
from hivesight.export.otlp.sending import Export, Sending
from hivesight.http_client.authorized import AuthorizedClient
from hivesight.http_client.folder import in_folder
from hivesight.model.clock import Clock

DRAIN_SECONDS: Final = 5.0
"""So long `close` waits for what is still to be sent."""
_LIMITS: Final = httpx2.Limits(max_connections=3, max_keepalive_connections=3)


@dataclass(slots=True)
class _Collector:
    config: OtlpForwardConfig
    client: AuthorizedClient
    sending: "list[tuple[Sending, asyncio.Task[None]]]"


class OtlpForward:
    """`wants` and `put` may be called from any thread; all else on the loop."""

    def __init__(self, clock: Clock, executor: Executor, metrics: OtlpForwardMetrics) -> None:
        self._clock = clock
        self._executor = executor
        self._metrics = metrics
        self._collectors: tuple[_Collector, ...] = ()
        self._changing = asyncio.Lock()

    def wants(self, signal: str) -> bool:
        """Whether any Collector gets this signal: metrics, traces or logs."""
        return any(True for _ in self._of(signal))

    def put(self, signal: str, body: bytes, content_type: str) -> bool:
        """Sends a request on. Whether any queue had room for it."""
        export = Export(body, content_type)
        taken = [each.put(export) for each in self._of(signal)]
        return any(taken)

    async def apply(self, configs: Sequence[OtlpForwardConfig], folder: Path) -> None:
        """Sends to these from now on. Collectors that did not change go on with what waits; what waits for others is
        given up. folder: where relative paths start."""
        async with self._changing:
            rest, kept = list(self._collectors), list[_Collector]()
            for wanted in (in_folder(each, folder) for each in configs):
                same = next((each for each in rest if each.config == wanted), None)
                if same is not None:
                    rest.remove(same)
                kept.append(same or self._begun(wanted))
            self._collectors = tuple(kept)
            for each in rest:
                await self._end(each)
            for labels in _labels(rest) - _labels(kept):
                self._metrics.forget(*labels)

    async def close(self) -> None:
        """Sends what waits, for a few seconds at most, and ends."""
        async with self._changing:
            collectors, self._collectors = self._collectors, ()
            drains = [asyncio.create_task(sending.drain()) for each in collectors for sending, _ in each.sending]
            if drains:
                _, late = await asyncio.wait(drains, timeout=DRAIN_SECONDS)
                for each in late:
                    each.cancel()
                await asyncio.gather(*drains, return_exceptions=True)
            for each in collectors:
                await self._end(each)

    def _of(self, signal: str) -> list[Sending]:
        return [sending for each in self._collectors for sending, _ in each.sending if sending.signal == signal]

    def _begun(self, config: OtlpForwardConfig) -> _Collector:
        client = AuthorizedClient(config, executor=self._executor, limits=_LIMITS)
        sending = [Sending(config, each, client, self._clock, self._metrics) for each in dict.fromkeys(config.signals)]
        tasks = [asyncio.create_task(each.run(), name=f"OTLP {each.signal} to a Collector") for each in sending]
        return _Collector(config, client, list(zip(sending, tasks, strict=True)))

    async def _end(self, each: _Collector) -> None:
        for _, task in each.sending:
            task.cancel()
        await asyncio.gather(*(task for _, task in each.sending), return_exceptions=True)
        for sending, _ in each.sending:
            sending.close()
        await each.client.close()


def _labels(collectors: Iterable[_Collector]) -> set[tuple[str, str]]:
    return {sending.labels for each in collectors for sending, _ in each.sending}
