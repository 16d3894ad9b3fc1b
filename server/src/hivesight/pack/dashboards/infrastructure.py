"""What the hive runs on: targets, machines, containers, Redis and Postgres, and its own processes. Host metrics have
node_exporter's names, from it or from the embedded server; those of exporters are there where the exporter runs."""

from typing import Final

from hivesight.pack.dashboards import units
from hivesight.pack.dashboards.spec import Dashboard, Kind, Panel, Query, Row
from hivesight.pack.dashboards.variables import scope
from hivesight_sdk import semconv as m

_HOST: Final = 'job=~"$job", instance=~"$instance"'
_RATE: Final = "[$__rate_interval]"
_UP_OR_DOWN: Final = ((0.0, "down", "red"), (1.0, "up", "green"))


def _node(name: str, where: str = "") -> str:
    return f"node_{name}{{{', '.join(filter(None, (_HOST, where)))}}}"


def _cpu(where: str = "") -> str:
    return f"sum by (instance) (rate({_node('cpu_seconds_total', where)}{_RATE}))"


def _bytes(direction: str) -> str:
    return f"sum by (instance) (rate({_node(f'network_{direction}_bytes_total', _REAL_DEVICES)}{_RATE}))"


def _disk(direction: str) -> str:
    return f"sum by (instance) (rate({_node(f'disk_{direction}_bytes_total')}{_RATE}))"


_IDLE: Final = 'mode="idle"'
_REAL_DEVICES: Final = 'device!~"lo|veth.*|br-.*|docker.*"'
_AVAILABLE: Final = _node("filesystem_avail_bytes")
_FILESYSTEM: Final = (
    f"1 - {_AVAILABLE} / ({_node('filesystem_size_bytes')} - {_node('filesystem_free_bytes')} + {_AVAILABLE})"
)

_TARGETS: Final = Row(
    "Targets",
    (
        Panel(
            Kind.STATE_TIMELINE,
            "Targets",
            "Whether each target can be scraped; the hive's services have an alert of their own. A "
            "gap: nobody lists it.",
            (Query("up", "{{job}} {{instance}}"),),
            width=24,
            alerts=("TargetDown",),
            values=_UP_OR_DOWN,
        ),
    ),
)

_MACHINES: Final = Row(
    "Machines",
    (
        Panel(
            Kind.TIMESERIES,
            "CPU",
            "Share of the time in which processors were busy, all together.",
            (Query(f"1 - {_cpu(_IDLE)} / {_cpu()}", "{{instance}}"),),
            units.RATIO,
            alerts=("HighCPUUsage",),
            maximum=1,
        ),
        Panel(
            Kind.TIMESERIES,
            "Memory",
            "Share of memory that is not available any more; caches that can be dropped count as available.",
            (Query(f"1 - {_node('memory_MemAvailable_bytes')} / {_node('memory_MemTotal_bytes')}", "{{instance}}"),),
            units.RATIO,
            alerts=("HighMemoryUsage", "CriticalMemoryUsage"),
            maximum=1,
        ),
        Panel(
            Kind.BAR_GAUGE,
            "File systems",
            "Share of the space that ordinary users may fill which is full.",
            (Query(_FILESYSTEM, "{{instance}} {{mountpoint}}"),),
            units.RATIO,
            alerts=("HighDiskUsage",),
            maximum=1,
        ),
        Panel(
            Kind.TIMESERIES,
            "Load by processor",
            "Processes that run or wait, over a minute, for each processor. Above 1, some wait.",
            (
                Query(
                    f"sum by (instance) ({_node('load1')}) / count by (instance) ({_node('cpu_seconds_total', _IDLE)})",
                    "{{instance}}",
                ),
            ),
        ),
        Panel(
            Kind.TIMESERIES,
            "Pressure",
            "Share of the time in which something waited for processors, memory or disks (Linux' "
            "pressure stall information).",
            (
                Query(f"rate({_node('pressure_cpu_waiting_seconds_total')}{_RATE})", "{{instance}} CPU"),
                Query(f"rate({_node('pressure_memory_waiting_seconds_total')}{_RATE})", "{{instance}} memory"),
                Query(f"rate({_node('pressure_io_waiting_seconds_total')}{_RATE})", "{{instance}} disk"),
            ),
            units.RATIO,
            maximum=1,
        ),
        Panel(
            Kind.TIMESERIES,
            "Network",
            "Bytes a second on devices that lead outside.",
            (Query(_bytes("receive"), "{{instance}} in"), Query(_bytes("transmit"), "{{instance}} out")),
            units.BYTES_PER_SECOND,
        ),
        Panel(
            Kind.TIMESERIES,
            "Disks",
            "Bytes a second that disks read and wrote.",
            (Query(_disk("read"), "{{instance}} read"), Query(_disk("written"), "{{instance}} written")),
            units.BYTES_PER_SECOND,
        ),
        Panel(
            Kind.TIMESERIES,
            "Open files",
            "Share of the file handles that the system allows.",
            (Query(f"{_node('filefd_allocated')} / {_node('filefd_maximum')}", "{{instance}}"),),
            units.RATIO,
        ),
    ),
)

