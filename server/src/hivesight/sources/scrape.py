"""The scrape loop of one target: at its own phase of every interval it fetches the target's text, hands it to the
target's series in a worker thread, and notes how it went."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar, TypeVarTuple
from zlib import crc32

import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.model.clock import Clock
from hivesight.model.duration import format_duration
from hivesight.model.errors import StorageError
from hivesight.model.labels import Labels
from hivesight.sources.failure_log import FailureLog
from hivesight.sources.fetch import Fetch, Fetched, Outcome, ScrapeError
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.series import TargetSeries
from hivesight.sources.target import Target

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")
Sleep = Callable[[float], Awaitable[object]]

FIRST_WITHIN_MS: Final = 2000
"""A new target is scraped for the first time within this time, so that it shows at once."""
_TOLERANCE_MS: Final = 25

_log: FilteringBoundLogger = structlog.get_logger(__name__)


class Health(StrEnum):
    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """A target and its last scrape. last_error: why that failed, or empty. last_scrape_ms: None before the first."""

    target: Target
    health: Health = Health.UNKNOWN
    last_error: str = ""
    last_scrape_ms: int | None = None
    last_duration_seconds: float = 0.0

    @property
    def labels(self) -> Labels:
        return self.target.labels


def phase_ms(key: str, interval_ms: int) -> int:
    """When in its interval a target is scraped: the same at every start, spread over the targets."""
    return crc32(key.encode()) * interval_ms >> 32


def next_tick(after_ms: int, interval_ms: int, phase: int) -> int:
    """The first time after `after_ms` that lies `phase` into an interval."""
    return (after_ms - phase) // interval_ms * interval_ms + interval_ms + phase


class ScrapeLoop:
    """Call `run`; it ends when it is cancelled."""

    def __init__(
        self,
        target: Target,
        series: TargetSeries,
        fetch: Fetch,
        *,
        clock: Clock,
        executor: Executor,
        metrics: ScrapeMetrics,
        sleep: Sleep = asyncio.sleep,
        failures: FailureLog | None = None,
    ) -> None:
        """failures: where scrapes that fail are noted besides the server's log."""
        self.target = target
        self.series = series
        self.refusal = ""
        """Why the target may not be scraped (a limit on targets), or empty."""
        self._fetch = fetch
        self._clock = clock
        self._executor = executor
        self._metrics = metrics
        self._sleep = sleep
        self._failures = failures
        self._status = TargetStatus(target)

    @property
    def status(self) -> TargetStatus:
        """How the target is now."""
        status = self._status
        return TargetStatus(
            self.target, status.health, status.last_error, status.last_scrape_ms, status.last_duration_seconds
        )

    def inherit(self, status: TargetStatus) -> None:
        """Goes on from the state that the same target had under other settings."""
        self._status = status

    async def run(self) -> None:
        """Scrapes until it is cancelled. A scrape that is being stored then is stored to its end."""
        interval, phase = self.target.interval_ms, phase_ms(self.target.key, self.target.interval_ms)
        if self._status.last_scrape_ms is None:
            await self._until(self._clock.now_ms() + phase * min(FIRST_WITHIN_MS, interval) // interval)
            await self.scrape(self._clock.now_ms())
        # A tick that is all but here is left out: the target has been scraped just now.
        tick = next_tick(self._clock.now_ms() + interval // 10, interval, phase)
        while True:
            await self._until(tick)
            now = self._clock.now_ms()
            if tick > now + 2 * interval:
                # The machine's clock was set back.
                tick = next_tick(now, interval, phase)
                continue
            late = max(0, (now - tick) // interval)
            if late:
                self._metrics.skipped.inc(late)
                tick += late * interval
            await self.scrape(tick if abs(now - tick) <= min(interval // 100, _TOLERANCE_MS) else now)
            tick += interval

    async def _until(self, time_ms: int) -> None:
        """Sleeps until this time, but not longer than an interval, in case that the clock is set back meanwhile."""
        delay = min(time_ms - self._clock.now_ms(), self.target.interval_ms)
        if delay > 0:
            await self._sleep(delay / 1000)

    async def scrape(self, time_ms: int) -> None:
        """One scrape whose samples get `time_ms`. Never raises but for cancellation."""
        began = self._clock.monotonic()
        result = await self._get()
        seconds = self._clock.monotonic() - began
        try:
            error = await self._in_thread(self.series.store, time_ms, result, seconds)
        except StorageError as failure:
            error = ScrapeError(Outcome.STORAGE, f"the metrics store takes no samples: {failure}")
        except Exception as failure:  # noqa: BLE001  # supervises
            error = self._internal(failure)
        self._note(time_ms, error, seconds)
        if error is not None and self._failures is not None:
            await self._in_thread(self._failures.write, time_ms, self.target.pool, self.target.url, str(error))

    async def end(self, time_ms: int) -> None:
        """The target is gone: its series end. To be called when `run` is over."""
        try:
            await self._in_thread(self.series.end, time_ms)
        except StorageError as failure:
            _log.warning("series of a target that is gone could not be ended", url=self.target.url, reason=str(failure))

    async def _get(self) -> Fetched | ScrapeError:
        if self.refusal:
            return ScrapeError(Outcome.TARGET_LIMIT, self.refusal)
        timeout_ms = self.target.timeout_ms
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                return await self._fetch(self.target)
        except TimeoutError:
            return ScrapeError(Outcome.TIMEOUT, f"timed out after {format_duration(timeout_ms)}")
        except ScrapeError as error:
            return error
        except Exception as failure:  # noqa: BLE001  # supervises
            return self._internal(failure)

    def _internal(self, failure: Exception) -> ScrapeError:
        """A fault of the server itself; its traceback is logged when it is not the one of the scrape before."""
        self._metrics.loop_errors.inc()
        error = ScrapeError(Outcome.INTERNAL, f"internal error: {failure!r:.200}; the server's log tells more")
        if str(error) != self._status.last_error:
            _log.error("fault in a scrape loop", url=self.target.url, exc_info=failure)
        return error

    def _note(self, time_ms: int, error: ScrapeError | None, seconds: float) -> None:
        self._metrics.scrapes.labels(error.outcome if error else Outcome.OK).inc()
        before, reason = self._status, str(error) if error else ""
        health = Health.DOWN if error else Health.UP
        if error is not None and (before.health is not Health.DOWN or before.last_error != reason):
            _log.warning("target is down", job=self.target.pool, url=self.target.url, reason=reason)
        elif error is None and before.health is Health.DOWN:
            _log.info("target is up again", job=self.target.pool, url=self.target.url)
        self._status = TargetStatus(self.target, health, reason, time_ms, seconds)

    async def _in_thread(self, function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """The result of a call in a worker thread; one that is under way is waited for, cancelled or not."""
        future = asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            if not future.cancelled():
                # Nobody is there any more to hear of it; asking for it keeps asyncio from complaining.
                future.exception()
            raise
