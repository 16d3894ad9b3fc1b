"""One job's targets: its settings, where it finds targets, and the loops that run for them."""

import asyncio
import dataclasses
import math
from dataclasses import dataclass
from typing import Final

from hivesight.ingest.relabel import relabelling
from hivesight.sources.config import ScrapeConfig
from hivesight.sources.discoveries import Discoveries
from hivesight.sources.discovery import FileDiscovery, file_discoveries, static_groups
from hivesight.sources.fetch import Fetch, LocalSource
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.scrape import ScrapeLoop
from hivesight.sources.target import PoolTargets, pool_targets

REBUILD_SECONDS: Final = 5.0
"""Discoveries whose targets change all the time are heard this often, as in Prometheus; a first change at once."""


@dataclass(frozen=True, slots=True)
class Running:
    """A loop and the task that runs it."""

    loop: ScrapeLoop
    task: asyncio.Task[None]


class Pool:
    """`targets` is what was found by the last `poll`; `running` is kept by the manager."""

    def __init__(
        self,
        config: ScrapeConfig,
        fetch: Fetch,
        metrics: ScrapeMetrics,
        discoveries: Discoveries | None = None,
        local: LocalSource | None = None,
        old: "Pool | None" = None,
    ) -> None:
        """old: the pool of the same job under the configuration before, whose loops go on. discoveries: those that run
        for this job, None for a target inside this process."""
        self.config = config
        self.fetch = fetch
        self.local = local
        self.targets = PoolTargets() if local is None else PoolTargets((local.target,))
        self.running: dict[str, Running] = old.running if old is not None else {}
        self._files = (
            old.files
            if old is not None and old.config.file_sd_configs == config.file_sd_configs
            else file_discoveries(config.file_sd_configs, metrics)
        )
        self.discoveries = discoveries
        self._revisions: tuple[int, ...] = ()
        self._rebuilt = -math.inf
        self._rules = relabelling(config.relabel_configs)
        self._polled = False
        self._told: set[str] = set()

    @property
    def files(self) -> list[FileDiscovery]:
        """Its file discoveries, with the targets that they gave last."""
        return self._files

    @property
    def watches(self) -> bool:
        """Whether targets can come and go by themselves."""
        return bool(self._files or self.discoveries)

    @property
    def synced(self) -> bool:
        """Whether it is known which targets there are."""
        return self.discoveries is None or self.discoveries.synced

    def poll(self, monotonic: float) -> bool:
        """Looks for targets. Returns whether they are others than before. Synchronous: reads files."""
        changes = [files.poll(monotonic) for files in self._files]
        # Read before the groups: what changes in between is another revision the next time.
        revisions = self.discoveries.revisions if self.discoveries else ()
        others = self._polled and revisions != self._revisions and monotonic - self._rebuilt >= REBUILD_SECONDS
        if self._polled and not any(changes) and not others:
            return False
        self._rebuilt = monotonic if others else self._rebuilt
        self._revisions = revisions
        self._polled = True
        groups = static_groups(self.config, f"job {self.config.job_name}") + [
            group for files in self._files for group in files.groups()
        ]
        groups += self.discoveries.groups() if self.discoveries else ()
        before, self.targets = self.targets, pool_targets(self.config, self._rules, groups)
        return self.targets != before

    def new_faults(self) -> list[str]:
        """Faults of targets that were not told of yet."""
        new = [fault for fault in self.targets.faults if fault not in self._told]
        self._told = set(self.targets.faults)
        return new

    def scrapes_alike(self, config: ScrapeConfig) -> bool:
        """Whether another configuration scrapes a target in the same way, wherever it finds it."""
        return _without_discovery(self.config) == _without_discovery(config)


def _without_discovery(config: ScrapeConfig) -> ScrapeConfig:
    return dataclasses.replace(
        config,
        static_configs=(),
        file_sd_configs=(),
        http_sd_configs=(),
        dns_sd_configs=(),
        kubernetes_sd_configs=(),
        relabel_configs=(),
        target_limit=0,
    )


def local_pool(source: LocalSource, fetch: Fetch, metrics: ScrapeMetrics) -> Pool:
    """The pool of a target inside this process."""
    target = source.target
    config = ScrapeConfig(
        job_name=target.labels.value("job") or target.pool,
        scrape_interval_ms=target.interval_ms,
        scrape_timeout_ms=target.timeout_ms,
        metric_name_validation_scheme="utf8",
    )
    return Pool(config, fetch, metrics, local=source)
