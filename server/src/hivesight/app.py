"""The server: builds the rooms in order, connects them, starts them, reloads them, and stops them in reverse.

scraping --> tsdb <-- engine <-- rules --Alert--> alerting --> notify
                          ^                            ^
                          +---- api, ui (the HTTP port) +
"""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from starlette.routing import BaseRoute
from structlog.typing import FilteringBoundLogger

from hivesight import config as configuration
from hivesight.alerting.metrics import AlertingMetrics
from hivesight.alerting.room import Alerting
from hivesight.alerting.table import Tables
from hivesight.alertmanagers import Alertmanagers, SendingMetrics
from hivesight.api import alertmanager, hive, operations
from hivesight.api import prometheus as prometheus_api
from hivesight.api.application import application
from hivesight.api.gate import Gate
from hivesight.api.otlp import PROMETHEUS_PATH, otlp_doors, otlp_routes
from hivesight.api.prometheus import Reloads, Server
from hivesight.api.server import HttpServer, bind
from hivesight.api.workers import Workers
from hivesight.config import Config, Options
from hivesight.export.otlp import OtlpForward, OtlpForwardMetrics
from hivesight.export.remote_write import RemoteWrite, RemoteWriteMetrics, unread_segment
from hivesight.figures import figures
from hivesight.http_client.client import read_certificates
from hivesight.ingest.otlp import OtlpMetrics, OtlpReceiver
from hivesight.ingest.remote_write import Receiver
from hivesight.model.clock import Clock, SystemClock
from hivesight.model.errors import HivesightError, StorageError
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata
from hivesight.notify import Heartbeat, HeartbeatMetrics, History, NotifyMetrics, Pipeline, build_pipeline
from hivesight.notify.notification import Integration
from hivesight.query.promql import Engine, Limits
from hivesight.rules import Outside, RuleManager, RuleOptions, Surroundings
from hivesight.schema.dump import as_written
from hivesight.sources.discover import Discover
from hivesight.sources.fetch import LocalSource
from hivesight.sources.host import Host
from hivesight.sources.manager import ScrapeManager
from hivesight.sources.target import local_target
from hivesight.storage import tsdb as storage
from hivesight.storage.labelled import LabelledWriter
from hivesight.storage.state import State
from hivesight.storage.tsdb import Tsdb
from hivesight.ui.app import ui_routes

VERSION: Final = version("hivesight")
TRUNCATE_SECONDS: Final = 60
SELF_INTERVAL_MS: Final = 15_000
AT_START: Final = ("listen", "data", "admin_api", "storage", "query", "otlp", "log")
"""Settings that a reload does not change."""
_REMOTE_WRITE: Final = "remote_write"
"""The folder of what is noted of receivers."""

_log: FilteringBoundLogger = structlog.get_logger("app")


@dataclass(frozen=True, slots=True)
class Rooms:
    """What runs, and what a reload reaches."""

    tsdb: Tsdb
    engine: Engine
    alerting: Alerting
    rules: RuleManager
    scraping: ScrapeManager
    history: History
    notify_metrics: NotifyMetrics
    otlp: OtlpReceiver
    alertmanagers: Alertmanagers
    heartbeat: Heartbeat
    remote_write: RemoteWrite
    otlp_forward: OtlpForward


