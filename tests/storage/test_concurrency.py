"""One writer and several readers at once: every snapshot a reader gets is whole, and stays as it was."""

import threading
from collections.abc import Callable

import numpy as np

from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType
from hivesight.model.series import bits, is_absent
from hivesight.storage.tsdb import Tsdb, WalOptions

SCRAPES = 400


def test_readers_see_whole_columns_while_a_writer_appends(open_store: Callable[..., Tsdb]) -> None:
    store = open_store(retention_ms=200, wal=WalOptions(segment_bytes=50_000, checkpoint_bytes=0))
    done = threading.Event()
    problems: list[str] = []
    looked = [0, 0]

    def read(index: int) -> None:
        kept: list[tuple[np.ndarray, np.ndarray]] = []
        rule = Matcher("i", MatchType.REGEX, "1.*" if index else ".*")
        while not done.is_set():
            for block in store.select([Matcher("__name__", MatchType.EQUAL, "m"), rule], 0, 1 << 60):
                looked[index] += 1
                there = ~is_absent(block.values)
                right = np.broadcast_to(block.times.astype(float), block.values.shape)
                if not np.array_equal(block.values[there], right[there]):
                    problems.append("a value that does not belong to its time")
                if len(block.labels) != block.values.shape[0] or (np.diff(block.times) <= 0).any():
                    problems.append("a torn block")
                if len(kept) < 200:
                    kept.append((block.values, block.values.copy()))
            store.label_values("i", [], 0, 1 << 60)
            store.stats()
        for block_values, copy in kept:
            if not np.array_equal(bits(block_values), bits(copy)):
                problems.append("a snapshot changed")

    readers = [threading.Thread(target=read, args=(index,)) for index in range(2)]
    for reader in readers:
        reader.start()
    try:
        groups = [store.group("a"), store.group("b")]
        for time in range(1, SCRAPES):
            for group in groups:
                labels = [Labels({"__name__": "m", "g": group.key, "i": str(i)}) for i in range(20 + time // 10)]
                rows = group.register(labels)
                value = np.full(len(rows), float(time))
                group.append(time, rows[::2], value[::2])
                group.append(time, rows[1::2], value[1::2])
            if time % 50 == 0:
                store.truncate(time)
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert problems == []
    assert min(looked) > 0


def test_writers_are_serialised(open_store: Callable[..., Tsdb]) -> None:
    store = open_store()

    def write(key: str) -> None:
        group = store.group(key)
        rows = group.register([Labels({"__name__": "m", "key": key, "i": str(i)}) for i in range(10)])
        for time in range(100):
            group.append(time, rows, np.full(10, float(time)))

    writers = [threading.Thread(target=write, args=(f"g{index % 4}",)) for index in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert store.stats().samples_appended_total == 4 * 10 * 100
    before = store.stats()
    store.close()
    after = open_store().stats()
    assert (after.series, after.replay.samples) == (before.series, 4000)
