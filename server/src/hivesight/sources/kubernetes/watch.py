"""The objects of one resource in one namespace, kept as they are in the cluster: a list, then what changes."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Final

import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.sources.kubernetes.api import Api, ApiFault, Event, Expired
from hivesight.sources.kubernetes.cluster import Key
from hivesight.sources.kubernetes.document import MalformedDocument, parse
from hivesight.sources.kubernetes.objects import Object, read_meta
from hivesight.sources.kubernetes.resources import Resource
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.scrape import Sleep

MAX_OBJECTS: Final = 200_000
PAGE_OBJECTS: Final = 500

_MAX_PAGES: Final = 10_000
_WATCH_SECONDS: Final = 300
_FIRST_PAUSE_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 30.0

_log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Page:
    objects: dict[Key, Object]
    version: str
    rest: str
    malformed: int


@dataclass(slots=True)
class Watch:
    """`objects` may be read from any thread: its values do not change, and a copy of it is made in one step.

    query: the selectors. chance: numbers in [0, 1), so that many watches do not ask at the same moment."""

    api: Api
    resource: Resource
    namespace: str
    query: Mapping[str, str]
    metrics: ScrapeMetrics
    executor: Executor
    sleep: Sleep
    chance: Callable[[], float]
    objects: dict[Key, Object] = field(default_factory=dict[Key, Object])
    synced: bool = False
    revision: int = 0
    _version: str = ""
    _failures: int = 0
    _fault: str = ""

    async def run(self) -> None:
        """Until it is cancelled. Objects stay through every failure."""
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._follow()
            except Expired:
                # The version is too old for the server, which is usual after a long silence. One that says so again
                # and again is asked ever more seldom.
                self._version = ""
                self._failures += 1
            except ApiFault as fault:
                if not fault.again:
                    self._version = ""
                self._failed(str(fault))
            except Exception:  # noqa: BLE001  # supervises
                _log.exception("fault while watching", resource=self.resource.name)
                self.metrics.loop_errors.inc()
                self._version = ""
                self._failures += 1
            await self.sleep(self._pause())

    async def _list(self) -> None:
        objects: dict[Key, Object] = {}
        path, query = self.resource.path(self.namespace), {**self.query, "limit": str(PAGE_OBJECTS)}
        for _ in range(_MAX_PAGES):
            raw = await self.api.page(path, query)
            page = await asyncio.get_running_loop().run_in_executor(self.executor, _read_page, raw, self.resource)
            objects |= page.objects
            self._refused(page.malformed)
            if len(objects) > MAX_OBJECTS:
                reason = f"more than {MAX_OBJECTS} {self.resource.name}: narrow them with namespaces or selectors"
                raise ApiFault(reason, again=False)
            if not page.rest:
                self._listed(objects, page.version)
                return
            query["continue"] = page.rest
        raise ApiFault(f"the list of {self.resource.name} has no end", again=False)

    def _listed(self, objects: dict[Key, Object], version: str) -> None:
        self._count("add", len(objects.keys() - self.objects.keys()))
        self._count("delete", len(self.objects.keys() - objects.keys()))
        self._count("update", sum(1 for key, old in self.objects.items() if objects.get(key, old) != old))
        if not self.synced or objects != self.objects:
            self.objects = objects
            self.revision += 1
        self.synced = True
        self._version = version

    async def _follow(self) -> None:
        seconds = _WATCH_SECONDS + int(_WATCH_SECONDS * self.chance())
        query = {**self.query, "resourceVersion": self._version}
        async with contextlib.aclosing(self.api.watch(self.resource.path(self.namespace), query, seconds)) as events:
            async for event in events:
                self._take(event)
                self._recovered()
        self._recovered()

    def _take(self, event: Event) -> None:
        try:
            meta = event.object.inner("metadata")
            version, key = meta.text("resourceVersion"), (meta.text("namespace"), meta.text("name"))
            if event.type == "DELETED":
                if self.objects.pop(key, None) is not None:
                    self._changed("delete")
            elif event.type in ("ADDED", "MODIFIED"):
                self._put(key, self.resource.read(event.object))
            if version:
                self._version = version
        except MalformedDocument as error:
            self._refused(1, str(error))

    def _put(self, key: Key, new: Object) -> None:
        old = self.objects.get(key)
        if old is None and len(self.objects) >= MAX_OBJECTS:
            self._refused(1, f"more than {MAX_OBJECTS} {self.resource.name}")
            return
        self.objects[key] = new
        # Most updates are of fields that no target is made of.
        if new != old:
            self._changed("add" if old is None else "update")

    def _changed(self, event: str) -> None:
        self.revision += 1
        self._count(event, 1)

    def _count(self, event: str, number: int) -> None:
        self.metrics.kubernetes_events.labels(self.resource.role, event).inc(number)

    def _refused(self, number: int, reason: str = "") -> None:
        if number:
            self.metrics.kubernetes_refused.inc(number)
            _log.warning("objects are left out", resource=self.resource.name, number=number, reason=reason)

    def _failed(self, reason: str) -> None:
        self.metrics.kubernetes_failures.inc()
        self._failures += 1
        if reason != self._fault:
            where = {"resource": self.resource.name, "namespace": self.namespace or "all"}
            _log.error("cannot watch; the last targets stay", **where, reason=reason)
        self._fault = reason

    def _recovered(self) -> None:
        if self._fault:
            _log.info("watches again", resource=self.resource.name, namespace=self.namespace or "all")
        self._fault, self._failures = "", 0

    def _pause(self) -> float:
        """Seconds until the next try; a stream that ended by itself is a try too, so that no server is asked without a
        pause."""
        longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(self._failures, 10))
        return longest * (0.5 + self.chance() / 2)


def _read_page(raw: bytes, resource: Resource) -> _Page:
    """Raises ApiFault. An object that is malformed is left out."""
    objects: dict[Key, Object] = {}
    malformed = 0
    try:
        document = parse(raw)
        meta = document.inner("metadata")
        for each in document.each("items"):
            try:
                objects[read_meta(each).key] = resource.read(each)
            except MalformedDocument:
                malformed += 1
        return _Page(objects, meta.text("resourceVersion"), meta.text("continue"), malformed)
    except MalformedDocument as error:
        raise ApiFault(f"the list of {resource.name} cannot be read: {error}", again=False) from error
