"""Limits that control groups (version 2) put on this process: what it uses of them, in percent.

In a container the host's totals say nothing about when the kernel will throttle or kill; the group's limits do.
Source: Linux kernel documentation, admin-guide/cgroup-v2, sections "CPU Interface Files" and "Memory Interface Files".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MAX_FILE_BYTES: Final = 16_384
_MAX_DEPTH: Final = 64
DEFAULT_ROOT: Final = Path("/sys/fs/cgroup")
DEFAULT_MEMBERSHIP: Final = Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """The working set (memory the kernel cannot simply take back) and the limit it counts against, in bytes."""

    used_bytes: int
    limit_bytes: int

    @property
    def percent(self) -> float:
        """Share of the limit in use, 0 to 100."""
        return 100.0 * self.used_bytes / self.limit_bytes


@dataclass(frozen=True, slots=True)
class CpuUse:
    """CPU seconds a group has used so far, and the limit on it in CPUs (1.5 = one and a half cores)."""

    group: Path
    used_seconds: float
    limit_cpus: float


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_FILE_BYTES).decode("ascii", "replace").strip()
    except OSError:
        return ""


def _flat_keyed(path: Path) -> dict[str, int]:
    pairs = (line.split() for line in _read(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def _groups(root: Path, membership: Path) -> list[Path]:
    """The directories of this process's group and its ancestors below `root`, innermost first. Empty without v2."""
    if not (root / "cgroup.controllers").is_file():
        return []
    relative = next((line[3:] for line in _read(membership).splitlines() if line.startswith("0::")), "/")
    parts = [part for part in relative.split("/") if part and part != ".."][:_MAX_DEPTH]
    groups = [root.joinpath(*parts[:depth]) for depth in range(len(parts), -1, -1)]
    return [group for group in groups if group.is_dir()]


def memory_use(root: Path = DEFAULT_ROOT, membership: Path = DEFAULT_MEMBERSHIP) -> MemoryUse | None:
    """Use of the memory limit that is nearest to being reached, or None where no group sets one."""
    uses: list[MemoryUse] = []
    for group in _groups(root, membership):
        limit, current = _read(group / "memory.max"), _read(group / "memory.current")
        if limit.isdecimal() and int(limit) > 0 and current.isdecimal():
            reclaimable = _flat_keyed(group / "memory.stat").get("inactive_file", 0)
            uses.append(MemoryUse(max(0, int(current) - reclaimable), int(limit)))
    return max(uses, key=lambda use: use.percent, default=None)


def cpu_uses(root: Path = DEFAULT_ROOT, membership: Path = DEFAULT_MEMBERSHIP) -> list[CpuUse]:
    """CPU time so far of every group with a CPU limit that holds for this process. Empty where none sets one."""
    uses: list[CpuUse] = []
    for group in _groups(root, membership):
        quota, _, period = _read(group / "cpu.max").partition(" ")
        used = _flat_keyed(group / "cpu.stat").get("usage_usec")
        if quota.isdecimal() and int(quota) > 0 and period.isdecimal() and int(period) > 0 and used is not None:
            uses.append(CpuUse(group, used / 1e6, int(quota) / int(period)))
    return uses


def cpu_percent(before: list[CpuUse], after: list[CpuUse], elapsed_seconds: float) -> float | None:
    """Share of the CPU limit nearest to being reached that was used between two readings; None without a limit."""
    earlier = {use.group: use.used_seconds for use in before}
    shares = [
        100.0 * max(0.0, use.used_seconds - earlier[use.group]) / (elapsed_seconds * use.limit_cpus)
        for use in after
        if use.group in earlier and elapsed_seconds > 0
    ]
    return max(shares, default=None)
