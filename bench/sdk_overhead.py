"""What a tracker costs its host: CPU of a decorated call beside prometheus_client's own `observe`, and of the import.

python bench/sdk_overhead.py [--json FILE]
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, Histogram

import hivesight_sdk as sdk
from hivebench.report import table, write_json

CALLS = 20_000
ROUNDS = 15
OBSERVED = Histogram("observed_seconds", "Observed", ["tool"], registry=CollectorRegistry()).labels("t")


def nothing() -> None:
    pass


def observed() -> None:
    nothing()
    OBSERVED.observe(0.001)


async def anothing() -> None:
    pass


def timed_by_hand() -> None:
    began = time.perf_counter()
    nothing()
    OBSERVED.observe(time.perf_counter() - began)


def block() -> None:
    with sdk.tool("bench"):
        pass


CASES: dict[str, Callable[[], object]] = {
    "bare call": nothing,
    "call and observe": observed,
    "call timed by hand": timed_by_hand,
    "prometheus_client's own @time()": OBSERVED.time()(nothing),
    "@track_latency": sdk.track_latency(OBSERVED)(nothing),
    "@track_external_api": sdk.track_external_api("bench", "call")(nothing),
    "@tool": sdk.tool("bench")(nothing),
    "with tool": block,
    "@workflow": sdk.workflow("bench")(nothing),
    "@model_call": sdk.model_call("bench", "model")(nothing),
    "@track_task": sdk.track_task("bench")(nothing),
    "@agent": sdk.agent("bench")(nothing),
}
COROUTINES = {"bare await": anothing, "await @tool": sdk.tool("bench")(anothing)}


def cpu(action: Callable[[], object]) -> float:
    began = time.process_time()
    action()
    return (time.process_time() - began) / CALLS * 1e6


def repeat(function: Callable[[], object]) -> None:
    for _ in range(CALLS):
        function()


async def repeat_awaiting(function: Callable[[], object]) -> None:
    for _ in range(CALLS):
        await function()  # type: ignore[misc]


def medians() -> dict[str, float]:
    """Microseconds of CPU per call. The cases take turns, so that a slow moment of the machine meets all of them."""
    figures: dict[str, list[float]] = {name: [] for name in (*CASES, *COROUTINES)}
    for _ in range(ROUNDS):
        for name, function in CASES.items():
            figures[name].append(cpu(lambda function=function: repeat(function)))
        for name, function in COROUTINES.items():
            figures[name].append(cpu(lambda function=function: asyncio.run(repeat_awaiting(function))))
    return {name: statistics.median(each) for name, each in figures.items()}


def import_ms() -> float:
    """Milliseconds that `import hivesight_sdk` takes in a fresh interpreter."""
    program = "import time; b = time.perf_counter(); import hivesight_sdk; print((time.perf_counter() - b) * 1e3)"
    command = [sys.executable, "-c", program]
    return statistics.median(float(subprocess.check_output(command, text=True)) for _ in range(9))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    where = parser.parse_args().json
    figures = medians()
    base = figures["call and observe"]
    print(table(("CPU per call", "us", "us over observe"), [(n, each, each - base) for n, each in figures.items()]))
    imported = import_ms()
    print(f"\nimport hivesight_sdk: {imported:.1f} ms")
    write_json(where, {"cpu_us_per_call": figures, "import_ms": imported})


if __name__ == "__main__":
    main()
