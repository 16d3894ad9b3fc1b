"""What uses the guide's performance monitor, with the SDK's in its place: the mocks replaced, as the guide asks."""

import asyncio
from datetime import datetime

from hivesight_sdk import PerformanceMetrics, PerformanceMonitor


class HiveMonitor(PerformanceMonitor):
    def __init__(self, collection_interval: int = 30):
        super().__init__(collection_interval)
        self.sent = []

    async def get_active_agents_count(self) -> int:
        return 5

    async def get_task_queue_length(self) -> int:
        return 10

    async def get_coordination_latency(self) -> float:
        return 150.0

    async def get_decision_confidence(self) -> float:
        return 0.85

    async def get_errors_per_minute(self) -> int:
        return 2

    async def send_alerts(self, alerts, metrics: PerformanceMetrics):
        self.sent.append(
            {
                "timestamp": metrics.timestamp.isoformat(),
                "alerts": alerts,
                "current_metrics": {
                    "cpu_percent": metrics.cpu_percent,
                    "memory_percent": metrics.memory_percent,
                    "coordination_latency_ms": metrics.coordination_latency_ms,
                    "errors_per_minute": metrics.errors_per_minute,
                },
            }
        )


def busy() -> PerformanceMetrics:
    return PerformanceMetrics(
        timestamp=datetime.now(),
        cpu_percent=97.0,
        memory_percent=50.0,
        disk_usage_percent=96.0,
        network_io={"bytes_sent": 10, "bytes_recv": 20},
        active_agents=5,
        task_queue_length=10,
        coordination_latency_ms=750.0,
        decision_confidence=0.85,
        errors_per_minute=12,
    )


async def watch(monitor: HiveMonitor) -> dict:
    monitoring = asyncio.create_task(monitor.start_monitoring())
    while not monitor.metrics_history:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    monitor.running = False
    await monitoring
    return monitor.get_performance_summary(hours=1)


async def judge(monitor: HiveMonitor, metrics: PerformanceMetrics) -> list:
    for figure in ("cpu_percent", "coordination_latency_ms", "errors_per_minute"):
        monitor.alert_thresholds[figure] = float(monitor.alert_thresholds[figure])
    await monitor.check_alerts(metrics)
    return monitor.sent
