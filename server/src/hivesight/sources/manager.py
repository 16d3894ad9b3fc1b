"""Keeps one scrape loop running per target that the configuration and the discoveries give. `app` makes it, calls
`apply` with each configuration, and `close` at the end; `api` reads the targets' states."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Final

import structlog
from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from hivesight.model.clock import Clock
from hivesight.model.metadata import Metadata
from hivesight.sources.config import PrometheusFile, ScrapeConfig
from hivesight.sources.discover import Discover
from hivesight.sources.discoveries import Discoveries, Discovery, SdConfig
from hivesight.sources.failure_log import FailureLog
from hivesight.sources.fetch import Fetch, LocalFetch, LocalSource
from hivesight.sources.http_fetch import HttpFetch
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.pool import Pool, Running, local_pool
from hivesight.sources.ports import Appender
from hivesight.sources.scrape import ScrapeLoop, Sleep, TargetStatus
from hivesight.sources.series import TargetSeries
from hivesight.sources.target import KEY_PREFIX, DroppedTarget, Target

POLL_SECONDS: Final = 1.0

_log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class ScrapeManager:
    """appender: the store. executor: where text is parsed and files are read. fetching: makes the fetch of a job.
    discovering: makes a discovery (None: the real ones). sleep: tests hand in one of their own."""

    appender: Appender
    clock: Clock
    executor: Executor
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    fetching: Callable[[ScrapeConfig, Executor], Fetch] = HttpFetch
    discovering: Callable[[SdConfig], Discovery] | None = None
    sleep: Sleep = asyncio.sleep
    metrics: ScrapeMetrics = field(init=False)
    _discover: Callable[[SdConfig], Discovery] = field(init=False)
    _failure_logs: dict[str, FailureLog] = field(init=False, default_factory=dict[str, FailureLog])
    _pools: dict[str, Pool] = field(init=False, default_factory=dict[str, Pool])
    _changing: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _watch: asyncio.Task[None] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.metrics = ScrapeMetrics(self.registry)
        self._discover = self.discovering or Discover(self.executor, self.metrics, self.sleep)

    async def apply(self, file: PrometheusFile, local: Sequence[LocalSource] = ()) -> None:
        """Scrapes what `file` (from `sources.reading`) says, and `local`, from now on. Targets that are the same as
        before go on; the series of those that are gone end."""
        async with self._changing:
            wanted = {config.job_name: config for config in file.scrape_configs}
            sources = {source.target.key: source for source in local}
            for name in [name for name, pool in self._pools.items() if _is_gone(pool, wanted, sources)]:
                await self._stop(self._pools.pop(name))
            for name, config in wanted.items():
                await self._configure(name, config)
            for key, source in sources.items():
                if key not in self._pools:
                    self._pools[key] = local_pool(source, LocalFetch(source, self.executor), self.metrics)
                    await self._reconcile(self._pools[key])
            self.metrics.targets.set(len(self.active_targets()))
            if self._watch is None:
                self._watch = asyncio.create_task(self._watching(), name="discovery")

    async def close(self) -> None:
        """Stops all loops. The series do not end: the next start goes on with them."""
        async with self._changing:
            if self._watch is not None:
                await _cancelled([self._watch])
                self._watch = None
            pools, self._pools = list(self._pools.values()), {}
            await _cancelled([running.task for pool in pools for running in pool.running.values()])
            for pool in pools:
                await _closed(pool)

    def vanished(self) -> Callable[[str], bool]:
        """Tells of the key of a storage group whether it is that of a target which is not scraped (now, as of this
        call): its series should end. A job whose discovery has not answered yet may still scrape all that it did."""
        scraped = {running.loop.target.key for pool in self._pools.values() for running in pool.running.values()}
        # Series with timestamps of their own have groups whose keys go on after the target's.
        longer = tuple(f"{key}\n" for key in scraped)
        unknown = tuple(f"{KEY_PREFIX}{name}\n" for name, pool in self._pools.items() if not pool.synced)

        def of(key: str) -> bool:
            return key.startswith(KEY_PREFIX) and key not in scraped and not key.startswith(longer + unknown)

        return of

    def active_targets(self) -> list[TargetStatus]:
        """Every target that is scraped, with its state, in order of pool and address."""
        found = [running.loop.status for pool in self._pools.values() for running in pool.running.values()]
        return sorted(found, key=lambda each: (each.target.pool, each.target.url, each.labels))

    def dropped_targets(self) -> list[DroppedTarget]:
        """The targets that relabelling dropped, as many as are kept."""
        return [target for pool in self._pools.values() for target in pool.targets.dropped]

    def dropped_counts(self) -> dict[str, int]:
        """How many targets relabelling dropped, by pool."""
        return {name: pool.targets.dropped_count for name, pool in self._pools.items() if pool.local is None}

    def metadata(self) -> list[tuple[Target, Mapping[str, Metadata]]]:
        """What each target says of its metrics."""
        return [
            (running.loop.target, running.loop.series.metadata())
            for pool in self._pools.values()
            for running in pool.running.values()
        ]

    async def _configure(self, name: str, config: ScrapeConfig) -> None:
        old = self._pools.get(name)
        if old is not None and old.config == config:
            return
        same = old is not None and old.scrapes_alike(config)
        fetch = old.fetch if old is not None and same else self.fetching(config, self.executor)
        discoveries = (old and old.discoveries) or Discoveries(self._discover)
        await discoveries.configure(config)
        pool = self._pools[name] = Pool(config, fetch, self.metrics, discoveries, old=old)
        await self._poll(pool)
        await self._reconcile(pool, restart=not same)
        if old is not None and not same:
            await old.fetch.close()

    async def _watching(self) -> None:
        """Looks for targets that are others now."""
        while True:
            await self.sleep(POLL_SECONDS)
            try:
                async with self._changing:
                    for pool in list(self._pools.values()):
                        if pool.watches and await self._poll(pool):
                            await self._reconcile(pool)
                            self.metrics.targets.set(len(self.active_targets()))
            except Exception:  # noqa: BLE001  # supervises
                _log.exception("fault while looking for targets")
                self.metrics.loop_errors.inc()

    async def _reconcile(self, pool: Pool, restart: bool = False) -> None:
        """Makes the running loops those of the pool's targets."""
        wanted = {target.key: target for target in pool.targets.active}
        for fault in pool.new_faults():
            _log.error("target cannot be scraped", job=pool.config.job_name, reason=fault)
        await self._end([pool.running.pop(key) for key in pool.running.keys() - wanted.keys()])
        for key, target in wanted.items():
            running = pool.running.get(key)
            if running is None:
                pool.running[key] = self._start(pool, target, None)
            elif restart or not _same_times(running.loop.target, target):
                await _cancelled([running.task])
                pool.running[key] = self._start(pool, target, running.loop)
            else:
                running.loop.target = target
            pool.running[key].loop.refusal = pool.targets.over_limit

    def _start(self, pool: Pool, target: Target, old: ScrapeLoop | None) -> Running:
        if old is None:
            series = TargetSeries(target, pool.config, self.appender, self.metrics)
        else:
            series = old.series
            series.configure(target, pool.config)
        loop = ScrapeLoop(
            target,
            series,
            pool.fetch,
            clock=self.clock,
            executor=self.executor,
            metrics=self.metrics,
            sleep=self.sleep,
            failures=self._failure_log(pool.config.scrape_failure_log_file),
        )
        if old is not None:
            loop.inherit(old.status)
        return Running(loop, asyncio.create_task(loop.run(), name=f"scrape {target.url}"))

    def _failure_log(self, path: str) -> FailureLog | None:
        """One for each file: jobs may share it."""
        return self._failure_logs.setdefault(path, FailureLog(path, self.metrics)) if path else None

    async def _stop(self, pool: Pool) -> None:
        await self._end(list(pool.running.values()))
        await _closed(pool)

    async def _end(self, gone: Sequence[Running]) -> None:
        await _cancelled([running.task for running in gone])
        for running in gone:
            await running.loop.end(self.clock.now_ms())

    async def _poll(self, pool: Pool) -> bool:
        now = self.clock.monotonic()
        return await asyncio.get_running_loop().run_in_executor(self.executor, pool.poll, now)


def _is_gone(pool: Pool, wanted: Mapping[str, ScrapeConfig], sources: Mapping[str, LocalSource]) -> bool:
    if pool.local is not None:
        return sources.get(pool.local.target.key) != pool.local
    return pool.config.job_name not in wanted


async def _closed(pool: Pool) -> None:
    if pool.discoveries is not None:
        await pool.discoveries.close()
    await pool.fetch.close()


def _same_times(one: Target, other: Target) -> bool:
    return (one.interval_ms, one.timeout_ms) == (other.interval_ms, other.timeout_ms)


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
