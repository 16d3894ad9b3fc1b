"""The dead man's switch: a heartbeat to a service outside for as long as alerts get through, so that somebody hears of
it when they do not. The alert that always fires goes the way of all others; while it arrives, the heart beats."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

import structlog

from hivesight.alerting.config_types import SecretUrl
from hivesight.http_client.config import HttpConfig
from hivesight.model.clock import Clock, rfc3339
from hivesight.notify.errors import NotifyError
from hivesight.notify.http import HttpPoster, Poster
from hivesight.notify.metrics import HeartbeatMetrics
from hivesight.notify.secrets import read_address
from hivesight.schema import PositiveDurationMs, Text, key, section

STALE_MS: Final = 180_000
"""An alert that always fires is heard of every minute; one that was not for three does not get through."""
RETRY_SECONDS: Final = 5.0
TIMEOUT_MS: Final = 10_000

_log: Final = structlog.get_logger("notify.heartbeat")


@section
class HeartbeatConfig:
    """url, or url_file: where; none for no heartbeat. interval_ms: how often. alert: the name of the alert that always
    fires."""

    url: SecretUrl | None = None
    url_file: Text = ""
    method: Literal["GET", "POST"] = "POST"
    interval_ms: Annotated[PositiveDurationMs, key("interval")] = 60_000
    alert: Text = "Watchdog"
    http_config: HttpConfig = field(default_factory=HttpConfig)

    def __post_init__(self) -> None:
        if self.url and self.url_file:
            raise ValueError("url and url_file exclude each other: keep one")

    @property
    def on(self) -> bool:
        return bool(self.url or self.url_file)


@dataclass(frozen=True, slots=True)
class _Target:
    config: HeartbeatConfig
    directory: Path
    poster: Poster


class Heartbeat:
    """`run` beats until it is cancelled, as `apply` said last. All on the event loop."""

    def __init__(
        self,
        heard_ms: Callable[[str], int],
        clock: Clock,
        metrics: HeartbeatMetrics,
    ) -> None:
        """heard_ms: when a firing alert of this name was last heard of, ms since the epoch, 0 for never."""
        self._heard_ms = heard_ms
        self._clock = clock
        self._metrics = metrics
        self._target: _Target | None = None
        self._retired: list[Poster] = []
        self._changed = asyncio.Event()
        self._since_ms = 0
        self._trouble = ""

    def apply(self, config: HeartbeatConfig, directory: Path) -> None:
        """Beat by this configuration from now on. directory: what its relative paths start from."""
        old = self._target
        if old is not None and (old.config, old.directory) == (config, directory):
            return
        if old is not None:
            # A heartbeat may be on its way through it.
            self._retired.append(old.poster)
        self._target = _Target(config, directory, HttpPoster(config.http_config, directory)) if config.on else None
        self._since_ms = self._clock.now_ms()
        self._changed.set()

    async def run(self) -> None:
        """Beat once every interval, the first time at once."""
        while True:
            self._changed.clear()
            target = self._target
            wait = None if target is None else await self._beat(target)
            await self._close_retired()
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def close(self) -> None:
        await self._close_retired()
        if self._target is not None:
            await self._target.poster.close()

    async def _close_retired(self) -> None:
        while self._retired:
            await self._retired.pop().close()

    async def _beat(self, target: _Target) -> float:
        """One heartbeat. Leaves: the seconds until the next one."""
        config, interval = target.config, target.config.interval_ms / 1000
        reason = self._withheld(config, await asyncio.to_thread(self._heard_ms, config.alert))
        if reason:
            self._metrics.over("withheld")
            # A server that has just begun has not evaluated its rules yet.
            if self._clock.now_ms() - self._since_ms > STALE_MS:
                self._say(f"withheld: {reason}")
            return min(interval, RETRY_SECONDS)
        try:
            url = await asyncio.to_thread(read_address, config.url, config.url_file, target.directory, "url")
            await target.poster.post(url, b"", "text/plain", TIMEOUT_MS, method=config.method)
        except NotifyError as error:
            self._metrics.over("failed")
            self._say(f"not sent: {error}")
            return max(min(interval, RETRY_SECONDS), error.retry_after_seconds or 0.0)
        self._metrics.over("sent", self._clock.now_ms())
        self._say("")
        return interval

    def _withheld(self, config: HeartbeatConfig, heard_ms: int) -> str:
        """Why nobody must hear now that all is well; empty where all is."""
        if not heard_ms:
            return f"the alert {config.alert!r} does not fire; a rule must make it fire always"
        if self._clock.now_ms() - heard_ms > STALE_MS:
            return f"the alert {config.alert!r} was last heard of at {rfc3339(heard_ms)}"
        return ""

    def _say(self, trouble: str) -> None:
        """Once when it begins or changes, once when it is over."""
        if trouble and trouble != self._trouble:
            _log.error("heartbeat " + trouble)
        elif self._trouble and not trouble:
            _log.info("heartbeat is sent again")
        self._trouble = trouble
