"""Discovery that asks again and again, as that by HTTP and by DNS does: a look every refresh_interval, and what was
found last stays through every failure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.scrape import Sleep
from hivesight.sources.target import TargetGroup

_log: FilteringBoundLogger = structlog.get_logger(__name__)


class DiscoveryFault(Exception):
    """Targets cannot be looked for; the message says why, and holds no secret."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look found. groups: None where nothing is known and the last ones stay. faults: what went wrong."""

    groups: tuple[TargetGroup, ...] | None
    faults: tuple[str, ...] = ()


class Look(Protocol):
    """Asks once which targets there are."""

    async def __call__(self) -> Looked: ...

    async def close(self) -> None: ...


class RefreshDiscovery:
    """A Discovery. mechanism: `http` or `dns`, for metrics and the log."""

    def __init__(self, look: Look, interval_ms: int, mechanism: str, *, metrics: ScrapeMetrics, sleep: Sleep) -> None:
        self._look = look
        self._interval_seconds = interval_ms / 1000
        self._mechanism = mechanism
        self._metrics = metrics
        self._sleep = sleep
        self._groups: tuple[TargetGroup, ...] = ()
        self._faults: tuple[str, ...] = ()
        self._revision = 0
        self._synced = False

    @property
    def revision(self) -> int:
        return self._revision

    @property
    def synced(self) -> bool:
        return self._synced

    def groups(self) -> Sequence[TargetGroup]:
        return self._groups

    async def run(self) -> None:
        while True:
            await self._refresh()
            await self._sleep(self._interval_seconds)

    async def close(self) -> None:
        await self._look.close()

    async def _refresh(self) -> None:
        self._metrics.sd_refreshes.labels(self._mechanism).inc()
        try:
            looked = await self._look()
        except Exception:  # noqa: BLE001  # supervises
            _log.exception("fault while looking for targets", mechanism=self._mechanism)
            self._metrics.loop_errors.inc()
            return
        self._metrics.sd_failures.labels(self._mechanism).inc(len(looked.faults))
        for fault in looked.faults:
            if fault not in self._faults:
                _log.error("cannot look for targets; the last ones stay", mechanism=self._mechanism, reason=fault)
        if self._faults and not looked.faults:
            _log.info("targets can be looked for again", mechanism=self._mechanism)
        self._faults = looked.faults
        if looked.groups is not None:
            self._synced = self._synced or not looked.faults
            if looked.groups != self._groups:
                self._groups = looked.groups
                self._revision += 1
