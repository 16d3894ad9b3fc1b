"""Old blocks become one: which ones, with the same answers before, meanwhile and after, whatever happens in between."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hivesight.model.batch import Samples
from hivesight.model.histogram import Hint, Histogram, HistogramGrid, Scale, cells_of
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType
from hivesight.model.series import ABSENT, STALE, SeriesBlock, bits, is_absent
from hivesight.model.symbols import Symbols, label_table
from hivesight.storage.tsdb import Tsdb
from hivesight.storage.tsdb.assemble import assemble
from hivesight.storage.tsdb.block.meta import BlockMeta
from hivesight.storage.tsdb.block.shared import Shared
from hivesight.storage.tsdb.block.write import write_block
from hivesight.storage.tsdb.blocks import Blocks
from hivesight.storage.tsdb.compaction import compactor as compactor_module
from hivesight.storage.tsdb.compaction import merge
from hivesight.storage.tsdb.compaction.planning import MAX_SAMPLES, MAX_SERIES, candidates, spans
from hivesight.storage.tsdb.directory import Directory
from hivesight.storage.tsdb.verdicts import Verdicts

Open = Callable[..., Tsdb]
Content = dict[Labels, dict[int, tuple[int, int, Histogram | None]]]
HOUR = 3_600_000
DAY = 24 * HOUR


def content(blocks: Sequence[SeriesBlock]) -> Content:
    """Of each series by time the bits of the value, when its counter began, and the histogram where it is one."""
    found: Content = {}
    for block in blocks:
        values = np.ascontiguousarray(block.values)
        absent, patterns = is_absent(values), bits(values)
        for row, labels in enumerate(block.labels.all_labels()):
            assert labels not in found
            samples = found[labels] = {}
            for column in np.flatnonzero(~absent[row]).tolist():
                cell = -1 if block.histograms is None else int(block.histograms.place[row, column])
                histogram = block.histograms.cells.histogram(cell) if block.histograms and cell >= 0 else None
                start = 0 if block.starts is None else int(block.starts[row, column])
                pattern = 0 if histogram else int(patterns[row, column])
                samples[int(block.times[column])] = (pattern, start, histogram)
    return found


def answer(store: Tsdb) -> Content:
    return content(store.select([], -(1 << 60), 1 << 60))


def source(seed: int, symbols: Symbols, target: int, begin: int, *, rows: int = 12, samples: int = 20) -> SeriesBlock:
    """A scrape target's samples: some series come and go, some end, some are histograms, some say when they began."""
    random = np.random.default_rng([seed, target, begin])
    there = [each for each in range(rows) if each < 4 or random.random() < 0.6]
    labels = [Labels({"__name__": f"m{each % 3}", "i": str(each), "target": str(target)}) for each in there]
    table = label_table([labels[each] for each in random.permutation(len(labels))], symbols)
    times = begin + np.sort(random.permutation(samples * 2)[:samples]) * 60_000
    values = random.integers(0, 30, (len(there), samples)).astype(np.float64)
    values[random.random(values.shape) < 0.1] = ABSENT
    values[random.random(values.shape) < 0.05] = STALE
    values[:, 0] = 7.0
    grid = starts = None
    if target % 2:
        place = np.where(random.random(values.shape) < 0.3, random.integers(0, 5, values.shape), -1)
        place[is_absent(values) | (bits(values) == bits(np.array([STALE]))[0])] = -1
        scale = Scale(3, 0.001)
        grid = HistogramGrid(
            cells_of([Histogram(scale, 3.0, 4.5, 1.0, {n: 2.0}, {}, Hint(0)) for n in range(5)]), place
        )
    if target % 3 == 0:
        starts = np.where(is_absent(values), 0, begin)
    return SeriesBlock(table, times, values, grid, starts)


def make(path: Path, begins: Sequence[int], targets: int = 4, **shape: int) -> None:
    """A store with a block that begins at each of these times."""
    (path / "blocks").mkdir(parents=True)
    for number, begin in enumerate(begins):
        symbols = Symbols()
        sources = [source(number, symbols, target, begin, **shape) for target in range(targets)]
        # A series may be in two groups of one block.
        sources.append(source(99, symbols, 0, begin + 30_000, **shape))
        write_block(path / "blocks" / f"b{number}", sources)


def blocks_of(path: Path) -> Blocks:
    symbols = Symbols()
    return Blocks(Directory.open(path), Shared(symbols, Verdicts(symbols)))


