"""What a tracker costs its host: CPU of a decorated call beside prometheus_client's own `observe`, and of the import.

python bench/sdk_overhead.py [--rounds N] [--json FILE]

Folding what waits in batches into the metrics is part of every figure. A second table has the same calls while tracing
is on, beside the bare span of OpenTelemetry's SDK. With PROMETHEUS_MULTIPROC_DIR set, all of it is in the multi-process
mode.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Histogram

import hivesight_sdk as sdk
from hivebench.report import table, write_json

CALLS = 1_000
OBSERVED = Histogram("observed_seconds", "Observed", ["tool"], registry=CollectorRegistry()).labels("t")
ANSWER = {
    "usage": {"prompt_tokens": 900, "completion_tokens": 80, "prompt_tokens_details": {"cached_tokens": 60}},
    "choices": [{"finish_reason": "stop"}],
}


def work() -> str:
    return "done"


async def awork() -> str:
    return "done"


def answer() -> dict[str, Any]:
    return ANSWER


def observed() -> str:
    result = work()
    OBSERVED.observe(0.001)
    return result


def timed_by_hand() -> str:
    began = time.perf_counter()
    result = work()
    OBSERVED.observe(time.perf_counter() - began)
    return result


def block() -> None:
    with sdk.tool("bench"):
        pass


BASE = "call and observe"
CASES: dict[str, Callable[[], object]] = {
    "bare call": work,
    BASE: observed,
    "call timed by hand": timed_by_hand,
    "prometheus_client's own @time()": OBSERVED.time()(work),
    '@track_latency("name")': sdk.track_latency("bench")(work),
    "@track_latency(your histogram)": sdk.track_latency(OBSERVED)(work),
    "@track_external_api": sdk.track_external_api("bench", "call")(work),
    "@tool": sdk.tool("bench")(work),
    "with tool": block,
    "@workflow": sdk.workflow("bench")(work),
    "@model_call": sdk.model_call("bench", "model")(work),
    "@model_call, with usage": sdk.model_call("bench", "model")(answer),
    "@handoff": sdk.handoff("bench", "other")(work),
    "@track_task": sdk.track_task("bench")(work),
    "@agent": sdk.agent("bench")(work),
}
COROUTINES: dict[str, Callable[[], Awaitable[object]]] = {
    "bare await": awork,
    "await @tool": sdk.tool("bench")(awork),
}


def fold() -> None:
    """Have what waits folded into the metrics: asking a family for a child does."""
    sdk.TOOL_CALLS.labels("bench", "success")


def repeat(function: Callable[[], object]) -> None:
    for _ in range(CALLS):
        function()
    fold()


async def repeat_awaiting(function: Callable[[], Awaitable[object]]) -> None:
    for _ in range(CALLS):
        await function()
    fold()


def cpu_us(action: Callable[[], object]) -> float:
    """Microseconds of CPU per call."""
    began = time.process_time()
    action()
    return (time.process_time() - began) / CALLS * 1e6


def medians(cases: dict[str, Callable[[], object]], base: str, rounds: int) -> dict[str, tuple[float, float]]:
    """For each case the CPU per call in microseconds, and how much of it is over that of `base` in the same round.

    The cases take turns, and a round is short, so that a slow moment of the machine meets all of them.
    """
    figures = [{name: cpu_us(action) for name, action in cases.items()} for _ in range(rounds)]
    return {
        name: (
            statistics.median(each[name] for each in figures),
            statistics.median(each[name] - each[base] for each in figures),
        )
        for name in cases
    }


def tracked() -> dict[str, Callable[[], object]]:
    calls = {name: partial(repeat, function) for name, function in CASES.items()}
    return calls | {name: partial(run, function) for name, function in COROUTINES.items()}


def run(function: Callable[[], Awaitable[object]]) -> None:
    asyncio.run(repeat_awaiting(function))


def in_bare_span() -> Callable[[], object]:
    """A call in a span of OpenTelemetry's own provider and batches, whose exporter discards it."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    exporter.shutdown()  # from then on it keeps nothing
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("bench")

    def spanned() -> str:
        with tracer.start_as_current_span("x"):
            return work()

    return spanned


def with_spans(rounds: int) -> list[tuple[str, float, float]]:
    """Each call with its figures and its span: CPU in microseconds, that of the exporting thread included, and as a
    multiple of the bare span's in the same round. The server that spans are for is away."""
    cases = {"call in a bare span": partial(repeat, in_bare_span()), **tracked()}
    base = "call in a bare span"
    with sdk.configure("bench", endpoint="http://127.0.0.1:9", resources=False):
        figures = [{name: cpu_us(action) for name, action in cases.items()} for _ in range(rounds)]
    return [
        (
            name,
            statistics.median(each[name] for each in figures),
            statistics.median(each[name] / each[base] for each in figures),
        )
        for name in cases
        if name == base or name.startswith("@")
    ]


def import_ms() -> float:
    """Milliseconds that `import hivesight_sdk` takes in a fresh interpreter."""
    program = "import time; b = time.perf_counter(); import hivesight_sdk; print((time.perf_counter() - b) * 1e3)"
    command = [sys.executable, "-c", program]
    return statistics.median(float(subprocess.check_output(command, text=True)) for _ in range(9))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100, help="rounds of 1,000 calls per case (%(default)s)")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    figures = medians(tracked(), BASE, arguments.rounds)
    print(table(("CPU per call", "us", "us over observe"), [(name, *each) for name, each in figures.items()]))
    # Only now, as OpenTelemetry once loaded is asked for exemplars by every call.
    spans = with_spans(max(1, arguments.rounds // 4))
    print("\n" + table(("CPU per call, tracing on", "us", "times a bare span"), spans))
    imported = import_ms()
    print(f"\nimport hivesight_sdk: {imported:.1f} ms")
    us = {name: {"us": each, "over": over} for name, (each, over) in figures.items()}
    traced = {name: {"us": each, "ratio": ratio} for name, each, ratio in spans}
    write_json(arguments.json, {"cpu_per_call": us, "cpu_per_call_with_span": traced, "import_ms": imported})


if __name__ == "__main__":
    main()
