"""Samples of the past become blocks of a stopped store, all of them or none."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivesight.model.batch import Samples
from hivesight.model.errors import HivesightError, StartError
from hivesight.model.labels import Labels
from hivesight.model.series import is_absent
from hivesight.storage.tsdb import Tsdb
from hivesight.storage.tsdb.backfill.backfill import Backfill, spans
from hivesight.storage.tsdb.backfill.grouping import grouped, sorted_samples
from hivesight.storage.tsdb.backfill.series import BackfillSeries
from hivesight.storage.tsdb.backfill.spool import Spool

Open = Callable[..., Tsdb]
HOUR = 3_600_000


def samples(*rows: tuple[int, int, float]) -> Samples:
    refs, times, values = zip(*rows, strict=True) if rows else ((), (), ())
    return Samples(np.array(refs, np.int32), np.array(times, np.int64), np.array(values, np.float64))


def content(store: Tsdb) -> dict[Labels, dict[int, float]]:
    found: dict[Labels, dict[int, float]] = {}
    for block in store.select([], -(1 << 60), 1 << 60):
        for row, labels in enumerate(block.labels.all_labels()):
            there = ~is_absent(block.values[row])
            assert labels not in found
            found[labels] = dict(zip(block.times[there].tolist(), block.values[row][there].tolist(), strict=True))
    return found


def fill(path: Path, rows: Sequence[tuple[int, int, float]], **settings: int) -> tuple[int, int, int]:
    """Blocks, repeated and conflicting samples."""
    with Backfill(path, {}, **settings) as backfill:
        for each in range(3):
            backfill.series.register({"__name__": "m", "i": str(each)})
        backfill.take(samples(*rows))
        done = backfill.finish()
    return len(done.blocks), done.repeated, done.conflicting


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-40, 40), st.sampled_from([1.0, 2.0, -0.0])), max_size=60))
@settings(max_examples=60, deadline=None)
def test_grouping_keeps_the_first_of_each(rows: list[tuple[int, int, float]]) -> None:
    series = BackfillSeries({})
    for each in range(6):
        series.register({"__name__": "m", "i": str(each)})
    expected: dict[tuple[str, int], float] = {}
    for ref, time, value in rows:
        expected.setdefault((str(ref), time), value)
    found = sorted_samples(samples(*rows))
    assert len(found.samples) + found.repeated + found.conflicting == len(rows)
    got: dict[tuple[str, int], float] = {}
    for block in grouped(found.samples, series):
        assert block.values.size <= 2 * int((~is_absent(block.values)).sum())
        for row, labels in enumerate(block.labels.all_labels()):
            for column, time in enumerate(block.times.tolist()):
                if not is_absent(block.values[row])[column]:
                    assert (labels["i"], time) not in got
                    got[labels["i"], time] = float(block.values[row, column])
    assert {key: str(value) for key, value in got.items()} == {key: str(value) for key, value in expected.items()}


def test_what_is_imported_is_answered(open_store: Open, tmp_path: Path) -> None:
    rows = [(ref, time, float(time + ref)) for time in range(0, 60 * HOUR, HOUR // 2) for ref in range(3)]
    assert fill(tmp_path / "store", rows[::-1], max_at_once=100) == (3, 0, 0)
    found = content(open_store())
    assert found == {
        Labels({"__name__": "m", "i": str(ref)}): {time: value for each, time, value in rows if each == ref}
        for ref in range(3)
    }


def test_what_is_there_already_is_answered_once(open_store: Open, tmp_path: Path) -> None:
    store = open_store()
    refs = store.push.register([Labels({"__name__": "m", "i": "0"})])
    for time in range(0, 6 * HOUR, HOUR // 4):
        store.push.append(Samples(refs, np.full(1, time), np.full(1, float(time))))
    store.truncate(0)
    store.close()
    rows = [(0, time, float(time)) for time in range(-4 * HOUR, 6 * HOUR, HOUR // 4)]
    fill(tmp_path / "store", rows)
    fill(tmp_path / "store", [*rows, (0, 0, 0.0), (0, 0, 5.0)])
    again = open_store()
    assert again.stats().blocks > 2
    assert content(again) == {Labels({"__name__": "m", "i": "0"}): {time: value for _, time, value in rows}}


def test_repeated_and_conflicting_samples_are_counted(tmp_path: Path) -> None:
    assert fill(tmp_path / "store", [(0, 5, 1.0), (0, 5, 1.0), (0, 5, 2.0), (1, 5, 1.0)]) == (1, 1, 1)


@pytest.mark.parametrize("step", ["take", "finish"])
def test_what_is_not_finished_leaves_no_trace(tmp_path: Path, step: str) -> None:
    fill(tmp_path / "store", [(0, 0, 1.0)])
    before = sorted(str(each) for each in (tmp_path / "store").rglob("*"))
    rows = [(0, time * 24 * HOUR, 1.0) for time in range(4)] + [(1, 72 * HOUR + each, 1.0) for each in range(9)]
    with (
        pytest.raises((HivesightError, KeyError)) as caught,
        Backfill(tmp_path / "store", {}, max_at_once=8) as backfill,
    ):
        backfill.series.register({"__name__": "m"})
        backfill.series.register({"__name__": "n"})
        backfill.take(samples(*rows))
        if step == "take":
            raise KeyError
        backfill.finish()
    if step == "finish":
        assert "the series n has 9 samples between 259200 and 266400" in str(caught.value)
    assert sorted(str(each) for each in (tmp_path / "store").rglob("*")) == before


@pytest.mark.parametrize("moved", [0, 1, 3])
def test_a_crash_while_blocks_are_put_in_place(open_store: Open, tmp_path: Path, moved: int) -> None:
    """After the rename that decides, the next start brings the rest to its end."""
    rows = [(0, time * 24 * HOUR, float(time)) for time in range(3)]
    fill(tmp_path / "store", rows)
    blocks, made = tmp_path / "store" / "blocks", tmp_path / "store" / "import"
    made.mkdir()
    for each in sorted(blocks.iterdir())[moved:]:
        each.rename(made / each.name)
    store = open_store()
    assert content(store) == {Labels({"__name__": "m", "i": "0"}): {time: value for _, time, value in rows}}
    assert not made.exists()


def test_a_crash_before_leaves_nothing(open_store: Open, tmp_path: Path) -> None:
    fill(tmp_path / "store", [(0, 0, 1.0)])
    making = tmp_path / "store" / "import.tmp"
    shutil.copytree(tmp_path / "store" / "blocks", making)
    (making / "spool").mkdir()
    assert open_store().stats().blocks == 1
    assert not making.exists()


def test_a_running_server_keeps_the_store_to_itself(open_store: Open, tmp_path: Path) -> None:
    open_store()
    with pytest.raises(StartError, match="stop that server"):
        fill(tmp_path / "store", [(0, 0, 1.0)])


def test_bounds(tmp_path: Path) -> None:
    series = BackfillSeries({"a": "b"}, max_series=1)
    assert [series.register({"__name__": "m"}) for _ in range(2)] == [0, 0]
    assert series.labels(0) == {"__name__": "m", "a": "b"}
    with pytest.raises(ValueError, match="more than 1 series"):
        series.register({"__name__": "n"})
    spool = Spool(tmp_path, max_windows=2)
    spool.take(samples(*[(0, each * 2 * HOUR, 1.0) for each in range(3)]))
    with pytest.raises(ValueError, match="in seconds, not in milliseconds"):
        spool.flush()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, []),
        ({0: 1, 11: 1, 12: 1}, [[0, 11], [12]]),
        ({-1: 1, 0: 1}, [[-1], [0]]),
        ({0: 60_000_000, 1: 3_000_000, 2: 2_000_000, 3: 1}, [[0, 1], [2, 3]]),
        (
            {each * 12: 1 for each in range(101)},
            [[*range(each * 372, min(1212, each * 372 + 372), 12)] for each in range(4)],
        ),
    ],
)
def test_what_shares_a_block(counts: dict[int, int], expected: list[list[int]]) -> None:
    assert spans(counts) == expected