@pytest.mark.parametrize(
    ("retention", "hours"),
    [
        (15 * DAY, [6, 18]),
        (HOUR, []),
        (60 * HOUR, [6]),
        (None, [6, 18, 54, 162, 486]),
        (1000 * DAY, [6, 18, 54, 162, 486]),
    ],
)
def test_periods(retention: int | None, hours: list[int]) -> None:
    assert [each // HOUR for each in spans(retention)] == hours


def meta(low: float, high: float, series: int = 1, samples: int = 1) -> BlockMeta:
    return BlockMeta(b"", int(low * HOUR), int(high * HOUR), 1, series, samples, 0, 1)


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([], []),
        ([(0, 1.9), (2, 3.9), (4, 5.9)], []),
        ([(0, 1.9), (2, 3.9), (4, 5.9), (6, 7.9)], [[0, 1, 2]]),
        ([(0, 1.9), (4, 5.9), (12, 13)], [[0, 1]]),
        ([(0, 5.9), (6, 11.9), (12, 17.9), (18, 19.9)], [[0, 1, 2]]),
        ([(0, 5.9), (6, 11.9), (12, 17.9), (17.95, 19.9)], []),
        ([(-6, -4.1), (-4, -2.1), (-2, -0.1), (0, 2)], [[0, 1, 2]] * 2),
        ([(0, 10), (2, 3), (9, 12), (13, 14)], [[0, 1, 2]]),
        ([(0, 2), (2, 3), (5, 6)], [[0, 1]]),
        ([(0, 30), (31, 32), (33, 34), (36, 37)], [[1, 2], [1, 2]]),
        ([(0, 1.9, MAX_SERIES), (2, 3.9), (6, 7.9)], []),
        ([(0, 1.9, 1, MAX_SAMPLES), (2, 3.9), (6, 7.9)], []),
    ],
)
def test_what_is_joined(blocks: list[Any], expected: list[list[int]]) -> None:
    assert list(candidates([meta(*each) for each in blocks], spans(10 * 18 * HOUR))) == expected


@pytest.mark.parametrize(
    ("begins", "left"),
    [
        ([0, 2 * HOUR, 4 * HOUR, 7 * HOUR], 2),
        ([0, 10 * 60_000, 20 * 60_000], 1),
        ([0, 0, 5 * 60_000, 9 * HOUR], 2),
        ([0, 2 * HOUR], 2),
    ],
    ids=["apart", "overlapping", "equal", "two"],
)
@pytest.mark.parametrize("cells", [8_000_000, 300])
def test_a_join_changes_no_answer(
    open_store: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begins: list[int], left: int, cells: int
) -> None:
    monkeypatch.setattr(merge, "_MAX_CELLS", cells)
    make(tmp_path / "store", begins)
    store = open_store()
    expected = answer(store)
    for _ in range(5):
        store.truncate(0)
    assert answer(store) == expected
    assert (store.stats().blocks, store.stats().compactions_total) == (left, left < len(begins))
    assert store.stats().compactions_failed_total == 0
    names = {each.name for each in (tmp_path / "store" / "blocks").iterdir()}
    assert len(names) == store.stats().blocks
    store.close()
    assert answer(open_store()) == expected