class App:
    """One server. `run` is its whole life; `reload` may be called meanwhile."""

    def __init__(
        self,
        options: Options,
        config: Config,
        *,
        clock: Clock | None = None,
        demo: hive.Demo | None = None,
        load: Callable[[Options], Config] = configuration.load,
        dressed: Callable[[Integration], Integration] = lambda one: one,
    ) -> None:
        """config: what `load(options)` gave; a reload calls it again. demo: what the pages say of the hive that runs
        beside it. dressed: what is put in place of each integration, such as one that looks on."""
        self._options = options
        self._config = config
        self._clock = clock or SystemClock()
        self._demo = demo
        self._load = load
        self._dressed = dressed
        self._registry = CollectorRegistry()
        self._host = Host(self._clock)
        self._rooms: Rooms | None = None
        self._reloading = asyncio.Lock()
        self._reloads = Reloads(True, self._clock.now_ms())
        host, port = configuration.address(config.settings.listen)
        self._listener = bind(host, port, "--listen (or `listen` in hivesight.yml)")
        port = self._listener.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"

    async def run(self, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Serves until `stop` is set; calls `ready` once everything is open. Raises StartError where it cannot."""
        gate = Gate()
        server = HttpServer(gate, self._listener)
        async with asyncio.TaskGroup() as serving:
            finish = asyncio.Event()
            answering = serving.create_task(server.run_until(finish))
            try:
                async with AsyncExitStack() as stack:
                    rooms, routes = await self._build(stack)
                    gate.open(application(routes, self._hosts()))
                    ready()
                    async with asyncio.TaskGroup() as loops:
                        tasks = [
                            loops.create_task(rooms.rules.run(), name="rules"),
                            loops.create_task(rooms.alerting.run(), name="alerting"),
                            loops.create_task(rooms.alerting.journal.run(), name="journal"),
                            loops.create_task(rooms.alertmanagers.run(), name="alertmanagers"),
                            loops.create_task(rooms.heartbeat.run(), name="heartbeat"),
                            loops.create_task(self._keep_within_retention(rooms.tsdb), name="retention"),
                            loops.create_task(asyncio.to_thread(read_certificates), name="certificates"),
                        ]
                        await stop.wait()
                        _log.info("stopping")
                        # Whoever has asked is answered while the rooms still stand.
                        finish.set()
                        await answering
                        await rooms.scraping.close()
                        for task in tasks:
                            task.cancel()
            finally:
                finish.set()

    async def reload(self) -> None:
        """Reads all files again. Raises ConfigError, and then what runs goes on as it is."""
        async with self._reloading:
            try:
                config = await asyncio.to_thread(self._load, self._options)
                assert self._rooms is not None
                await self._apply(config, self._rooms)
            except HivesightError:
                self._reloads = replace(self._reloads, succeeded=False, failed_at_ms=self._clock.now_ms())
                raise
            self._reloads = Reloads(True, self._clock.now_ms())
            late = [name for name in AT_START if getattr(config.settings, name) != getattr(self._config.settings, name)]
            if late:
                _log.warning("these settings changed and take effect at the next start", settings=late)
            self._config = config
            _log.info("configuration reloaded")

    async def _build(self, stack: AsyncExitStack) -> tuple[Rooms, list[BaseRoute]]:
        settings, clock = self._config.settings, self._clock
        data = self._config.data
        tsdb = await asyncio.to_thread(_open_tsdb, data, self._config, clock)
        stack.callback(tsdb.close)
        state = await asyncio.to_thread(State.open, data / "state.sqlite")
        stack.callback(state.close)
        # Beside the state: what is noted of what was done must not hold up what has to be kept before it is answered.
        past = await asyncio.to_thread(State.open, data / "history.sqlite")
        stack.callback(past.close)
        limits = Limits(max_samples=settings.query.max_samples, timeout_seconds=settings.query.timeout_ms / 1000)
        engine = Engine(tsdb, lookback_ms=settings.query.lookback_ms, limits=limits, clock=clock)

        tables = Tables(
            alerts=state.table("alerts"),
            notifications=state.table("notifications"),
            silences=state.table("silences"),
            deliveries=past.table("deliveries"),
            journal=past.table("journal"),
        )
        alerting = Alerting(tables, clock, AlertingMetrics(self._registry))
        history = History(tables.deliveries)
        scraping_pool = _pool(stack, 2, "scrape")
        scraping = ScrapeManager(tsdb, clock, scraping_pool, self._registry)
        remote_write = self._remote_write(stack, tsdb, scraping, data)
        stack.push_async_callback(remote_write.close)
        discover = Discover(scraping_pool, scraping.metrics, asyncio.sleep)
        sending = SendingMetrics(self._registry)
        alertmanagers = Alertmanagers(alerting.put, clock, scraping_pool, discover, scraping.metrics, sending)
        stack.push_async_callback(alertmanagers.close)
        outside = Outside(engine.instant, LabelledWriter(tsdb), tsdb, alertmanagers.send, clock)
        rules = RuleManager(outside, _pool(stack, 2, "rules"))
        otlp_forward = OtlpForward(clock, scraping_pool, OtlpForwardMetrics(self._registry))
        stack.push_async_callback(otlp_forward.close)
        otlp = OtlpReceiver(tsdb.push, clock, OtlpMetrics(self._registry))
        notify_metrics = NotifyMetrics(self._registry)
        heartbeat = Heartbeat(alerting.heard_ms, clock, HeartbeatMetrics(self._registry))
        stack.push_async_callback(heartbeat.close)
        rooms = Rooms(
            tsdb,
            engine,
            alerting,
            rules,
            scraping,
            history,
            notify_metrics,
            otlp,
            alertmanagers,
            heartbeat,
            remote_write,
            otlp_forward,
        )
        self._registry.register(figures(tsdb, rules))
        await self._apply(self._config, rooms)
        # Targets that were scraped when the last process ended and are not any more.
        await asyncio.to_thread(tsdb.end_groups, scraping.vanished(), clock.now_ms())
        self._rooms = rooms

        workers = Workers(settings.query.max_concurrency, self._registry, limits.timeout_seconds)
        stack.callback(workers.close)
        started_at_ms = clock.now_ms()
        receiver = Receiver(tsdb.push, self._registry)
        server = Server(VERSION, started_at_ms, self.url, self._config, lambda: self._config, lambda: self._reloads)
        return rooms, [
            *prometheus_api.routes(
                engine,
                tsdb,
                scraping,
                rules,
                alertmanagers,
                workers,
                clock,
                server,
                receiver,
                admin_api=settings.admin_api,
            ),
            *alertmanager.routes(alerting, workers, clock, VERSION, started_at_ms, self._alertmanager_file),
            *hive.status_routes(tsdb, history, clock, VERSION, started_at_ms, self._demo),
            *hive.explain_routes(alerting, rules, self._told_as, workers, clock),
            *operations.routes(self.reload, self._exposition),
            *await self._otlp(stack, otlp, otlp_forward),
            *ui_routes(),
        ]

    def _remote_write(self, stack: AsyncExitStack, tsdb: Tsdb, scraping: ScrapeManager, data: Path) -> RemoteWrite:
        def known() -> Mapping[str, Metadata]:
            found = tsdb.metadata()
            for _, scraped in scraping.metadata():
                found.update(scraped)
            return found

        metrics = RemoteWriteMetrics(self._registry, lambda: tsdb.stats().max_time_ms)
        return RemoteWrite(tsdb, data / _REMOTE_WRITE, known, self._clock, _pool(stack, 2, "forward"), metrics)

    async def _otlp(self, stack: AsyncExitStack, receiver: OtlpReceiver, onward: OtlpForward) -> list[BaseRoute]:
        """Opens OTLP's own ports; the routes of the main one."""
        settings, pool = self._config.settings.otlp, _pool(stack, 2, "otlp")
        http, grpc = map(configuration.optional_address, (settings.http, settings.grpc))
        await stack.enter_async_context(otlp_doors(receiver, pool, http=http, grpc=grpc, onward=onward))
        return otlp_routes(receiver, pool, paths=(PROMETHEUS_PATH,), onward=onward)

    async def _apply(self, config: Config, rooms: Rooms) -> None:
        """Makes the rooms run on this configuration: all that can fail is built first."""
        for warning in config.warnings:
            _log.warning("configuration", at=f"{warning.path}:{warning.line}", message=warning.message)
        # Without a slash at the end, as templates of Prometheus and Alertmanager see it.
        external_url = (config.settings.external_url or self.url).rstrip("/")
        pipeline = self._pipeline(config, rooms, external_url)
        global_ = config.prometheus.global_
        options = RuleOptions(
            interval_ms=global_.evaluation_interval_ms,
            query_offset_ms=global_.rule_query_offset_ms,
            surroundings=Surroundings(external_url, global_.external_labels),
        )
        assert config.alertmanager.config is not None, "a configuration that was loaded has no errors"
        await asyncio.to_thread(rooms.rules.apply, config.rules, options)
        rooms.engine.default_step_ms = global_.evaluation_interval_ms
        await asyncio.to_thread(rooms.alerting.apply, config.alertmanager.config, pipeline)
        others = config.prometheus.alerting
        await rooms.alertmanagers.apply(
            others if config.settings.other_alertmanagers else replace(others, alertmanagers=())
        )
        rooms.heartbeat.apply(config.settings.heartbeat, _folder(self._options))
        await rooms.otlp_forward.apply(config.settings.forward.otlp, _folder(self._options))
        await asyncio.to_thread(rooms.otlp.apply, config.prometheus.otlp)
        await rooms.remote_write.apply(config.prometheus.remote_write, global_.external_labels)
        await rooms.scraping.apply(config.prometheus, self._local_sources(config))

    def _alertmanager_file(self) -> str:
        return as_written(self._config.alertmanager.loaded)

    def _pipeline(self, config: Config, rooms: Rooms, external_url: str) -> Pipeline:
        return build_pipeline(
            config.alertmanager,
            muter=rooms.alerting,
            log=rooms.alerting.log,
            journal=rooms.alerting.journal,
            history=rooms.history,
            metrics=rooms.notify_metrics,
            clock=self._clock,
            external_url=external_url,
            dressed=self._dressed,
        )

    def _told_as(self, labels: Labels) -> Labels | None:
        """The labels with which an alert of a rule comes to the alerting, None where relabelling drops it."""
        assert self._rooms is not None
        external = self._config.prometheus.global_.external_labels
        return self._rooms.alertmanagers.relabelled(external.merged(labels))

    def _local_sources(self, config: Config) -> list[LocalSource]:
        """The server itself, and the host that it runs on."""
        instance = self.url.partition("//")[2]
        own = local_target("hivesight", instance, f"{self.url}/metrics", SELF_INTERVAL_MS)
        sources = [LocalSource(own, self._exposition)]
        if config.settings.host.enabled:
            host = local_target("node-exporter", socket.gethostname(), "local:host", config.settings.host.interval_ms)
            sources.append(LocalSource(host, self._host.render))
        return sources

    def _hosts(self) -> frozenset[str] | None:
        """The names that the server answers to: on loopback only its own, elsewhere any."""
        if not ipaddress.ip_address(self._listener.getsockname()[0]).is_loopback:
            return None
        external = urlsplit(self._config.settings.external_url or "").hostname
        return frozenset(name for name in ("localhost", socket.gethostname(), external) if name)

    def _exposition(self) -> bytes:
        return generate_latest(REGISTRY) + generate_latest(self._registry)

    async def _keep_within_retention(self, tsdb: Tsdb) -> None:
        while True:
            await asyncio.sleep(TRUNCATE_SECONDS)
            try:
                await asyncio.to_thread(tsdb.truncate, self._clock.now_ms())
            except StorageError as error:
                _log.error("retention could not be kept, it is tried again later", reason=str(error))


def _open_tsdb(data: Path, config: Config, clock: Clock) -> Tsdb:
    settings = config.settings.storage
    limits = storage.Limits(
        max_series=settings.max_series,
        max_series_per_target=settings.max_series_per_target,
        max_series_per_metric=settings.max_series_per_metric,
        max_head_bytes=settings.max_memory_bytes,
    )
    tsdb = Tsdb.open(
        data / "metrics",
        clock=clock,
        retention_ms=settings.retention_ms,
        retention_bytes=settings.retention_size_bytes,
        limits=limits,
        unread=unread_segment(data / _REMOTE_WRITE),
    )
    tsdb.push.out_of_order_ms = settings.out_of_order_window_ms
    return tsdb


def _folder(options: Options) -> Path:
    """What relative paths in hivesight.yml start from."""
    return Path() if options.config is None else options.config.parent


def _pool(stack: AsyncExitStack, threads: int, name: str) -> ThreadPoolExecutor:
    pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
    stack.callback(pool.shutdown, cancel_futures=True)
    return pool
