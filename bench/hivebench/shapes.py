"""The questions that are timed: what dashboards and rules ask, by class."""

from typing import Final

REQUESTS: Final = "bench_requests_total"
QUEUE: Final = "bench_queue_length"
LATENCY: Final = "bench_latency_seconds_bucket"

AGGREGATED: Final = "aggregated"
HOURS: Final = "hour windows"
DUMPS: Final = "dumps"
PANEL: Final = "panel"

SHAPES: Final = (
    # class, query
    (AGGREGATED, f"sum(rate({REQUESTS}[5m]))"),
    (AGGREGATED, f"sum by (agent) (rate({REQUESTS}[5m]))"),
    (AGGREGATED, f"sum by (job, status) (rate({REQUESTS}[5m]))"),
    (AGGREGATED, f"max by (job) (irate({REQUESTS}[1m]))"),
    (AGGREGATED, f"count by (job) ({QUEUE} > 60)"),
    (AGGREGATED, f"avg without (queue) ({QUEUE})"),
    (AGGREGATED, f"quantile by (job) (0.9, {QUEUE})"),
    (AGGREGATED, f"stddev by (job) ({QUEUE})"),
    (AGGREGATED, f"topk(5, {QUEUE})"),
    (AGGREGATED, f"topk by (job) (3, rate({REQUESTS}[5m]))"),
    (AGGREGATED, f"histogram_quantile(0.95, sum by (le, route) (rate({LATENCY}[5m])))"),
    (AGGREGATED, f"histogram_quantile(0.5, sum by (le, job) (increase({LATENCY}[10m])))"),
    (
        AGGREGATED,
        f'sum by (agent) (rate({REQUESTS}{{status=~"20[4-7]"}}[5m])) / sum by (agent) (rate({REQUESTS}[5m]))',
    ),
    (
        AGGREGATED,
        f"sum by (job) ({QUEUE} * on (agent) group_left () sum by (agent) (rate({REQUESTS}[5m])))",
    ),
    (AGGREGATED, f"sum by (job) ({QUEUE}) - sum by (job) ({QUEUE} offset 10m)"),
    (HOURS, f"sum by (job) (increase({REQUESTS}[1h]))"),
    (HOURS, f"max by (job) (avg_over_time({QUEUE}[1h]))"),
    (HOURS, f"max by (job) (quantile_over_time(0.9, {QUEUE}[1h]))"),
    (HOURS, f"sum by (job) (stddev_over_time({QUEUE}[1h]))"),
    (HOURS, f"max by (job) (max_over_time({QUEUE}[1h]))"),
    (HOURS, f"max_over_time(sum(rate({REQUESTS}[5m]))[1h:1m])"),
    (DUMPS, QUEUE),
    (DUMPS, f"rate({REQUESTS}[5m])"),
    (PANEL, f'rate({REQUESTS}{{agent="agent-0001"}}[5m])'),
    (PANEL, f'{QUEUE}{{agent=~"agent-000[12]"}}'),
    (PANEL, f'histogram_quantile(0.9, sum by (le) (rate({LATENCY}{{agent="agent-0003"}}[5m])))'),
)
