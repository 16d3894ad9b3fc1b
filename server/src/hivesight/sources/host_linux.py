"""What only Linux tells of a machine, from /proc and /sys. On other systems these give nothing."""

import re
from pathlib import Path
from typing import Final

from prometheus_client.core import Metric

from hivesight.sources.host_families import counter, gauge

PROC: Final = Path("/proc")
_MAX_BYTES: Final = 1 << 20
_SECTOR: Final = 512
_HIDDEN_DISKS: Final = re.compile(r"(?:z?ram|loop|fd|(?:h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+")

_OCTAL: Final = re.compile(r"\\([0-7]{3})")

_DISK_KINDS: Final = (
    # Field after the name in /proc/diskstats, family, factor, help.
    (0, "reads_completed", 1.0, "The total number of reads completed successfully."),
    (1, "reads_merged", 1.0, "The total number of reads merged."),
    (2, "read_bytes", _SECTOR, "The total number of bytes read successfully."),
    (3, "read_time_seconds", 0.001, "The total number of seconds spent by all reads."),
    (4, "writes_completed", 1.0, "The total number of writes completed successfully."),
    (5, "writes_merged", 1.0, "The number of writes merged."),
    (6, "written_bytes", _SECTOR, "The total number of bytes written successfully."),
    (7, "write_time_seconds", 0.001, "This is the total number of seconds spent by all writes."),
    (9, "io_time_seconds", 0.001, "Total seconds spent doing I/Os."),
    (10, "io_time_weighted_seconds", 0.001, "The weighted # of seconds spent doing I/Os."),
)
_PRESSURE: Final = (
    ("cpu", "some", "cpu_waiting", "Total time in seconds that processes have waited for CPU time"),
    ("io", "full", "io_stalled", "Total time in seconds no process could make progress due to IO congestion"),
    ("io", "some", "io_waiting", "Total time in seconds that processes have waited due to IO congestion"),
    (
        "memory",
        "full",
        "memory_stalled",
        "Total time in seconds no process could make progress due to memory congestion",
    ),
    ("memory", "some", "memory_waiting", "Total time in seconds that processes have waited for memory"),
)


def families() -> list[Metric]:
    """Processes, file descriptors, context switches, pressure."""
    return [*stat(), *filefd(), *pressure()]


def meminfo() -> dict[str, float]:
    """/proc/meminfo as node_exporter names it: `MemTotal_bytes`, and counts of pages without a unit."""
    found: dict[str, float] = {}
    for line in _text(PROC / "meminfo").splitlines():
        words = line.replace(":", " ").split()
        if len(words) >= 2 and words[1].isdecimal():
            name = words[0].replace("(", "_").replace(")", "")
            if len(words) == 3 and words[2] == "kB":
                found[f"{name}_bytes"] = float(int(words[1]) * 1024)
            else:
                found[name] = float(words[1])
    return found


def mounts() -> list[tuple[str, str, str, str]]:
    """Device, mount point, type and options of each mount that the first process sees, or else this one."""
    text = _text(PROC / "1/mounts") or _text(PROC / "mounts")
    found: list[tuple[str, str, str, str]] = []
    for line in text.splitlines():
        words = [_OCTAL.sub(lambda match: chr(int(match[1], 8)), word) for word in line.split(" ")]
        if len(words) >= 4:
            found.append((words[0], words[1], words[2], words[3]))
    return found


def diskstats() -> list[Metric] | None:
    """/proc/diskstats without partitions, RAM disks and loops; None where there is no such file."""
    text = _text(PROC / "diskstats")
    if not text:
        return None
    found = {name: counter(f"node_disk_{name}", help, ["device"]) for _, name, _, help in _DISK_KINDS}
    now = gauge("node_disk_io_now", "The number of I/Os currently in progress.", labels=["device"])
    for line in text.splitlines():
        words = line.split()
        if len(words) < 14 or _HIDDEN_DISKS.fullmatch(words[2]):
            continue
        for field, name, factor, _ in _DISK_KINDS:
            found[name].add_metric([words[2]], int(words[3 + field]) * factor)
        now.add_metric([words[2]], int(words[11]))
    return [*found.values(), now]


def stat() -> list[Metric]:
    """/proc/stat: processes and context switches."""
    words = dict(line.split(None, 2)[:2] for line in _text(PROC / "stat").splitlines() if len(line.split(None, 2)) > 1)
    found: list[Metric] = []
    for key, name, help in (
        ("ctxt", "node_context_switches", "Total number of context switches."),
        ("processes", "node_forks", "Total number of forks."),
        ("intr", "node_intr", "Total number of interrupts serviced."),
    ):
        if key in words:
            found.append(counter(name, help, value=float(words[key])))
    for key, name, help in (
        ("procs_running", "node_procs_running", "Number of processes in runnable state."),
        ("procs_blocked", "node_procs_blocked", "Number of processes blocked waiting for I/O to complete."),
    ):
        if key in words:
            found.append(gauge(name, help, float(words[key])))
    return found


def filefd() -> list[Metric]:
    """/proc/sys/fs/file-nr: file descriptors of the whole machine."""
    words = _text(PROC / "sys/fs/file-nr").split()
    if len(words) != 3:
        return []
    return [
        gauge("node_filefd_allocated", "File descriptor statistics: allocated.", float(words[0])),
        gauge("node_filefd_maximum", "File descriptor statistics: maximum.", float(words[2])),
    ]


def pressure() -> list[Metric]:
    """/proc/pressure (PSI), in seconds; nothing where the kernel does not count it."""
    found: list[Metric] = []
    for resource, line, name, help in _PRESSURE:
        match = re.search(rf"^{line} .*total=(\d+)", _text(PROC / "pressure" / resource), re.MULTILINE)
        if match:
            found.append(counter(f"node_pressure_{name}_seconds", help, value=int(match[1]) / 1e6))
    return found


def operstate(device: str) -> str | None:
    """Whether an interface is `up`, `down` or `unknown` to the kernel."""
    if "/" in device or device in (".", ".."):
        return None
    return _text(Path("/sys/class/net") / device / "operstate").strip() or None


def domainname() -> str:
    """The machine's NIS domain name."""
    return _text(PROC / "sys/kernel/domainname").strip()


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
