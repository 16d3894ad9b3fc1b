"""What a tracker costs its host: CPU of a decorated call beside prometheus_client's own `observe`, and of the import.

python bench/sdk_overhead.py [--rounds N] [--json FILE]

Folding what waits in batches into the metrics is part of every figure. A second table has the bare span of
OpenTelemetry's SDK, where that is installed. With PROMETHEUS_MULTIPROC_DIR set, all of it is in the multi-process mode.
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


def span() -> Callable[[], object] | None:
    """A block in a bare span whose processor discards it; None where OpenTelemetry's SDK is not installed."""
    try:
        from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    except ImportError:
        return None
    provider = TracerProvider()
    provider.add_span_processor(SpanProcessor())
    tracer = provider.get_tracer("bench")

    def spanned() -> str:
        with tracer.start_as_current_span("x"):
            return work()

    return spanned


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
    spanned = span()  # only now, as OpenTelemetry once loaded is asked for exemplars by every call
    if spanned is not None:
        spans = {"bare call": partial(repeat, work), "call in a bare span": partial(repeat, spanned)}
        beside = medians(spans, "bare call", arguments.rounds)
        print("\n" + table(("OpenTelemetry", "us", "us over a call"), [(name, *each) for name, each in beside.items()]))
        figures |= beside
    imported = import_ms()
    print(f"\nimport hivesight_sdk: {imported:.1f} ms")
    us = {name: {"us": each, "over": over} for name, (each, over) in figures.items()}
    write_json(arguments.json, {"cpu_per_call": us, "import_ms": imported})


if __name__ == "__main__":
    main()