_PROCESSES: Final = Row(
    "Processes of the hive",
    (
        Panel(
            Kind.TIMESERIES,
            "CPU by component",
            "As the hive's own processes see it; within a control group, of its limit.",
            (Query(f"max by (job, component) ({m.CPU_USAGE.name})", "{{job}} {{component}}"),),
            units.unit_of(m.CPU_USAGE),
        ),
        Panel(
            Kind.TIMESERIES,
            "Memory by component",
            "Resident memory of the hive's processes, and of the system.",
            (Query(f"max by (job, component) ({m.MEMORY_USAGE.name})", "{{job}} {{component}}"),),
            units.unit_of(m.MEMORY_USAGE),
        ),
        Panel(
            Kind.TIMESERIES,
            "Lag of event loops (p99)",
            "How late the event loop of a service ran a timer: something blocks it.",
            (
                Query(
                    f"histogram_quantile(0.99, sum by (job, le) (rate({m.EVENT_LOOP_LAG.name}_bucket{_RATE})))",
                    "{{job}}",
                ),
            ),
            units.unit_of(m.EVENT_LOOP_LAG),
        ),
    ),
)

_CONTAINERS: Final = Row(
    "Containers (cAdvisor)",
    (
        Panel(
            Kind.TIMESERIES,
            "CPU of containers",
            "Processors that each container uses, the ten largest.",
            (
                Query(
                    f'topk(10, sum by (name) (rate(container_cpu_usage_seconds_total{{name!=""}}{_RATE})))', "{{name}}"
                ),
            ),
        ),
        Panel(
            Kind.TIMESERIES,
            "Memory of containers",
            "Working set of each container, which its limit counts; the ten largest.",
            (Query('topk(10, sum by (name) (container_memory_working_set_bytes{name!=""}))', "{{name}}"),),
            units.BYTES,
        ),
        Panel(
            Kind.TIMESERIES,
            "Throttling",
            "Share of the periods in which a container had used up its CPU quota.",
            (
                Query(
                    f'sum by (name) (rate(container_cpu_cfs_throttled_periods_total{{name!=""}}{_RATE})) / '
                    f'sum by (name) (rate(container_cpu_cfs_periods_total{{name!=""}}{_RATE}))',
                    "{{name}}",
                ),
            ),
            units.RATIO,
        ),
    ),
)

_STORES: Final = Row(
    "Redis and Postgres (their exporters)",
    (
        Panel(
            Kind.STAT,
            "Up",
            "Whether the exporter reaches its server.",
            (Query("redis_up", "Redis {{instance}}"), Query("pg_up", "Postgres {{instance}}")),
            width=4,
            values=_UP_OR_DOWN,
        ),
        Panel(
            Kind.TIMESERIES,
            "Redis memory",
            "Bytes that Redis uses.",
            (Query("redis_memory_used_bytes", "{{instance}}"),),
            units.BYTES,
            width=5,
        ),
        Panel(
            Kind.TIMESERIES,
            "Redis commands and evictions",
            "Commands a second, and keys a second that were dropped for want of memory.",
            (
                Query(f"rate(redis_commands_processed_total{_RATE})", "{{instance}} commands"),
                Query(f"rate(redis_evicted_keys_total{_RATE})", "{{instance}} evictions"),
            ),
            units.PER_SECOND,
            width=5,
        ),
        Panel(
            Kind.TIMESERIES,
            "Postgres connections",
            "Share of the connections that Postgres allows.",
            (
                Query(
                    "sum by (instance) (pg_stat_activity_count) / max by (instance) (pg_settings_max_connections)",
                    "{{instance}}",
                ),
            ),
            units.RATIO,
            width=5,
        ),
        Panel(
            Kind.TIMESERIES,
            "Postgres transactions and deadlocks",
            "Commits a second, and deadlocks a second.",
            (
                Query(f"sum by (instance) (rate(pg_stat_database_xact_commit{_RATE}))", "{{instance}} commits"),
                Query(f"sum by (instance) (rate(pg_stat_database_deadlocks{_RATE}))", "{{instance}} deadlocks"),
            ),
            units.PER_SECOND,
            width=5,
        ),
    ),
)

DASHBOARD: Final = Dashboard(
    "infrastructure",
    "Infrastructure",
    "Targets, machines, processes, containers and stores that the hive runs on.",
    scope("node_uname_info"),
    (_TARGETS, _MACHINES, _PROCESSES, _CONTAINERS, _STORES),
)
