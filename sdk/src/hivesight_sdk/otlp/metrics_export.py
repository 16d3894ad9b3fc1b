"""A registry's metrics, posted at every interval, where nobody scrapes. What a post misses, the next one has."""

from __future__ import annotations

import logging
import math
import os
import threading
from time import monotonic
from typing import TYPE_CHECKING, Final

from hivesight_sdk.metrics import REGISTRY
from hivesight_sdk.otlp.delivery import Connection, Verdict
from hivesight_sdk.otlp.lifecycle import close_all, look_after
from hivesight_sdk.otlp.metrics_post import post_registry
from hivesight_sdk.recording import drop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prometheus_client import CollectorRegistry

    from hivesight_sdk.otlp.destination import Destination

DEFAULT_INTERVAL_SECONDS: Final = 15.0
MIN_INTERVAL_SECONDS: Final = 1.0
MAX_INTERVAL_SECONDS: Final = 86_400.0

_LONG_PAUSE_SECONDS: Final = 300.0
_log = logging.getLogger("hivesight_sdk.otlp")


class MetricsExport:
    """Posts `registry` every `interval_seconds` from `start` to `close`, and once more at the end.

    `describe` tells who this process is. In a forked child it goes on by itself, as another instance. Use it or a
    scrape of the same process, not both: their series differ in `job` and `instance` only.
    """

    def __init__(
        self,
        to: Destination,
        describe: Callable[[], Mapping[str, object]],
        registry: CollectorRegistry = REGISTRY,
        *,
        interval_seconds: float = DEFAULT_INTERVAL_SECONDS,
    ) -> None:
        self.destination: Final = to
        self.interval_seconds: Final = min(max(interval_seconds, MIN_INTERVAL_SECONDS), MAX_INTERVAL_SECONDS)
        self._describe: Final = describe
        self._registry: Final = registry
        self._connection: Final = Connection(to.url)
        self._started = False
        self._reset()
        look_after(self)

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._close_by = math.inf
        self._delivered = False

    @property
    def running(self) -> bool:
        """Whether the thread is alive in this process."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start posting on a daemon thread, first after one interval. Does nothing when it runs. Never raises."""
        with self._lock:
            if self.running or self._closing.is_set():
                return
            self._started = True
            self._thread = threading.Thread(target=self._run, name="hivesight-metrics", daemon=True)
            try:
                self._thread.start()
            except RuntimeError as error:  # no more threads, or the interpreter is shutting down
                self._thread = None
                drop("export_failed", f"metrics cannot be exported: {error}", error, logger=_log)

    def close(self, timeout_seconds: float) -> bool:
        """Post once more and end, within `timeout_seconds`; whether all was taken. May be called twice."""
        return close_all([self], timeout_seconds)

    def stop(self) -> None:
        """End without a last post. Does not wait."""
        self.begin_close(-math.inf)

    def begin_close(self, deadline: float) -> None:
        """See `lifecycle.Exporter`."""
        self._started = False
        self._close_by = min(self._close_by, deadline)
        self._closing.set()

    def finish_close(self) -> bool:
        """See `lifecycle.Exporter`."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return self._delivered
        thread.join(max(0.0, self._close_by - monotonic()))
        if thread.is_alive():
            message = f"the last metrics were not taken by {self.destination.shown} before the end"
            drop("export_failed", message, level=logging.INFO, logger=_log)
            self._connection.abort()
        self._thread = None
        return self._delivered

    def forget(self) -> None:
        """See `lifecycle.Exporter`."""
        self._connection.forget()
        if self._started:
            self._reset()
            self.start()

    def _run(self) -> None:
        pause = self.interval_seconds
        while not self._closing.wait(pause):
            began = monotonic()
            verdict = self._post(began + self.destination.timeout_seconds)
            # From begin to begin, so that what a post takes does not add up; a wrong address is not asked so often.
            pause = max(0.0, self.interval_seconds - (monotonic() - began))
            if verdict is Verdict.NOWHERE:
                pause = max(self.interval_seconds, _LONG_PAUSE_SECONDS)
        if monotonic() < self._close_by:
            self._delivered = self._post(self._close_by) is Verdict.TAKEN
        self._connection.close()

    def _post(self, deadline: float) -> Verdict:
        try:
            return post_registry(
                self._connection, self.destination, self._registry, self._describe(), deadline, "export_failed"
            )
        except Exception as error:  # noqa: BLE001  a supervising loop: labels and collectors are the host's; counted
            drop("export_failed", f"metrics cannot be exported: {type(error).__name__}: {error}", error, logger=_log)
            return Verdict.REFUSED


def interval_from_environment(environ: Mapping[str, str] = os.environ) -> float:
    """OTEL_METRIC_EXPORT_INTERVAL, which is in milliseconds, in seconds; `DEFAULT_INTERVAL_SECONDS` without it."""
    text = environ.get("OTEL_METRIC_EXPORT_INTERVAL", "").strip()
    try:
        seconds = float(text) / 1_000 if text else DEFAULT_INTERVAL_SECONDS
    except ValueError:
        seconds = math.nan
    if math.isfinite(seconds) and seconds > 0:
        return seconds
    drop("invalid_value", f"OTEL_METRIC_EXPORT_INTERVAL is a number of milliseconds, not {text[:40]!r}", logger=_log)
    return DEFAULT_INTERVAL_SECONDS
