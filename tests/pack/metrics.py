"""The metrics that there are: of the hive, of the server itself, and those of exporters that the pack asks for."""

import re
from pathlib import Path

from hivesight_sdk import semconv

DOCS = Path(__file__).parents[2] / "docs"
EXPORTERS = {
    "cadvisor": {
        "container_cpu_usage_seconds_total",
        "container_memory_working_set_bytes",
        "container_cpu_cfs_throttled_periods_total",
        "container_cpu_cfs_periods_total",
    },
    "redis_exporter": {
        *("redis_up", "redis_memory_used_bytes", "redis_commands_processed_total", "redis_evicted_keys_total"),
    },
    "postgres_exporter": {
        *("pg_up", "pg_stat_activity_count", "pg_settings_max_connections"),
        *("pg_stat_database_xact_commit", "pg_stat_database_deadlocks"),
    },
    "node_exporter": {
        *("node_cpu_seconds_total", "node_load1", "node_filefd_allocated", "node_filefd_maximum"),
        *("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes"),
        *("node_filesystem_avail_bytes", "node_filesystem_size_bytes", "node_filesystem_free_bytes"),
        *("node_disk_read_bytes_total", "node_disk_written_bytes_total"),
        *("node_network_receive_bytes_total", "node_network_transmit_bytes_total"),
        *("node_pressure_cpu_waiting_seconds_total", "node_pressure_memory_waiting_seconds_total"),
        "node_pressure_io_waiting_seconds_total",
    },
    "every process and server": {"up", "ALERTS", "process_cpu_seconds_total", "process_resident_memory_bytes"},
}


def known_metrics() -> set[str]:
    suffixes = {"histogram": ("_bucket", "_count", "_sum")}
    hive = {family.name + each for family in semconv.FAMILIES for each in suffixes.get(family.kind, ("",))}
    own = set(re.findall(r"^\| `(\w+)` \|", (DOCS / "metrics.md").read_text(), re.MULTILINE))
    return hive.union(own, *EXPORTERS.values())
