"""Host and process resources, sampled on a daemon thread so that no event loop ever waits for them.

Sets RESOURCE_UTILIZATION (cpu, memory, disk), and MEMORY_USAGE and CPU_USAGE for the component "system" and for this
process under its service's name. Where control groups limit the process, "system" is its group and the limit is 100 %.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hivesight_sdk import cgroup, metrics
from hivesight_sdk.host_cpu import HostCpu, host_cpu
from hivesight_sdk.recording import drop, record, series
from hivesight_sdk.semconv import SYSTEM_COMPONENT

if TYPE_CHECKING:
    from collections.abc import Callable

    import psutil

DEFAULT_INTERVAL_SECONDS: Final = 10.0
MIN_INTERVAL_SECONDS: Final = 0.1
MAX_INTERVAL_SECONDS: Final = 86_400.0
_JOIN_SECONDS: Final = 2.0


class ResourceSampler:
    """Samples every `interval_seconds` from `start()` to `stop()`, and goes on by itself in a forked child.

    CPU figures are averages since the sample before, so the first sample has none. `clock` gives monotonic seconds.
    Without `process` it samples the host (or the control group) alone.
    """

    def __init__(
        self,
        service_name: str = "process",
        interval_seconds: float = DEFAULT_INTERVAL_SECONDS,
        *,
        disk_path: str = "/",
        clock: Callable[[], float] = time.monotonic,
        cgroup_root: Path = cgroup.DEFAULT_ROOT,
        cgroup_membership: Path = cgroup.DEFAULT_MEMBERSHIP,
        process: bool = True,
    ) -> None:
        self.service_name: Final = service_name
        self.interval_seconds: Final = _interval(interval_seconds)
        self._disk_path = disk_path
        self._clock = clock
        self._cgroup = (cgroup_root, cgroup_membership)
        self._with_process = process
        self._forget()

    def _forget(self) -> None:
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._process: psutil.Process | None = None
        self._averaged_at: float | None = None
        self._host_before = HostCpu(0.0, 0.0)
        self._groups_before: list[cgroup.CpuUse] = []

    @property
    def running(self) -> bool:
        """Whether the sampling thread is alive in this process."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start sampling on a daemon thread. Does nothing when it runs already. Never raises."""
        _load_psutil()
        with self._lock:
            if self.running:
                return
            self._stopped = threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(self._stopped,), name="hivesight-resources", daemon=True
            )
            try:
                self._thread.start()
            except RuntimeError as error:  # no more threads, or the interpreter is shutting down
                self._thread = None
                drop("sampling_failed", f"cannot start the resource sampler: {error}", error)
                return
            _running.add(self)

    def stop(self) -> None:
        """Stop sampling. May be called twice."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._stopped.set()
            _running.discard(self)
        if thread is not None and thread is not threading.current_thread():
            thread.join(_JOIN_SECONDS)

    def sample(self) -> dict[str, float]:
        """Take one sample now, on the calling thread. Does not sleep. Never raises.

        Returns the percent in use of `cpu`, `memory` and `disk`, without those that are not known now.
        """
        now = self._clock()
        elapsed = None if self._averaged_at is None else now - self._averaged_at
        if _averages(elapsed):
            self._averaged_at = now
        used: dict[str, float] = {}
        readings: dict[str, Callable[[float | None], float | None]] = {
            "cpu": self._read_cpu,
            "memory": self._read_memory,
            "disk": self._read_disk,
        }
        if self._with_process:
            readings["process"] = self._read_process
        for name, read in readings.items():
            try:
                percent = read(elapsed)
            except Exception as error:  # noqa: BLE001  one reading that fails must not end the sampling
                drop("sampling_failed", f"cannot read {name} usage: {error}", error)
                continue
            if percent is not None:
                used[name] = percent
        return used

    def _read_cpu(self, elapsed: float | None) -> float | None:
        if not _averages(elapsed):
            return None
        host = host_cpu()
        limits = [use for use in cgroup.cpu_uses(*self._cgroup) if use.limit_cpus < (os.cpu_count() or 1)]
        host_before, self._host_before = self._host_before, host
        groups_before, self._groups_before = self._groups_before, limits
        if elapsed is None:
            return None
        in_group = cgroup.cpu_percent(groups_before, limits, elapsed)
        used = host_before.percent_until(host) if in_group is None else in_group
        _set_cpu(used)
        return used

    def _read_memory(self, elapsed: float | None) -> float:
        import psutil

        limited = cgroup.memory_use(*self._cgroup)
        host = psutil.virtual_memory()
        if limited is not None and limited.limit_bytes < host.total:
            used, percent = limited.used_bytes, limited.percent
        else:
            used, percent = host.used, host.percent
        _set_memory(used, percent)
        return percent

    def _read_disk(self, elapsed: float | None) -> float:
        import psutil

        # psutil's percent is of what users can have: blocks reserved for root do not count as free.
        percent = psutil.disk_usage(self._disk_path).percent
        record(lambda: series(metrics.RESOURCE_UTILIZATION, "disk").set(percent))
        return percent

    def _read_process(self, elapsed: float | None) -> None:
        import psutil

        if self._process is None:
            self._process = psutil.Process()
        resident = self._process.memory_info().rss
        percent = self._process.cpu_percent(interval=None) if _averages(elapsed) else None

        def action() -> None:
            series(metrics.MEMORY_USAGE, self.service_name).set(resident)
            if elapsed is not None and percent is not None:
                series(metrics.CPU_USAGE, self.service_name).set(percent)

        record(action)

    def _run(self, stopped: threading.Event) -> None:
        while True:
            self.sample()
            if stopped.wait(self.interval_seconds):
                return

    def _restart_in_child(self) -> None:
        self._forget()
        self.start()


def _averages(elapsed: float | None) -> bool:
    """Whether CPU time is looked at: for the first time, or long enough after the time before."""
    return elapsed is None or elapsed >= MIN_INTERVAL_SECONDS


def _load_psutil() -> None:
    # Here and not on the sampling thread, as a fork during an import leaves the module locked in the child.
    with contextlib.suppress(ImportError):  # each reading will say so
        import_module("psutil")


def _interval(seconds: float) -> float:
    with contextlib.suppress(TypeError, ValueError):
        if MIN_INTERVAL_SECONDS <= float(seconds) <= MAX_INTERVAL_SECONDS:
            return float(seconds)
    drop(
        "invalid_value",
        f"the resource interval must be {MIN_INTERVAL_SECONDS:g} to {MAX_INTERVAL_SECONDS:g} seconds, "
        f"not {str(seconds)[:40]}; {DEFAULT_INTERVAL_SECONDS:g} is used",
    )
    return DEFAULT_INTERVAL_SECONDS


def _set_cpu(percent: float) -> None:
    def action() -> None:
        series(metrics.RESOURCE_UTILIZATION, "cpu").set(percent)
        series(metrics.CPU_USAGE, SYSTEM_COMPONENT).set(percent)

    record(action)


def _set_memory(used_bytes: int, percent: float) -> None:
    def action() -> None:
        series(metrics.RESOURCE_UTILIZATION, "memory").set(percent)
        series(metrics.MEMORY_USAGE, SYSTEM_COMPONENT).set(used_bytes)

    record(action)


_single: ResourceSampler | None = None


def _in_event_loop() -> bool:
    asyncio: Any = sys.modules.get("asyncio")  # without it there is no loop, and it costs 2 MB
    return asyncio is not None and asyncio._get_running_loop() is not None


def track_resource_usage() -> None:
    """Take one sample of host and process now: CPU figures are averages since the call before.

    Does not block, but for the first call of a process, which waits 0.1 seconds to have such an average; on a thread
    that runs an event loop it does not wait, and CPU figures come with the second call. For a process that samples at
    moments of its own; `ResourceSampler` and `configure` do it on a thread.
    """
    global _single
    if _single is None:
        _single = ResourceSampler()
        _single.sample()
        if _in_event_loop():
            return
        time.sleep(MIN_INTERVAL_SECONDS)
    _single.sample()


_running: set[ResourceSampler] = set()


def _restart_in_child() -> None:
    global _single
    _single = None
    inherited = list(_running)
    _running.clear()
    for sampler in inherited:
        sampler._restart_in_child()  # pyright: ignore[reportPrivateUsage]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_restart_in_child)
