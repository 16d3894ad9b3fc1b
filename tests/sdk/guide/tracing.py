"""A hive's tracing module in the guide's shape, and an orchestrator that uses it. The imports are others; the set-up
stays, Jaeger's old port and the numbered names of spans included."""

import asyncio
from types import SimpleNamespace

from hivesight_sdk.tracing.guide import (
    AsyncioInstrumentor,
    BatchSpanProcessor,
    JaegerExporter,
    LoggingInstrumentor,
    RequestsInstrumentor,
    TracerProvider,
    trace,
)


def setup_tracing():
    trace.set_tracer_provider(TracerProvider())
    tracer = trace.get_tracer(__name__)
    jaeger_exporter = JaegerExporter(agent_host_name="jaeger", agent_port=6831)
    span_processor = BatchSpanProcessor(jaeger_exporter)
    trace.get_tracer_provider().add_span_processor(span_processor)
    RequestsInstrumentor().instrument()
    AsyncioInstrumentor().instrument()
    LoggingInstrumentor().instrument()
    return tracer


tracer = setup_tracing()


class TracedOrchestrator:
    async def coordinate_agents(self, tasks):
        with tracer.start_as_current_span("coordinate_agents") as span:
            span.set_attribute("task_count", len(tasks))
            for i, task in enumerate(tasks):
                with tracer.start_as_current_span(f"process_task_{i}") as task_span:
                    task_span.set_attribute("task_type", task.type)
                    task_span.set_attribute("task_priority", task.priority)
                    result = await self.process_task(task)
                    task_span.set_attribute("task_result", result.status)
            span.set_attribute("coordination_status", "completed")

    async def process_task(self, task):
        return SimpleNamespace(status="completed")


tasks = [SimpleNamespace(type="review", priority="high"), SimpleNamespace(type="plan", priority="low")]
asyncio.run(TracedOrchestrator().coordinate_agents(tasks))
