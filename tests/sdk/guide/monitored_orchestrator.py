"""What uses the guide's metrics module, with the SDK in its place: the import is another, the rest is not."""

from hivesight_sdk import ACTIVE_AGENTS, TASKS_COMPLETED, track_latency, track_resource_usage


class MonitoredOrchestrator:
    @track_latency("coordination")
    async def coordinate_agents(self, tasks):
        ACTIVE_AGENTS.labels(agent_type="backend", status="active").set(5)
        for task in tasks:
            task()
        TASKS_COMPLETED.labels(agent_type="backend", status="completed", priority="medium").inc()

    @track_latency(metric_name="placement")
    def place(self, task):
        return task


def sample():
    track_resource_usage()
