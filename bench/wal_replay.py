"""How fast the metrics store appends, and opens again: 5 million samples of targets and of single-series rule groups.

python bench/wal_replay.py [scratch directory]
"""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import structlog

from hivesight.model.clock import SystemClock
from hivesight.model.labels import Labels
from hivesight.storage.tsdb import Limits, Tsdb, WalOptions

SHAPES = (
    # groups, series of each, appends to each
    (5, 1000, 1000),
    (1, 50_000, 100),
    (500, 1, 400),
)


def opened(path: Path) -> Tsdb:
    return Tsdb.open(path, clock=SystemClock(), retention_ms=None, limits=Limits(), wal=WalOptions(checkpoint_bytes=0))


def timed(action: Callable[[], object]) -> float:
    began = time.process_time()
    action()
    return time.process_time() - began


def fill(store: Tsdb, groups: int, series: int, appends: int) -> None:
    handles = [store.group(f"target-{index}") for index in range(groups)]
    rows = [
        handle.register(
            [
                Labels({"__name__": f"metric_{i % 50}", "job": "bench", "instance": handle.key, "i": str(i)})
                for i in range(series)
            ]
        )
        for handle in handles
    ]
    values = np.random.default_rng(1).random(series)
    for step in range(appends):
        for handle, numbers in zip(handles, rows, strict=True):
            handle.append(step * 15_000, numbers, values + step)


def measure(path: Path, groups: int, series: int, appends: int) -> None:
    store = opened(path)
    total = groups * series * appends
    append_seconds = timed(lambda: fill(store, groups, series, appends))
    wal_bytes = store.stats().wal_bytes
    store.close()
    replay_seconds = timed(lambda: opened(path).close())
    store = opened(path)
    checkpoint_seconds = timed(lambda: store.truncate(0))
    store.close()
    load_seconds = timed(lambda: opened(path).close())
    rate = total / replay_seconds / 1e6
    print(f"{groups} x {series} series x {appends}: {total / 1e6:.1f} M samples, {wal_bytes / total:.1f} B/sample")
    print(f"     CPU: append {append_seconds:.2f} s, replay {replay_seconds:.2f} s ({rate:.1f} M samples/s)")
    print(f"     CPU: checkpoint {checkpoint_seconds:.2f} s, load it {load_seconds:.2f} s")


def main() -> None:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    for shape in SHAPES:
        with TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as directory:
            measure(Path(directory), *shape)
    print(f"peak RSS {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
