"""One entry of kubernetes_sd_configs: the watches of its role, and the targets that their objects are."""

import asyncio
import os
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final

import httpx2
import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.http_client.authorized import AuthorizedClient
from hivesight.http_client.errors import SettingError
from hivesight.sources.kubernetes.access import SERVICE_ACCOUNT, Access, access_of
from hivesight.sources.kubernetes.api import Api
from hivesight.sources.kubernetes.cluster import Cluster, Key
from hivesight.sources.kubernetes.config import KubernetesSdConfig
from hivesight.sources.kubernetes.resources import RESOURCES, ROLE_RULES, Resource
from hivesight.sources.kubernetes.watch import Watch
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.scrape import Sleep
from hivesight.sources.target import TargetGroup

_AGAIN_SECONDS: Final = 30.0
# Every watch holds a connection for as long as it runs.
_LIMITS: Final = httpx2.Limits(max_connections=None, max_keepalive_connections=20)

_log: FilteringBoundLogger = structlog.get_logger(__name__)


class KubernetesDiscovery:
    """A Discovery. environ and account: where the service account of the pod is found. chance: see Watch."""

    def __init__(
        self,
        config: KubernetesSdConfig,
        executor: Executor,
        *,
        metrics: ScrapeMetrics,
        sleep: Sleep,
        environ: Mapping[str, str] = os.environ,
        account: Path = SERVICE_ACCOUNT,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._config = config
        self._executor = executor
        self._metrics = metrics
        self._sleep = sleep
        self._environ = environ
        self._account = account
        self._chance = chance
        self._rules = ROLE_RULES[config.role]
        self._client: AuthorizedClient | None = None
        self._watches: tuple[Watch, ...] = ()

    @property
    def revision(self) -> int:
        return sum(each.revision for each in self._watches) if self.synced else 0

    @property
    def synced(self) -> bool:
        return bool(self._watches) and all(each.synced for each in self._watches)

    def groups(self) -> Sequence[TargetGroup]:
        """None before all that its targets are made of was listed: half of it would be other targets."""
        if not self.synced:
            return ()
        found: dict[str, dict[Key, Any]] = {}
        for watch in self._watches:
            found.setdefault(watch.resource.name, {}).update(watch.objects.copy())
        return tuple(self._rules.targets(Cluster(**found)))

    async def run(self) -> None:
        access = await self._accessed()
        self._client = AuthorizedClient(access.http, executor=self._executor, limits=_LIMITS)
        self._watches = tuple(self._watching(access, Api(access.base, self._client)))
        async with asyncio.TaskGroup() as group:
            for each in self._watches:
                group.create_task(each.run())

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _accessed(self) -> Access:
        loop, told = asyncio.get_running_loop(), ""
        while True:
            try:
                return await loop.run_in_executor(self._executor, access_of, self._config, self._environ, self._account)
            except (SettingError, OSError) as error:
                self._metrics.kubernetes_failures.inc()
                if str(error) != told:
                    _log.error("cannot reach the API server", role=self._config.role, reason=str(error))
                told = str(error)
            await self._sleep(_AGAIN_SECONDS)

    def _watching(self, access: Access, api: Api) -> list[Watch]:
        names = list(self._rules.resources)
        if self._rules.attaches_nodes and self._config.attach_metadata.node:
            names.append("nodes")
        return [
            self._watch(api, resource, namespace)
            for resource in (RESOURCES[name] for name in names)
            for namespace in (access.namespaces if resource.namespaced else ("",))
        ]

    def _watch(self, api: Api, resource: Resource, namespace: str) -> Watch:
        selector = self._config.selector(resource.role)
        return Watch(
            api,
            resource,
            namespace,
            {"labelSelector": selector.label, "fieldSelector": selector.field} if selector else {},
            metrics=self._metrics,
            executor=self._executor,
            sleep=self._sleep,
            chance=self._chance,
        )
