"""What the server says of itself: configuration, flags, build, runtime, store."""

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from hivesight.api.prometheus.cardinality import Cardinality, Figure, cardinality
from hivesight.api.prometheus.endpoint import endpoint
from hivesight.api.prometheus.envelope import BadParameter, success
from hivesight.api.prometheus.params import Params, integer
from hivesight.api.workers import Workers
from hivesight.config import Config
from hivesight.model.clock import Clock, rfc3339
from hivesight.model.duration import format_duration
from hivesight.schema.dump import to_yaml
from hivesight.storage.tsdb import Tsdb, TsdbStats

API_VERSION: Final = "3.5.0"
"""The Prometheus whose API this is. Clients such as Grafana decide by it what they may ask for."""
MOST_FIGURES: Final = 10_000
# What Prometheus shows of a configuration even where it is as by default.
_ALWAYS: Final = (
    "honor_timestamps",
    "track_timestamps_staleness",
    "metrics_path",
    "scheme",
    "enable_compression",
    "follow_redirects",
    "enable_http2",
)
_FIRST_MS: Final = -(1 << 63)
_LAST_MS: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Reloads:
    """succeeded: whether the last reading of the configuration did. at_ms: when one last did. failed_at_ms: when the
    last one failed, where it did."""

    succeeded: bool
    at_ms: int
    failed_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Server:
    """The running server. start: the configuration that it was started with, whose settings count until the next
    start. config and reloads: as they are now."""

    version: str
    started_at_ms: int
    url: str
    start: Config
    config: Callable[[], Config]
    reloads: Callable[[], Reloads]


def routes(server: Server, tsdb: Tsdb, workers: Workers, clock: Clock) -> list[BaseRoute]:
    """The routes of this module."""

    async def config(_: Params, __: Request) -> Response:
        return success({"yaml": await workers.run(lambda: to_yaml(server.config().prometheus, _ALWAYS))})

    async def flags(_: Params, __: Request) -> Response:
        return success(_flags(server.start, server.url))

    async def build(_: Params, __: Request) -> Response:
        return success(_build(server.version))

    async def runtime(_: Params, __: Request) -> Response:
        return success(_runtime(server, tsdb.stats(), clock.now_ms()))

    async def store(params: Params, _: Request) -> Response:
        most = most_figures(params)
        found = await workers.run(lambda: cardinality(tsdb.label_tables(), most))
        return success(_store(found, tsdb.stats()))

    async def replay(_: Params, __: Request) -> Response:
        last = max(tsdb.stats().wal_segments - 1, 0)
        # Nobody is answered before the log is replayed, so it always is.
        return success({"min": 0, "max": last, "current": last})

    async def notifications(_: Params, __: Request) -> Response:
        reloads = server.reloads()
        failed = {"text": "Configuration reload has failed.", "date": rfc3339(reloads.failed_at_ms), "active": True}
        return success([] if reloads.succeeded else [failed])

    return [
        endpoint("/api/v1/status/config", config, ["GET"]),
        endpoint("/api/v1/status/flags", flags, ["GET"]),
        endpoint("/api/v1/status/buildinfo", build, ["GET"]),
        endpoint("/api/v1/status/runtimeinfo", runtime, ["GET"]),
        endpoint("/api/v1/status/tsdb", store, ["GET"]),
        endpoint("/api/v1/status/walreplay", replay, ["GET"]),
        endpoint("/api/v1/notifications", notifications, ["GET"]),
    ]


def most_figures(params: Params) -> int:
    """The `limit` of figures in a list."""
    try:
        most = integer(params.text("limit", "10"))
    except ValueError:
        most = 0
    if most < 1:
        raise BadParameter("limit must be a positive number")
    return min(most, MOST_FIGURES)


def _flags(config: Config, url: str) -> Mapping[str, str]:
    """The settings of this server that Prometheus has a flag for, under the flag's name."""
    settings = config.settings
    return {
        "config.file": settings.prometheus_config or "",
        "log.format": settings.log.format,
        "log.level": settings.log.level,
        "query.lookback-delta": format_duration(settings.query.lookback_ms),
        "query.max-concurrency": str(settings.query.max_concurrency),
        "query.max-samples": str(settings.query.max_samples),
        "query.timeout": format_duration(settings.query.timeout_ms),
        "storage.tsdb.path": str(config.data / "metrics"),
        "storage.tsdb.retention.size": str(settings.storage.retention_size_bytes or 0),
        "storage.tsdb.retention.time": _retention(settings.storage.retention_ms),
        "web.enable-admin-api": str(settings.admin_api).lower(),
        "web.enable-lifecycle": "true",
        "web.external-url": settings.external_url or url,
        "web.listen-address": settings.listen,
    }


def _retention(age_ms: int | None) -> str:
    return "off" if age_ms is None else format_duration(age_ms)


def _build(version: str) -> Mapping[str, str]:
    return {
        "version": API_VERSION,
        "revision": "",
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
        "application": "Hivesight",
        "applicationVersion": version,
    }


def _runtime(server: Server, stats: TsdbStats, now_ms: int) -> Mapping[str, Any]:
    """What is Go's own is empty."""
    reloads = server.reloads()
    return {
        "startTime": rfc3339(server.started_at_ms),
        "CWD": str(Path.cwd()),
        "hostname": socket.gethostname(),
        "serverTime": rfc3339(now_ms),
        "reloadConfigSuccess": reloads.succeeded,
        "lastConfigTime": rfc3339(reloads.at_ms),
        "corruptionCount": stats.replay.repairs,
        "goroutineCount": 0,
        "GOMAXPROCS": 0,
        "GOMEMLIMIT": 0,
        "GOGC": "",
        "GODEBUG": "",
        "storageRetention": _retention(server.start.settings.storage.retention_ms),
    }


def _store(found: Cardinality, stats: TsdbStats) -> Mapping[str, Any]:
    """chunkCount: samples in memory are not cut into chunks here."""
    return {
        "headStats": {
            "numSeries": found.series,
            "numLabelPairs": found.label_pairs,
            "chunkCount": 0,
            "minTime": _LAST_MS if stats.min_time_ms is None else stats.min_time_ms,
            "maxTime": _FIRST_MS if stats.max_time_ms is None else stats.max_time_ms,
        },
        "seriesCountByMetricName": listed(found.metrics),
        "labelValueCountByLabelName": listed(found.label_values),
        "memoryInBytesByLabelName": listed(found.value_bytes),
        "seriesCountByLabelValuePair": listed(found.pairs),
    }


def listed(figures: Sequence[Figure]) -> list[Mapping[str, Any]]:
    """Figures as JSON."""
    return [{"name": each.name.encode(errors="replace").decode(), "value": each.value} for each in figures]
