"""The port of what finds targets by itself, and the set of those that run for one job."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hivesight.sources.config import DiscoveryConfigs
from hivesight.sources.kubernetes.config import KubernetesSdConfig
from hivesight.sources.sd_config import DnsSdConfig, HttpSdConfig
from hivesight.sources.target import TargetGroup

SdConfig = HttpSdConfig | DnsSdConfig | KubernetesSdConfig


class Discovery(Protocol):
    """Finds targets while `run` runs. It keeps what it found last through every failure."""

    @property
    def revision(self) -> int:
        """Grows whenever the groups become others."""
        ...

    @property
    def synced(self) -> bool:
        """Whether it has found out, once at least, which targets there are."""
        ...

    def groups(self) -> Sequence[TargetGroup]:
        """What it found last. Called from worker threads too."""
        ...

    async def run(self) -> None:
        """Until it is cancelled."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Running:
    config: SdConfig
    discovery: Discovery
    task: asyncio.Task[None]


class Discoveries:
    """The discoveries of one job, or of one set of Alertmanagers, but for its files. discover: makes one."""

    def __init__(self, discover: Callable[[SdConfig], Discovery]) -> None:
        self._discover = discover
        self._running: list[_Running] = []

    def __bool__(self) -> bool:
        return bool(self._running)

    @property
    def revisions(self) -> tuple[int, ...]:
        """Others whenever the groups are."""
        return tuple(each.discovery.revision for each in self._running)

    @property
    def synced(self) -> bool:
        """Whether all of them know their targets."""
        return all(each.discovery.synced for each in self._running)

    def groups(self) -> list[TargetGroup]:
        """What all of them found last."""
        return [group for each in self._running for group in each.discovery.groups()]

    async def configure(self, config: DiscoveryConfigs) -> None:
        """Runs what the section says. A discovery whose section is the same as before goes on."""
        rest, running = self._running, list[_Running]()
        wanted: list[SdConfig] = [*config.http_sd_configs, *config.dns_sd_configs, *config.kubernetes_sd_configs]
        for section in wanted:
            kept = next((each for each in rest if each.config == section), None)
            if kept is None:
                discovery = self._discover(section)
                kept = _Running(section, discovery, asyncio.create_task(discovery.run(), name="discovery of targets"))
            else:
                rest = [each for each in rest if each is not kept]
            running.append(kept)
        self._running = running
        await _ended(rest)

    async def close(self) -> None:
        """Ends all of them."""
        rest, self._running = self._running, []
        await _ended(rest)


async def _ended(gone: Sequence[_Running]) -> None:
    for each in gone:
        each.task.cancel()
    await asyncio.gather(*(each.task for each in gone), return_exceptions=True)
    for each in gone:
        await each.discovery.close()
