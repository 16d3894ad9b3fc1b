"""Figures of the host, or of the control group that limits this process: CPU, memory, disk, network."""

from __future__ import annotations

import contextlib
import threading
from importlib import import_module
from typing import TYPE_CHECKING

from hivesight_sdk.recording import drop
from hivesight_sdk.resources import MIN_INTERVAL_SECONDS, ResourceSampler

if TYPE_CHECKING:
    from collections.abc import Callable


class HostFigures:
    """A provider: call it for the figures of now, without sleeping. What cannot be read is left out. Thread-safe.

    CPU and network are averages since the call before, so the first call has neither.
    """

    def __init__(self, disk_path: str, clock: Callable[[], float]) -> None:
        with contextlib.suppress(ImportError):  # reading will say so
            import_module("psutil")  # here, as a fork during an import leaves the module locked in the child
        self._clock = clock
        self._sampler = ResourceSampler(disk_path=disk_path, clock=clock, process=False)
        self._transferred: tuple[float, int, int] | None = None
        self._lock = threading.Lock()

    def new_lock(self) -> None:
        """For a forked child, whose copy of the lock may be held for ever."""
        self._lock = threading.Lock()

    def __call__(self) -> dict[str, float]:
        """The figures by name."""
        with self._lock:
            used = self._sampler.sample()
            figures = {
                name: used[resource]
                for name, resource in (
                    ("cpu_percent", "cpu"),
                    ("memory_percent", "memory"),
                    ("disk_usage_percent", "disk"),
                )
                if resource in used
            }
            try:
                figures |= self._network()
            except Exception as error:  # noqa: BLE001  a host without network has its other figures all the same
                drop("sampling_failed", f"cannot read network usage: {error}", error)
            return figures

    def _network(self) -> dict[str, float]:
        import psutil

        now, counters = self._clock(), psutil.net_io_counters()
        before = self._transferred
        if before is not None and now - before[0] < MIN_INTERVAL_SECONDS:
            return {}
        self._transferred = (now, counters.bytes_sent, counters.bytes_recv)
        if before is None:
            return {}
        seconds = now - before[0]
        return {
            "network_sent_bytes_per_second": max(0, counters.bytes_sent - before[1]) / seconds,
            "network_received_bytes_per_second": max(0, counters.bytes_recv - before[2]) / seconds,
        }
