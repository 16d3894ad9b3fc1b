"""Blocks on disk: bytes per sample, and how fast they are written, opened and read, on data like a node_exporter's.

python bench/blocks.py [scratch directory]
"""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np

from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType
from hivesight.model.series import SeriesBlock
from hivesight.model.symbols import Symbols, label_table
from hivesight.storage.tsdb.block.block import Block
from hivesight.storage.tsdb.block.shared import Shared
from hivesight.storage.tsdb.block.write import write_block
from hivesight.storage.tsdb.verdicts import Verdicts

TARGETS, METRICS, DEVICES, SAMPLES, BLOCKS = 10, 50, 20, 480, 100
T = TypeVar("T")


def timed(action: Callable[[], T]) -> tuple[T, float]:
    began = time.process_time()
    result = action()
    return result, time.process_time() - began


def target(number: int, symbols: Symbols, random: np.random.Generator) -> SeriesBlock:
    """1,000 series: a third never change, a third are counters of events, the rest seconds of two decimals, bytes in
    pages, and ratios of full precision."""
    labels = [
        Labels(
            {
                "__name__": f"node_metric_{metric}",
                "device": f"sd{device}",
                "instance": f"host-{number}:9100",
                "job": "node",
            }
        )
        for metric in range(METRICS)
        for device in range(DEVICES)
    ]
    shape = (DEVICES, SAMPLES)
    kinds: list[Callable[[], np.ndarray]] = [
        lambda: np.repeat(random.integers(0, 1 << 30, (DEVICES, 1)), SAMPLES, axis=1),
        lambda: random.poisson(random.integers(1, 300, (DEVICES, 1)), shape).cumsum(axis=1),
        lambda: np.round((random.random(shape) * 15).cumsum(axis=1), 2),
        lambda: 4096 * (1_000_000 + random.integers(-500, 500, shape).cumsum(axis=1)),
        lambda: np.repeat(random.integers(0, 2, (DEVICES, 1)), SAMPLES, axis=1),
        lambda: np.where(random.random(shape) < 0.02, 1, 0).cumsum(axis=1),
        lambda: random.poisson(2, shape).cumsum(axis=1),
        lambda: np.repeat(random.random((DEVICES, 1)), SAMPLES, axis=1),
        lambda: np.where(random.random(shape) < 0.002, 1, 0).cumsum(axis=1),
        lambda: random.random(shape),
    ]
    values = np.concatenate([np.asarray(kinds[metric % len(kinds)](), np.float64) for metric in range(METRICS)])
    times = 1_700_000_000_000 + number * 311 + 15_000 * np.arange(SAMPLES) + random.integers(0, 3, SAMPLES)
    return SeriesBlock(label_table(labels, symbols), times, values)


def small(number: int, symbols: Symbols) -> SeriesBlock:
    labels = Labels({"__name__": "pushed", "sender": str(number)})
    times = 1_700_000_000_000 + number + 15_000 * np.arange(SAMPLES)
    return SeriesBlock(label_table([labels], symbols), times, np.arange(SAMPLES, dtype=np.float64)[np.newaxis])


def main() -> None:
    random = np.random.default_rng(1)
    scratch = sys.argv[1] if len(sys.argv) > 1 else None
    with TemporaryDirectory(dir=scratch) as directory:
        path = Path(directory)
        symbols = Symbols()
        sources = [target(number, symbols, random) for number in range(TARGETS)]
        meta, seconds = timed(lambda: write_block(path / "large", sources))
        assert meta is not None
        rate = meta.samples / seconds / 1e6
        print(
            f"write {meta.series} series, {meta.samples / 1e6:.1f} M samples: {meta.nbytes / meta.samples:.3f} B each,",
            end=" ",
        )
        print(f"{seconds:.2f} s CPU ({rate:.1f} M samples/s)")
        names = Symbols()
        common = Shared(names, Verdicts(names))
        block, seconds = timed(lambda: Block.open(path / "large", common))
        print(f"open it: {seconds * 1e3:.1f} ms; verify it: {timed(block.verify)[1]:.2f} s")
        one = [Matcher("__name__", MatchType.EQUAL, "node_metric_1")]
        common = Shared(common.symbols, common.verdicts)
        block = Block.open(path / "large", common)
        for name, matchers in (("one metric", one), ("everything", [])):
            for state in ("cold", "warm"):
                answer, seconds = timed(lambda asked=matchers: block.select(asked, 0, 1 << 60))
                cells = sum(each.values.size for each in answer)
                print(f"select {name}, {state}: {seconds * 1e3:.2f} ms, {cells / seconds / 1e6:.0f} M samples/s")
        for number in range(BLOCKS):
            write_block(path / f"many-{number}", [sources[0]])
        common = Shared(common.symbols, common.verdicts)
        many, seconds = timed(lambda: [Block.open(path / f"many-{number}", common) for number in range(BLOCKS)])
        print(f"open {BLOCKS} blocks of {len(sources[0].labels)} series: {seconds * 1e3:.0f} ms")
        for state in ("cold", "warm"):
            seconds = timed(lambda: [each.select(one, 0, 1 << 60) for each in many])[1]
            print(f"select one metric of them, {state}: {seconds * 1e3:.1f} ms")
        meta, seconds = timed(lambda: write_block(path / "small", (small(each, symbols) for each in range(5000))))
        assert meta is not None
        print(f"write 5000 groups of one series: {seconds:.2f} s, {meta.nbytes / meta.samples:.3f} B/sample")
        block, seconds = timed(lambda: Block.open(path / "small", common))
        print(f"open it: {seconds * 1e3:.0f} ms; select all: {timed(lambda: block.select([], 0, 1 << 60))[1]:.2f} s")
    print(f"peak RSS {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
