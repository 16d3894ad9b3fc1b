"""Native histograms in scrape groups: one append takes floats and histograms, all or none."""

from collections.abc import Callable

import numpy as np
import pytest

from hivesight.model.errors import LimitExceeded
from hivesight.model.histogram import CUSTOM, Histogram, HistogramGrid, Scale, cells_of
from hivesight.model.series import STALE
from hivesight.storage.tsdb import Appended, Limits, Refusal, Tsdb
from storage.conftest import ManualClock
from storage.test_push import HOUR, contents, histogram, labels

Open = Callable[..., Tsdb]


def append(store: Tsdb, time_ms: int, *samples: tuple[str, float | Histogram]) -> Appended:
    group = store.group("target")
    rows = group.register([labels(name) for name, _ in samples])
    known = [each for _, each in samples if isinstance(each, Histogram)]
    values = np.array([each.sum if isinstance(each, Histogram) else each for _, each in samples])
    place = np.full((len(samples), 1), -1, np.int64)
    place[[isinstance(each, Histogram) for _, each in samples], 0] = np.arange(len(known))
    return group.append(time_ms, rows, values, HistogramGrid(cells_of(known), place) if known else None)


def test_floats_and_histograms_of_one_append(open_store: Open) -> None:
    store = open_store()
    assert append(store, 1000, ("h", histogram(3, -2, 5)), ("f", 1.0)) == Appended(written=2)
    assert append(store, 2000, ("f", 2.0), ("h", histogram(9, -2, 7, 40)), ("g", histogram(1, 0))) == Appended(3)
    assert append(store, 3000, ("f", 3.0)) == Appended(1)
    assert append(store, 4000, ("f", 4.0), ("h", STALE), ("g", histogram(2, 0))) == Appended(3)
    expected = {
        "h": [(1000, histogram(3, -2, 5), 0), (2000, histogram(9, -2, 7, 40), 0), (4000, "stale", 0)],
        "f": [(time * 1000, float(time), 0) for time in (1, 2, 3, 4)],
        "g": [(2000, histogram(1, 0), 0), (4000, histogram(2, 0), 0)],
    }
    assert contents(store) == expected
    store.close()
    store = open_store()
    assert contents(store) == expected
    store._checkpoint()  # pyright: ignore[reportPrivateUsage]
    store.close()
    assert contents(open_store()) == expected


def test_what_cannot_be_taken_is_told(open_store: Open) -> None:
    store = open_store()
    append(store, 1000, ("h", histogram(3, 1)), ("f", 1.0))
    assert append(store, 1000, ("h", histogram(3, 1)), ("f", 1.0)) == Appended(2)
    assert append(store, 1000, ("f", histogram(3, 1)), ("h", histogram(3, 1))) == Appended(1, duplicate=1)
    assert append(store, 900, ("h", histogram(3, 1))) == Appended(out_of_order=1)
    assert append(store, 2000, ("h", histogram(4, 1)), ("h", histogram(5, 1))) == Appended(1, duplicate=1)
    group, grid = store.group("target"), HistogramGrid(cells_of([histogram(1, 1)] * 2), np.array([[0], [1]]))
    told = group.append(3000, np.array([-1, 77], np.int32), np.array([1.0, 1.0]), grid)
    assert told == Appended(refused=1, unknown=1)
    assert contents(store)["h"] == [(1000, histogram(3, 1), 0), (2000, histogram(4, 1), 0)]
    refused = store.stats().samples_refused_total
    assert (refused[Refusal.DUPLICATE], refused[Refusal.OUT_OF_ORDER], refused[Refusal.UNKNOWN_ROW]) == (2, 1, 1)


def test_memory_for_histograms_is_bounded(open_store: Open) -> None:
    """One wide histogram widens the place of all: it is refused before that, and so is all that comes with it."""
    store = open_store(limits=Limits(max_head_bytes=1 << 20))
    wide = Histogram(Scale(0), 10_000.0, 1.0, positive=dict.fromkeys(range(10_000), 1.0))
    narrow = [(f"h{each}", histogram(1, 0)) for each in range(100)]
    append(store, 1000, *narrow)
    with pytest.raises(LimitExceeded, match="max_head_bytes"):
        append(store, 2000, ("f", 1.0), ("wide", wide), *narrow)
    assert append(store, 2000, *narrow) == Appended(100)
    found = contents(store)
    assert "f" not in found and len(found["h7"]) == 2


def test_the_bound_counts_what_is_held(open_store: Open) -> None:
    store = open_store()
    before = store.stats().head_bytes
    for step in range(1, 50):
        append(store, step * 1000, *[(f"h{each}", histogram(step, *range(40))) for each in range(10)])
    held = store.stats().head_bytes - before
    assert held > 49 * 10 * 43 * 8
    assert store._writer._head_bytes == store.stats().head_bytes  # pyright: ignore[reportPrivateUsage]


def test_old_ones_move_to_blocks(open_store: Open, clock: ManualClock) -> None:
    store = open_store()
    expected: list[tuple[int, object, int]] = []
    for step in range(9 * 12):
        time_ms = HOUR + step * 300_000
        told = histogram(step + 1, step % 7, 40 + step % 3)
        append(store, time_ms, ("h", told), ("f", float(step)))
        expected.append((time_ms, told, 0))
    append(store, HOUR + 9 * HOUR, ("h", STALE), ("f", 1.0))
    clock.ms = 10 * HOUR
    store.truncate(clock.ms)
    assert store.stats().blocks > 1
    for _ in range(2):
        assert contents(store)["h"] == [*expected, (10 * HOUR, "stale", 0)]
        store.close()
        store = open_store()


def test_histograms_that_have_little_in_common(open_store: Open) -> None:
    """Each set of buckets comes back as it was, whichever others widened the place that it has."""
    store = open_store()
    expected: dict[str, list[tuple[int, object, int]]] = {}
    for step in range(1, 5):
        told: list[tuple[str, Histogram]] = []
        for each in range(60):
            keys = range(each * step % 50, each * step % 50 + 5 * (each % 4))
            scale = Scale(CUSTOM, 0.0, tuple(map(float, range(90 + each)))) if each % 3 == 0 else Scale(each % 5, 0.5)
            negative = {} if scale.custom else {each: 2.0, -each * step - 1: 3.0}
            positive = dict.fromkeys(keys, float(step))
            told.append((f"h{each}", Histogram(scale, 5.0 + each, 1.0, 0.0, positive, negative)))
        append(store, step * 1000, *told)
        for name, each in told:
            expected.setdefault(name, []).append((step * 1000, each, 0))
    assert contents(store) == expected
    store.close()
    assert contents(open_store()) == expected