def test_readers_meanwhile_get_the_same_answer(tmp_path: Path) -> None:
    make(tmp_path / "store", [0, 2 * HOUR, 4 * HOUR])
    blocks = blocks_of(tmp_path / "store")
    whole = [Matcher("__name__", MatchType.REGEX, ".+")]

    def ask() -> Content:
        return content(assemble(blocks.select(whole, HOUR // 4, 3 * HOUR)))

    first = ask()
    asked: list[Content] = []
    assert blocks.rewrite(blocks.all(), lambda: asked.append(ask())) is not None
    assert len(asked) > 3
    assert all(each == first for each in [*asked, ask()])


def test_series_that_were_together_stay_together(tmp_path: Path) -> None:
    make(tmp_path / "store", [0, 2 * HOUR, 4 * HOUR], targets=1)
    blocks = blocks_of(tmp_path / "store")
    blocks.rewrite(blocks.all())
    assert blocks.all()[0].meta.groups <= 2 * 2, "the two sources, with and without histograms"


def test_a_short_lived_series_does_not_become_a_long_row(tmp_path: Path) -> None:
    symbols = Symbols()
    (tmp_path / "blocks").mkdir()
    for number in range(3):
        labels = [Labels({"__name__": "m", "i": str(each)}) for each in range(2)]
        labels += [Labels({"__name__": "m", "pod": str(each), "n": str(number)}) for each in range(200)]
        times = number * 2 * HOUR + np.arange(400) * 15_000
        write_block(
            tmp_path / "blocks" / f"b{number}",
            [SeriesBlock(label_table(labels, symbols), times, np.ones((len(labels), 400)))],
        )
    blocks = blocks_of(tmp_path)
    blocks.rewrite(blocks.all())
    found = blocks.select([Matcher("pod", MatchType.EQUAL, "3")], 0, DAY)
    assert [each.values.shape for each in found] == [(1, 400)] * 3


def test_what_was_deleted_is_gone(open_store: Open, tmp_path: Path) -> None:
    make(tmp_path / "store", [0, 2 * HOUR, 4 * HOUR, 7 * HOUR])
    store = open_store()
    store.delete([Matcher("i", MatchType.EQUAL, "1")], 10 * 60_000, 5 * HOUR)
    store.delete([Matcher("target", MatchType.EQUAL, "2")], 0, DAY)
    expected = answer(store)
    store.truncate(0)
    assert store.stats().compactions_total == 1
    assert answer(store) == expected
    store.clean()
    assert answer(store) == expected
    assert not list((tmp_path / "store").rglob("tombstones"))
    store.close()
    assert answer(open_store()) == expected


def test_blocks_of_which_all_is_deleted(open_store: Open, tmp_path: Path) -> None:
    make(tmp_path / "store", [0, 2 * HOUR, 7 * HOUR])
    store = open_store()
    store.delete([], 0, 6 * HOUR)
    store.truncate(0)
    assert (store.stats().blocks, store.stats().compactions_total) == (1, 1)


CRASHING = """
import os, shutil, signal, sys
from pathlib import Path
from hivesight.model.clock import SystemClock
from hivesight.storage.tsdb import Limits, Tsdb

given, copies = map(Path, sys.argv[1:])
watched = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate")
step = 0
while True:
    step += 1
    path = copies / str(step)
    shutil.copytree(given, path)
    child = os.fork()
    if not child:
        store = Tsdb.open(path, clock=SystemClock(), retention_ms=None, limits=Limits())
        left = step

        def dies(event, arguments):
            global left
            # In directories, os.rename and its like name files without their path: all that is watched counts.
            if event in watched and (event != "open" or str(path) in str(arguments[0])):
                left -= 1
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(dies)
        store.truncate(0)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if status == 0:
        break
    assert os.WTERMSIG(status) == signal.SIGKILL, status
print(step)
"""


def test_a_crash_at_any_step(open_store: Open, tmp_path: Path) -> None:
    """A process is killed before each thing that it does to the files; the next start finds every sample once."""
    make(tmp_path / "given", [0, 2 * HOUR, 4 * HOUR, 7 * HOUR], targets=2)
    store = open_store(tmp_path / "given")
    store.delete([Matcher("i", MatchType.EQUAL, "1")], 10 * 60_000, 5 * HOUR)
    expected = answer(store)
    store.close()
    copies = tmp_path / "copies"
    copies.mkdir()
    command = [sys.executable, "-c", CRASHING, str(tmp_path / "given"), str(copies)]
    steps = int(subprocess.run(command, check=True, capture_output=True).stdout.splitlines()[-1])
    assert steps > 15
    joined = 0
    for step in range(1, steps + 1):
        again = open_store(copies / str(step))
        assert answer(again) == expected, step
        assert again.stats().blocks_quarantined_total == 0, step
        assert not list((copies / str(step)).rglob("*.tmp")), step
        joined += again.stats().blocks == 2
        assert again.stats().blocks == len(list((copies / str(step) / "blocks").iterdir())) in (2, 4), step
        again.truncate(0)
        assert (again.stats().blocks, answer(again) == expected) == (2, True), step
        again.close()
    assert 3 < joined < steps, "some were killed before the new block was there, some after"


def test_a_damaged_block_is_set_aside_and_the_rest_joined(open_store: Open, tmp_path: Path) -> None:
    make(tmp_path / "store", [0, 2 * HOUR, 4 * HOUR, 7 * HOUR])
    tiles = tmp_path / "store" / "blocks" / "b1" / "tiles"
    data = bytearray(tiles.read_bytes())
    data[-5] ^= 1
    tiles.write_bytes(data)
    store = open_store()
    store.truncate(0)
    stats = store.stats()
    assert (stats.blocks_quarantined_total, stats.compactions_failed_total, stats.blocks) == (1, 1, 3)
    expected = answer(store)
    store.truncate(0)
    assert (store.stats().compactions_total, store.stats().blocks) == (1, 2)
    assert answer(store) == expected


def test_a_full_disk_leaves_the_blocks_and_is_tried_later(
    open_store: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    make(tmp_path / "store", [0, 2 * HOUR, 4 * HOUR, 7 * HOUR])
    store = open_store()
    expected = answer(store)
    before = sorted(str(each) for each in (tmp_path / "store" / "blocks").rglob("*"))
    with monkeypatch.context() as full:
        full.setattr(compactor_module.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
        for _ in range(2):
            store.truncate(0)
    assert (store.stats().compactions_failed_total, store.stats().blocks) == (1, 4)
    assert answer(store) == expected
    assert sorted(str(each) for each in (tmp_path / "store" / "blocks").rglob("*")) == before
    store.truncate(0)
    assert store.stats().compactions_total == 0, "not before an hour is over"
    clock.ms += HOUR
    store.truncate(0)
    assert (store.stats().compactions_total, answer(store) == expected) == (1, True)


def test_who_waits_for_the_blocks_goes_before_a_join(
    open_store: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "store", [0, 2 * HOUR, 4 * HOUR, 7 * HOUR])
    store = open_store()
    reading = merge._read
    deleting = threading.Thread(target=store.delete, args=([Matcher("i", MatchType.EQUAL, "1")], 0, DAY))

    def read(*arguments: Any) -> SeriesBlock:
        if deleting.ident is None:
            deleting.start()
            while not store._waiting:
                pass
        return reading(*arguments)

    monkeypatch.setattr(merge, "_read", read)
    store.truncate(0)
    deleting.join()
    assert (store.stats().compactions_total, store.stats().compactions_failed_total, store.stats().blocks) == (0, 0, 4)
    expected = answer(store)
    assert all(labels["i"] != "1" for labels in expected)
    store.truncate(0)
    assert (store.stats().compactions_total, answer(store) == expected) == (1, True)


def test_a_join_that_is_given_up_leaves_no_trace(tmp_path: Path) -> None:
    make(tmp_path / "store", [0, 2 * HOUR, 4 * HOUR, 7 * HOUR])
    blocks = blocks_of(tmp_path / "store")
    clock = SimpleNamespace(monotonic=lambda: 0.0, now_ms=lambda: 0)
    stopped = compactor_module.Compactor(blocks, None, clock, lambda: True)
    assert not stopped.run()
    assert (stopped.done, stopped.failed, len(blocks.all())) == (0, 0, 4)
    assert not list((tmp_path / "store" / "blocks").glob("*.tmp"))


def test_a_block_whose_predecessor_could_not_be_deleted_still_replaces_it(open_store: Open, tmp_path: Path) -> None:
    make(tmp_path / "store", [0, 2 * HOUR, 4 * HOUR, 7 * HOUR])
    shutil.copytree(tmp_path / "store" / "blocks" / "b0", tmp_path / "kept")
    store = open_store()
    store.truncate(0)
    shutil.copytree(tmp_path / "kept", tmp_path / "store" / "blocks" / "b0")
    store.delete([], 0, 3 * HOUR)
    expected = answer(store)
    store.clean()
    store.close()
    assert answer(open_store()) == expected


def test_days_of_pushing(open_store: Open) -> None:
    store = open_store()
    labels = [Labels({"__name__": "m", "i": str(each)}) for each in range(3)]
    refs = store.push.register(labels)
    every = 10 * 60_000
    for time in range(0, 4 * DAY, every):
        store.push.append(Samples(refs, np.full(3, time), np.full(3, float(time))))
        if time % HOUR == 0:
            store.truncate(0)
    stats = store.stats()
    assert stats.compactions_total > 12
    assert stats.blocks < 12
    times = list(range(0, 4 * DAY, every))
    for samples in answer(store).values():
        assert sorted(samples) == times
        assert [np.array([each[0]], np.uint64).view(np.float64)[0] for _, each in sorted(samples.items())] == times
