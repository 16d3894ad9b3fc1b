"""This machine, watched with psutil and /proc: the figures of Prometheus' node_exporter under its names, types, labels
and units, so that rules and dashboards written for it work. `render` gives exposition text for a LocalSource."""

import os
from collections.abc import Callable, Iterator
from typing import Final

import psutil
import structlog
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from structlog.typing import FilteringBoundLogger

from hivesight.model.clock import Clock
from hivesight.sources import host_linux
from hivesight.sources.host_families import counter, gauge
from hivesight.sources.host_filesystems import FileSystems

_MODES: Final = ("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")

_log: FilteringBoundLogger = structlog.get_logger(__name__)


class HostCollector(Collector):
    """A collector of figures about this machine. What the system does not tell is left out."""

    def __init__(self, clock: Clock, failures: Counter) -> None:
        self._clock = clock
        self._failures = failures
        self._broken: set[str] = set()
        self._filesystems = FileSystems()

    def describe(self) -> list[Metric]:
        """Nothing: what there is depends on the machine, and registering is to cost nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The families, read now."""
        parts: tuple[tuple[str, Callable[[], list[Metric]]], ...] = (
            ("cpu", cpu),
            ("memory", memory),
            ("filesystem", self._filesystems.families),
            ("diskstats", disks),
            ("network", network),
            ("load", load),
            ("time", self._time),
            ("uname", uname),
            ("linux", host_linux.families),
        )
        for name, part in parts:
            try:
                families = part()
            except (OSError, ValueError, psutil.Error, NotImplementedError, RuntimeError) as error:
                self._failures.labels(name).inc()
                if name not in self._broken:
                    _log.warning("figures of this host cannot be read", part=name, reason=str(error))
                self._broken.add(name)
                continue
            self._broken.discard(name)
            yield from families

    def _time(self) -> list[Metric]:
        return [
            gauge("node_time_seconds", "System time in seconds since epoch (1970).", self._clock.now_ms() / 1000),
            gauge("node_boot_time_seconds", "Node boot time, in unixtime.", float(int(psutil.boot_time()))),
        ]


class Host:
    """The collector on a registry of its own."""

    def __init__(self, clock: Clock) -> None:
        self._registry = CollectorRegistry()
        failures = Counter(
            "hivesight_host_read_errors",
            "Groups of figures about this host that could not be read.",
            ["part"],
            registry=self._registry,
        )
        self._registry.register(HostCollector(clock, failures))

    def render(self) -> bytes:
        """The figures now as exposition text 0.0.4."""
        return generate_latest(self._registry)


def cpu() -> list[Metric]:
    """Seconds per CPU and mode. Guest time is inside of user and nice, as the kernel counts it."""
    family = counter("node_cpu_seconds", "Seconds the CPUs spent in each mode.", ["cpu", "mode"])
    for number, times in enumerate(psutil.cpu_times(percpu=True)):
        for mode in _MODES:
            seconds: float | None = getattr(times, mode, None)
            if seconds is not None:
                family.add_metric([str(number), mode], seconds)
    return [family]


def memory() -> list[Metric]:
    """Bytes of memory: all of /proc/meminfo on Linux, what psutil knows elsewhere."""
    figures = host_linux.meminfo()
    if not figures:
        virtual, swap = psutil.virtual_memory(), psutil.swap_memory()
        figures = {
            "MemTotal_bytes": float(virtual.total),
            "MemAvailable_bytes": float(virtual.available),
            "MemFree_bytes": float(virtual.free),
            "SwapTotal_bytes": float(swap.total),
            "SwapFree_bytes": float(swap.free),
        }
    return [
        gauge(f"node_memory_{name}", f"Memory information field {name}.", value)
        for name, value in sorted(figures.items())
    ]


def disks() -> list[Metric]:
    """What disks have read and written, and how long they were busy."""
    figures = host_linux.diskstats()
    if figures is not None:
        return figures
    names = ["device"]
    read = counter("node_disk_read_bytes", "The total number of bytes read successfully.", names)
    written = counter("node_disk_written_bytes", "The total number of bytes written successfully.", names)
    reads = counter("node_disk_reads_completed", "The total number of reads completed successfully.", names)
    writes = counter("node_disk_writes_completed", "The total number of writes completed successfully.", names)
    for device, io in psutil.disk_io_counters(perdisk=True, nowrap=False).items():
        read.add_metric([device], io.read_bytes)
        written.add_metric([device], io.write_bytes)
        reads.add_metric([device], io.read_count)
        writes.add_metric([device], io.write_count)
    return [read, reads, written, writes]


def network() -> list[Metric]:
    """What each interface has received and sent."""
    kinds = (
        ("receive_bytes", "bytes_recv"),
        ("receive_packets", "packets_recv"),
        ("receive_errs", "errin"),
        ("receive_drop", "dropin"),
        ("transmit_bytes", "bytes_sent"),
        ("transmit_packets", "packets_sent"),
        ("transmit_errs", "errout"),
        ("transmit_drop", "dropout"),
    )
    interfaces = psutil.net_io_counters(pernic=True, nowrap=False)
    found: list[Metric] = []
    for name, field in kinds:
        family = counter(f"node_network_{name}", f"Network device statistic {name}.", ["device"])
        for device, io in interfaces.items():
            family.add_metric([device], getattr(io, field))
        found.append(family)
    up = gauge("node_network_up", "Value is 1 if operstate is 'up', 0 otherwise.", labels=["device"])
    for device in interfaces:
        state = host_linux.operstate(device)
        if state is not None:
            up.add_metric([device], float(state == "up"))
    return [*found, up]


def load() -> list[Metric]:
    """Load averages."""
    values = os.getloadavg()
    return [
        gauge(f"node_load{minutes}", f"{minutes}m load average.", value)
        for minutes, value in zip((1, 5, 15), values, strict=True)
    ]


def uname() -> list[Metric]:
    """What system this is."""
    names = ["domainname", "machine", "nodename", "release", "sysname", "version"]
    info = gauge("node_uname_info", "Labeled system information as provided by the uname system call.", labels=names)
    system = os.uname()
    domain = host_linux.domainname() or "(none)"
    info.add_metric([domain, system.machine, system.nodename, system.release, system.sysname, system.version], 1.0)
    return [info]
