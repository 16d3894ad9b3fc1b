"""`PerformanceMonitor`, with the guide's interface: providers -> metrics -> history, exposition, thresholds -> alerts.

All of it happens on the monitor's own thread, so that no event loop waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from hivesight_sdk import metrics
from hivesight_sdk.monitor.calls import Caller
from hivesight_sdk.monitor.history import KEPT_SECONDS, History
from hivesight_sdk.monitor.hive_figures import HiveFigures
from hivesight_sdk.monitor.host_figures import HostFigures
from hivesight_sdk.monitor.providers import Provider, Providers
from hivesight_sdk.monitor.sample import PerformanceMetrics
from hivesight_sdk.monitor.summary import summarize
from hivesight_sdk.monitor.thread import MonitorThread
from hivesight_sdk.monitor.thresholds import DEFAULT_THRESHOLDS, AlertStates, PerformanceAlert, Threshold
from hivesight_sdk.recording import drop, record, series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from prometheus_client import CollectorRegistry

DEFAULT_INTERVAL_SECONDS: Final = 30.0
MIN_INTERVAL_SECONDS: Final = 0.1
MAX_INTERVAL_SECONDS: Final = 3600.0
STOP_SECONDS: Final = 2.0

_log = logging.getLogger("hivesight_sdk")

_HOOKS: Final = {
    "get_active_agents_count": "active_agents",
    "get_task_queue_length": "task_queue_length",
    "get_coordination_latency": "coordination_latency_ms",
    "get_decision_confidence": "decision_confidence",
    "get_errors_per_minute": "errors_per_minute",
}


class PerformanceMonitor:
    """Collects figures every `collection_interval` seconds, judges them, and keeps them for 24 hours. Never raises.

    `providers` add figures, or replace those of the same name; "host" and "hive" are the built-in ones. A subclass may
    override the guide's `get_...` methods and `send_alerts` instead. `callbacks` get every `PerformanceAlert`; they and
    providers may be async and then run on the event loop the monitor was started in. `alert_thresholds` replaces the
    defaults; the attribute of that name may be changed at any time, and a plain number in it is a limit from above.
    `history_path` is a file in which the history survives a restart. `clock` gives monotonic seconds, `wall_clock` Unix
    seconds, and `wait` waits for an event or that many seconds and says whether the event came.
    """

    def __init__(
        self,
        collection_interval: float = DEFAULT_INTERVAL_SECONDS,
        *,
        providers: Mapping[str, Provider] | None = None,
        alert_thresholds: Mapping[str, float] | None = None,
        callbacks: Iterable[Callable[[PerformanceAlert], object]] = (),
        history_path: str | os.PathLike[str] | None = None,
        disk_path: str = "/",
        registry: CollectorRegistry = metrics.REGISTRY,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        self.collection_interval: float = _interval(collection_interval)
        self.alert_thresholds: dict[str, float] = dict(
            DEFAULT_THRESHOLDS if alert_thresholds is None else alert_thresholds
        )
        self._clock, self._wall_clock, self._wait = clock, wall_clock, wait
        self._caller = Caller()
        self._host = HostFigures(disk_path, clock)
        self._hive = HiveFigures(registry, clock)
        overridden = {figure: getattr(self, hook) for hook, figure in _HOOKS.items() if self._overrides(hook)}
        self._providers = Providers(
            {"host": self._host, "hive": self._hive, **overridden, **(providers or {})}, self._caller
        )
        for name in filter(self._overrides, ("collect_metrics", "check_alerts")):
            instead = "pass providers= for further figures, callbacks= to hear of alerts"
            drop("invalid_value", f"{type(self).__name__}.{name} is not called by the monitor's thread: {instead}")
        self._callbacks = [*callbacks]
        self._alerts = AlertStates()
        self._history = History()
        if history_path is not None:
            self._history.restore(Path(history_path), wall_clock(), clock())
        self._exported: set[str] = set()
        self._latest: PerformanceMetrics | None = None
        self._lock = threading.Lock()
        self._thread: MonitorThread | None = None
        _all.add(self)

    # ---- life ----

    @property
    def running(self) -> bool:
        """Whether the monitor is collecting. Setting it to False asks it to stop and does not wait, as in the guide."""
        return self._thread is not None and self._thread.collecting

    @running.setter
    def running(self, value: bool) -> None:
        if value:
            self.start()
        elif self._thread is not None:
            self._ask_to_stop(self._thread)

    def start(self) -> None:
        """Start collecting on a daemon thread and return at once. Does nothing when it runs already. Never raises."""
        with self._lock:
            if self.running:
                return
            self._caller.loop = _running_loop()
            thread = MonitorThread(self._round, lambda: self.collection_interval, self._clock, self._wait)
            if thread.start():
                self._thread = thread

    async def start_monitoring(self) -> None:
        """Start collecting, and return when the monitor has stopped; the event loop is free meanwhile.

        Cancelling it stops the monitor.
        """
        self.start()
        thread = self._thread
        if thread is None:
            return
        try:
            await thread.ended()
        finally:
            self._ask_to_stop(thread)

    def stop(self, timeout_seconds: float = STOP_SECONDS) -> None:
        """Stop collecting; wait for the collection under way, for at most `timeout_seconds`. May be called twice.

        In a coroutine it does not wait; `await` what `start_monitoring()` returned for that.
        """
        thread = self._thread
        if thread is not None:
            self._ask_to_stop(thread)
            if _running_loop() is None:
                thread.join(timeout_seconds)

    def __enter__(self) -> PerformanceMonitor:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    # ---- figures ----

    @property
    def metrics_history(self) -> list[PerformanceMetrics]:
        """The collections of the last 24 hours, the oldest first."""
        return self._history.since(self._clock() - KEPT_SECONDS)

    def collect(self) -> PerformanceMetrics:
        """Collect the figures of now on the calling thread, which may take a while: not on an event loop."""
        collected = PerformanceMetrics.at(self._wall_clock(), self._providers.collect(), self._clock())
        self._latest = collected
        return collected

    async def collect_metrics(self) -> PerformanceMetrics:
        """Collect the figures of now on a worker thread. They are not kept; the monitor keeps its own."""
        self._adopt_loop()
        return await asyncio.to_thread(self.collect)

    def get_performance_summary(self, hours: float = 1) -> dict[str, Any]:
        """avg, min, max, p50, p95, p99 and count of each figure over the last `hours` (up to 24).

        The guide's sections are always there; where nothing is known their statistics are NaN and their count is 0.
        """
        if not 0 < hours <= KEPT_SECONDS / 3600:
            drop("invalid_value", f"a summary covers more than 0 and up to 24 hours, not {hours!r}; 24 are used")
            hours = KEPT_SECONDS / 3600
        samples = self._history.since(self._clock() - 3600 * hours)
        with self._lock:
            firing = self._alerts.firing
        return summarize(samples, hours, firing)

    # ---- alerts ----

    def add_callback(self, callback: Callable[[PerformanceAlert], object]) -> None:
        """Call `callback`, sync or async, with every alert that fires or is resolved from now on."""
        self._callbacks.append(callback)

    async def check_alerts(self, metrics: PerformanceMetrics) -> list[PerformanceAlert]:
        """Judge `metrics` by the thresholds and tell the callbacks what changed. Returns the changes."""
        self._adopt_loop()
        return await asyncio.to_thread(self.check, metrics)

    def check(self, metrics: PerformanceMetrics) -> list[PerformanceAlert]:
        """Judge `metrics` as `check_alerts` does, on the calling thread."""
        thresholds = _thresholds(self.alert_thresholds)
        with self._lock:
            changes = self._alerts.judge(thresholds, metrics)
            firing = {figure: figure in self._alerts.firing for figure in thresholds}
        record(lambda: _export_alerts(firing))
        if changes:
            self._call(self.send_alerts, [change.message for change in changes], metrics)
        for change in changes:
            for callback in tuple(self._callbacks):
                self._call(callback, change)
        return changes

    async def send_alerts(self, alerts: list[str], metrics: PerformanceMetrics) -> None:
        """Log `alerts`, one line each. A subclass may send them elsewhere."""
        for alert in alerts:
            _log.warning("performance alert: %s", alert)

    # ---- the guide's hooks: override one to be that figure's source ----

    async def get_active_agents_count(self) -> float:
        """The latest number of active agents, or NaN."""
        return self._latest_figure("active_agents")

    async def get_task_queue_length(self) -> float:
        """The latest number of tasks that wait, or NaN."""
        return self._latest_figure("task_queue_length")

    async def get_coordination_latency(self) -> float:
        """The latest 95th percentile of the coordination latency in milliseconds, or NaN."""
        return self._latest_figure("coordination_latency_ms")

    async def get_decision_confidence(self) -> float:
        """The latest mean confidence of decisions, 0 to 1, or NaN."""
        return self._latest_figure("decision_confidence")

    async def get_errors_per_minute(self) -> float:
        """The latest number of tasks per minute that ended in an error, or NaN."""
        return self._latest_figure("errors_per_minute")

    def _latest_figure(self, figure: str) -> float:
        return self._latest.get(figure) if self._latest is not None else float("nan")

    def _overrides(self, name: str) -> bool:
        return getattr(type(self), name) is not getattr(PerformanceMonitor, name)

    # ---- one round, on the thread ----

    def _round(self) -> None:
        collected = self.collect()
        self._history.add(collected)
        record(lambda: self._export(collected))
        self.check(collected)

    def _export(self, collected: PerformanceMetrics) -> None:
        for figure in self._exported - collected.figures.keys():
            metrics.MONITOR_FIGURE.remove(figure)  # a figure that is not known any more must not look like one
        self._exported = set(collected.figures)
        for figure, value in collected.figures.items():
            series(metrics.MONITOR_FIGURE, figure).set(value)

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        try:
            self._caller.call(function, *arguments)
        except Exception as error:  # noqa: BLE001  it is the host's code, and must not end the monitoring
            name = getattr(function, "__qualname__", type(function).__name__)
            drop("callback_failed", f"the alert callback {name} failed: {type(error).__name__}: {error}", error)

    def _adopt_loop(self) -> None:
        if self._caller.loop is None or not self._caller.loop.is_running():
            self._caller.loop = _running_loop()

    def _ask_to_stop(self, thread: MonitorThread) -> None:
        thread.ask_to_stop()
        self._caller.cancel()

    def _go_on_in_child(self) -> None:
        was_running = self._thread is not None and not self._thread.asked_to_stop
        self._lock = threading.Lock()
        self._thread = None
        self._caller = self._providers.caller = Caller()  # the loop, and what it ran for us, stayed with the parent
        self._host.new_lock()
        self._hive.new_lock()
        self._history.stay_in_memory()
        if was_running:
            self.start()


def _export_alerts(firing: Mapping[str, bool]) -> None:
    for figure, is_firing in firing.items():
        series(metrics.MONITOR_ALERT, figure).set(is_firing)


def _thresholds(numbers: Mapping[str, float]) -> dict[str, Threshold]:
    thresholds: dict[str, Threshold] = {}
    for figure, limit in tuple(numbers.items()):
        try:
            thresholds[figure] = limit if isinstance(limit, Threshold) else Threshold(limit)
        except (TypeError, ValueError) as error:
            drop("invalid_value", f"the threshold of {str(figure)[:64]} is ignored: {error}")
    return thresholds


def _interval(seconds: float) -> float:
    if isinstance(seconds, int | float) and MIN_INTERVAL_SECONDS <= seconds <= MAX_INTERVAL_SECONDS:  # pyright: ignore[reportUnnecessaryIsInstance]
        return float(seconds)
    drop(
        "invalid_value",
        f"collection_interval must be {MIN_INTERVAL_SECONDS:g} to {MAX_INTERVAL_SECONDS:g} seconds, "
        f"not {str(seconds)[:40]}; {DEFAULT_INTERVAL_SECONDS:g} is used",
    )
    return DEFAULT_INTERVAL_SECONDS


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


_all: WeakSet[PerformanceMonitor] = WeakSet()


def _go_on_in_child() -> None:
    for monitor in tuple(_all):
        monitor._go_on_in_child()  # pyright: ignore[reportPrivateUsage]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_go_on_in_child)
