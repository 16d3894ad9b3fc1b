"""Parts of a selection against a slow oracle that knows nothing of columns."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from hivesight.model.histogram import Histogram, HistogramCells, HistogramGrid, Scale, cells_of
from hivesight.model.labels import Labels
from hivesight.model.series import ABSENT, STALE, SeriesBlock, bits, is_absent, is_sample
from hivesight.model.symbols import LabelTable, Symbols, label_table
from hivesight.storage.tsdb.assemble import assemble

Sample = tuple[int, int, Histogram | None]
"""The bits of the value, when its counter began, and the histogram where it is one."""
Answer = dict[Labels, dict[int, Sample]]


def read(part: SeriesBlock) -> Answer:
    """A block sample by sample."""
    found: Answer = {}
    assert part.values.shape == (len(part.labels), len(part.times))
    assert (np.diff(part.times) > 0).all()
    patterns = bits(part.values)
    for row, labels in enumerate(part.labels.all_labels()):
        assert labels not in found
        found[labels] = {}
        for column, time in enumerate(part.times.tolist()):
            cell = -1 if part.histograms is None else int(part.histograms.place[row, column])
            if is_absent(part.values)[row, column]:
                assert cell == -1
                continue
            start = 0 if part.starts is None else int(part.starts[row, column])
            histogram = None if cell < 0 or part.histograms is None else part.histograms.cells.histogram(cell)
            value = int(patterns[row, column]) if histogram is None else 0
            found[labels][time] = (value, start, histogram)
    return found


def expected(parts: Sequence[SeriesBlock]) -> Answer:
    stale = int(bits(np.array([STALE]))[0])
    answer: Answer = {}
    for part in parts:
        for labels, samples in read(part).items():
            known = answer.setdefault(labels, {})
            for time, sample in samples.items():
                there = known.get(time)
                if sample[0] != stale or sample[2] is not None or there is None or there[0] == stale:
                    known[time] = sample
    return answer


def answered(blocks: Sequence[SeriesBlock]) -> Answer:
    answer: Answer = {}
    for block in blocks:
        for labels, samples in read(block).items():
            assert labels not in answer
            answer[labels] = samples
        if block.histograms is not None:
            used = np.unique(block.histograms.place)
            assert used[used >= 0].tolist() == list(range(len(block.histograms.cells)))
    return answer


def block(
    symbols: Symbols, times: Sequence[int], rows: Mapping[str, Sequence[float]], starts: Sequence[Sequence[int]] = ()
) -> SeriesBlock:
    """Rows by the value of their label `i`."""
    table = label_table([Labels({"__name__": "m", "i": each}) for each in rows], symbols)
    values = np.array(list(rows.values()), dtype=np.float64).reshape(len(rows), len(times))
    begun = np.array(starts, dtype=np.int64) if starts else None
    return SeriesBlock(table, np.array(times, dtype=np.int64), values, None, begun)


def random_part(random: np.random.Generator, symbols: Symbols, times: Sequence[int], histograms: bool) -> SeriesBlock:
    everyone = [Labels({"__name__": "m", "i": str(i), f"only{i % 3}": "x"}) for i in range(12)]
    chosen = [everyone[i] for i in random.permutation(12)[: random.integers(0, 13)]]
    table = label_table(chosen, symbols)
    order = random.permutation(len(table.names))
    table = LabelTable(tuple(table.names[i] for i in order), table.codes[:, order], symbols)
    shape = (len(chosen), len(times))
    values = random.integers(0, 1000, shape).astype(np.float64)
    kind = random.random(shape)
    values[kind < 0.3] = ABSENT
    values[kind > 0.8] = STALE
    starts = random.integers(0, 99, shape) * ~is_absent(values) if random.random() < 0.5 else None
    grid = None
    if histograms and random.random() < 0.7:
        held = is_sample(values) & (random.random(shape) < 0.5)
        place = np.full(shape, -1, dtype=np.int64)
        place[held] = np.arange(held.sum())
        schema = int(random.integers(0, 3))
        made = [
            Histogram(Scale(schema), n + 1.0, 2.0, 0.0, {n % 4: 1.0 + n, 2: 1.0}, {-1: 2.0} if schema else {})
            for n in range(int(held.sum()))
        ]
        grid = HistogramGrid(cells_of(made), place) if made else None
    return SeriesBlock(table, np.array(times, dtype=np.int64), values, grid, starts)


@pytest.mark.parametrize("seed", range(60))
def test_as_the_oracle_says(seed: int) -> None:
    random = np.random.default_rng(seed)
    symbols = Symbols()
    parts: list[SeriesBlock] = []
    for nth in range(int(random.integers(2, 7))):
        low = nth * 5 if seed % 3 else 0
        times = np.sort(random.permutation(np.arange(low, low + (5 if seed % 3 == 1 else 9)))[: random.integers(1, 6)])
        parts.append(random_part(random, symbols, times.tolist(), histograms=bool(seed % 2)))
    before = [part.values.copy() for part in parts]
    answer = answered(assemble(parts))
    assert answer == expected(parts)
    assert answered(assemble(parts)) == answer
    for part, values in zip(parts, before, strict=True):
        assert np.array_equal(bits(part.values), bits(values))


def test_parts_with_nothing_in_common_are_answered_as_they_are() -> None:
    symbols = Symbols()
    parts = [block(symbols, [n], {f"{n}": [1.0], f"{n}b": [2.0]}) for n in range(5)]
    assert all(one is other for one, other in zip(assemble(parts), parts, strict=True))
    assert assemble(parts[:1])[0] is parts[0]
    assert assemble([]) == []


def test_the_answer_keeps_its_tables_for_the_same_tables() -> None:
    symbols = Symbols()
    old = block(symbols, [1, 2], {"a": [1.0, 2.0], "b": [3.0, 4.0]})
    new = block(symbols, [3], {"b": [5.0], "a": [6.0]})
    grown = SeriesBlock(new.labels, np.array([3, 4]), np.array([[5.0, 7.0], [6.0, 8.0]]))
    (first,), (second,) = assemble([old, new]), assemble([old, grown])
    assert first.labels is new.labels
    assert second.labels is new.labels
    assert second.values.tolist() == [[3.0, 4.0, 5.0, 7.0], [1.0, 2.0, 6.0, 8.0]]
    part = block(symbols, [5], {"a": [1.0], "c": [2.0]})
    tables = [[each.labels for each in assemble([old, new, part])] for _ in range(2)]
    assert all(one is other for one, other in zip(*tables, strict=True))


@pytest.mark.parametrize(
    ("old", "new", "stands"),
    [
        (1.0, 2.0, 2.0),
        (1.0, ABSENT, 1.0),
        (ABSENT, 2.0, 2.0),
        (1.0, STALE, 1.0),
        (STALE, 2.0, 2.0),
        (STALE, STALE, STALE),
        (ABSENT, STALE, STALE),
        (STALE, ABSENT, STALE),
        (1.0, np.nan, np.nan),
    ],
)
def test_which_sample_stands(old: float, new: float, stands: float) -> None:
    symbols = Symbols()
    (found,) = assemble([block(symbols, [1], {"a": [old]}), block(symbols, [1], {"a": [new]})])
    assert bits(found.values).tolist() == bits(np.array([[stands]])).tolist()


def test_a_float_covers_a_histogram_and_the_other_way_round() -> None:
    symbols = Symbols()
    cells: HistogramCells = cells_of([Histogram(Scale(0), 3.0, 6.0, 0.0, {1: 3.0})])
    plain = block(symbols, [1], {"a": [7.0]}, starts=[[5]])
    native = SeriesBlock(plain.labels, plain.times, np.zeros((1, 1)), HistogramGrid(cells, np.zeros((1, 1), np.int64)))
    (found,) = assemble([native, plain])
    assert (found.values.tolist(), found.histograms) == ([[7.0]], None)
    assert found.starts is not None
    assert found.starts.tolist() == [[5]]
    (found,) = assemble([plain, native])
    assert found.histograms is not None
    assert found.histograms.cells.histogram(0).count == 3.0
    assert found.starts is not None
    assert found.starts.tolist() == [[0]]
