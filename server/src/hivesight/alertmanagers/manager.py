"""All sets of Alertmanagers, kept as the configuration and the discoveries say."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from hivesight.alertmanagers.endpoints import Finder
from hivesight.alertmanagers.metrics import SendingMetrics
from hivesight.alertmanagers.sending import CAPACITY, Sending
from hivesight.http_client.authorized import AuthorizedClient
from hivesight.ingest.relabel import Relabelling, relabelling
from hivesight.model.alert import Alert
from hivesight.model.clock import Clock
from hivesight.model.labels import Labels
from hivesight.sources.config import AlertingConfig, AlertmanagerConfig
from hivesight.sources.discoveries import Discoveries, Discovery, SdConfig
from hivesight.sources.metrics import ScrapeMetrics

POLL_SECONDS: Final = 1.0
DRAIN_SECONDS: Final = 5.0
"""So long `close` waits for what is still to be sent."""

_log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class _Set:
    """One entry of `alertmanagers`. sending: by address."""

    config: AlertmanagerConfig
    client: AuthorizedClient
    discoveries: Discoveries
    finder: Finder
    rules: Relabelling
    sending: dict[str, tuple[Sending, "asyncio.Task[None]"]] = field(
        default_factory=dict[str, tuple[Sending, "asyncio.Task[None]"]]
    )


class Alertmanagers:
    """`send` may be called from any thread; all else on the loop."""

    def __init__(
        self,
        then: Callable[[Sequence[Alert]], object],
        clock: Clock,
        executor: Executor,
        discover: Callable[[SdConfig], Discovery],
        looking: ScrapeMetrics,
        metrics: SendingMetrics,
    ) -> None:
        """then: takes all alerts too, relabelled; this server's own alerting. executor: where files are read. looking:
        counts what goes wrong in discoveries."""
        self._then = then
        self._clock = clock
        self._executor = executor
        self._discover = discover
        self._looking = looking
        self._metrics = metrics
        self._sets: tuple[_Set, ...] = ()
        self._rules = relabelling(())
        self._changing = asyncio.Lock()
        metrics.capacity.set(CAPACITY)
        metrics.measure(lambda: sum(len(sending) for each in self._sets for sending in _queues(each)))

    def send(self, alerts: Sequence[Alert]) -> None:
        """Alerts of rules, external labels among theirs, to this server's alerting and to every Alertmanager."""
        alerts = _relabelled(self._rules, alerts)
        if not alerts:
            return
        self._then(alerts)
        for each in self._sets:
            own = _relabelled(each.rules, alerts)
            if own:
                for sending in _queues(each):
                    sending.put(own)

    def relabelled(self, labels: Labels) -> Labels | None:
        """The labels with which an alert of a rule comes to this server's alerting; None where it is dropped."""
        return self._rules.apply(labels) if self._rules.steps else labels

    @property
    def active(self) -> list[str]:
        """The addresses that alerts go to."""
        return [url for each in self._sets for url in each.finder.endpoints.active]

    @property
    def dropped(self) -> list[str]:
        """The addresses that relabelling dropped."""
        return [url for each in self._sets for url in each.finder.endpoints.dropped]

    async def apply(self, config: AlertingConfig) -> None:
        """Sends to these from now on. Sets that did not change go on with what waits."""
        async with self._changing:
            rest, sets = list(self._sets), list[_Set]()
            for wanted in config.alertmanagers:
                kept = next((each for each in rest if each.config == wanted), None)
                if kept is None:
                    kept = await self._made(wanted)
                else:
                    rest = [each for each in rest if each is not kept]
                sets.append(kept)
            self._rules = relabelling(config.alert_relabel_configs)
            self._sets = tuple(sets)
            for each in rest:
                await self._end(each)
            self._count()

    async def run(self) -> None:
        """Looks for Alertmanagers that come and go, until it is cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                async with self._changing:
                    for each in self._sets:
                        await self._poll(each)
                    self._count()
            except Exception:  # noqa: BLE001  # supervises
                _log.exception("fault while looking for Alertmanagers")
                self._looking.loop_errors.inc()

    async def close(self) -> None:
        """Sends what waits, for a few seconds at most, and ends."""
        async with self._changing:
            sets, self._sets = self._sets, ()
            running = [sending for each in sets for sending in _queues(each)]
            try:
                async with asyncio.timeout(DRAIN_SECONDS):
                    await asyncio.gather(*(sending.drain() for sending in running))
            except TimeoutError:
                _log.warning("alerts were left unsent at the end", alerts=sum(map(len, running)))
            for each in sets:
                await self._end(each)

    async def _made(self, config: AlertmanagerConfig) -> _Set:
        discoveries = Discoveries(self._discover)
        await discoveries.configure(config)
        client = AuthorizedClient(config, executor=self._executor)
        finder = Finder(config, discoveries, self._looking)
        made = _Set(config, client, discoveries, finder, relabelling(config.alert_relabel_configs))
        await self._poll(made)
        return made

    async def _poll(self, each: _Set) -> None:
        now = self._clock.monotonic()
        if not await asyncio.get_running_loop().run_in_executor(self._executor, each.finder.poll, now):
            return
        wanted = each.finder.endpoints.active
        sending = {url: each.sending[url] if url in each.sending else self._start(each, url) for url in wanted}
        gone, each.sending = {**each.sending}, sending
        await self._stop(pair for url, pair in gone.items() if url not in sending)

    def _start(self, each: _Set, url: str) -> tuple[Sending, "asyncio.Task[None]"]:
        sending = Sending(url, each.client, each.config.timeout_ms, self._metrics)
        return sending, asyncio.create_task(sending.run(), name=f"alerts to {url}")

    async def _stop(self, gone: Iterable[tuple[Sending, "asyncio.Task[None]"]]) -> None:
        pairs = list(gone)
        for _, task in pairs:
            task.cancel()
        await asyncio.gather(*(task for _, task in pairs), return_exceptions=True)
        elsewhere = set(self.active)
        for sending, _ in pairs:
            if sending.url not in elsewhere:
                self._metrics.forget(sending.url)

    async def _end(self, each: _Set) -> None:
        await self._stop(each.sending.values())
        await each.discoveries.close()
        await each.client.close()

    def _count(self) -> None:
        self._metrics.discovered.set(len(self.active))


def _queues(each: _Set) -> list[Sending]:
    # One look at the dictionary, which is replaced and never changed.
    return [sending for sending, _ in each.sending.values()]


def _relabelled(rules: Relabelling, alerts: Sequence[Alert]) -> Sequence[Alert]:
    """The alerts that are left, with their labels as they are after the rules."""
    if not rules.steps:
        return alerts
    kept = [(alert, rules.apply(alert.labels)) for alert in alerts]
    return [replace(alert, labels=labels) for alert, labels in kept if labels is not None]
