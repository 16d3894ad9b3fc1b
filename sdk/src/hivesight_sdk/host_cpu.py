"""How much of the host's CPU time was used between two looks at it, whichever threads take them.

psutil's own `cpu_percent` remembers the look before for each thread, so that a pool of threads never has a figure.
"""

from __future__ import annotations

from typing import NamedTuple


class HostCpu(NamedTuple):
    """Seconds of all CPUs since the host started: those that were used, and all."""

    used: float
    total: float

    def percent_until(self, later: HostCpu) -> float:
        """The share that was used between this and a later look, 0 to 100; 0 where no time went by."""
        total = later.total - self.total
        return min(100.0, max(0.0, 100.0 * (later.used - self.used) / total)) if total > 0 else 0.0


def host_cpu() -> HostCpu:
    """A look at the host's CPU times. Raises OSError where the host does not tell them."""
    import psutil

    times = psutil.cpu_times()._asdict()
    # The kernel counts guests' time within user and nice as well; waiting for a disk is idle.
    total = sum(seconds for state, seconds in times.items() if state not in ("guest", "guest_nice"))
    return HostCpu(total - times["idle"] - times.get("iowait", 0.0), total)
