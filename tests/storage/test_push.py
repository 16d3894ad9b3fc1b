"""What senders push: order, lanes, what survives a restart, and how it moves to blocks."""

import numpy as np
import pytest

from hivesight.model.batch import Exemplar, Samples, Verdict
from hivesight.model.errors import LimitExceeded, StorageError
from hivesight.model.histogram import Histogram, Scale, cells_of
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType
from hivesight.model.metadata import Metadata
from hivesight.model.series import STALE, is_absent, is_stale
from hivesight.storage.tsdb import Limits, Refusal, Tsdb
from hivesight.storage.tsdb.cutting import window_end
from hivesight.storage.tsdb.lanes import MAX_ROWS

NOW = 1_800_000_000_000
HOUR = 3_600_000


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def now_ms(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.now / 1000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reopen(tmp_path, clock):
    """Opens the store, after closing what was open."""
    stores: list[Tsdb] = []

    def opened(retention_ms=None, retention_bytes=None, **limits) -> Tsdb:
        for each in stores:
            each.close()
        stores[:] = [
            Tsdb.open(
                tmp_path / "metrics",
                clock=clock,
                retention_ms=retention_ms,
                retention_bytes=retention_bytes,
                limits=Limits(**limits),
            )
        ]
        return stores[0]

    yield opened
    for each in stores:
        each.close()


def labels(name: str, **more: str) -> Labels:
    return Labels({"__name__": name, **more}.items())


def push(store: Tsdb, *samples: tuple[str, int, float | Histogram], starts: list[int] | None = None) -> list[Verdict]:
    refs = store.push.register([labels(name) for name, _, _ in samples])
    histograms = [each for _, _, each in samples if isinstance(each, Histogram)]
    cell = np.full(len(samples), -1)
    cell[[isinstance(each, Histogram) for _, _, each in samples]] = np.arange(len(histograms))
    values = [each.sum if isinstance(each, Histogram) else each for _, _, each in samples]
    verdicts = store.push.append(
        Samples(
            refs,
            np.array([time for _, time, _ in samples], np.int64),
            np.array(values, np.float64),
            cells_of(histograms) if histograms else None,
            cell if histograms else None,
            None if starts is None else np.array(starts, np.int64),
        )
    )
    return [Verdict(each) for each in verdicts.tolist()]


def contents(store: Tsdb, name: str | None = None) -> dict[str, list[tuple[int, object, int]]]:
    """Of each series its samples: time, value, start."""
    matchers = [] if name is None else [Matcher("__name__", MatchType.EQUAL, name)]
    found: dict[str, list[tuple[int, object, int]]] = {}
    for block in store.select(matchers, -(1 << 62), 1 << 62):
        for row in range(len(block.labels)):
            series = found.setdefault(block.labels.labels(row)["__name__"], [])
            assert not series, "a series is in two blocks"
            for column in np.flatnonzero(~is_absent(block.values[row])).tolist():
                value: object = float(block.values[row, column])
                if block.histograms is not None and block.histograms.place[row, column] >= 0:
                    value = block.histograms.cells.histogram(int(block.histograms.place[row, column]))
                elif is_stale(block.values[row : row + 1, column])[0]:
                    value = "stale"
                start = 0 if block.starts is None else int(block.starts[row, column])
                series.append((int(block.times[column]), value, start))
    return found


def histogram(count: float, *keys: int) -> Histogram:
    return Histogram(Scale(3), count, 10.0 * count, 0.0, dict.fromkeys(keys, 1.0))


def test_a_series_has_one_ref(reopen) -> None:
    store = reopen()
    first = store.push.register([labels("a"), labels("b"), labels("a")]).tolist()
    assert first[0] == first[2] != first[1]
    assert store.push.register([labels("b")]).tolist() == [first[1]]


@pytest.mark.parametrize(
    ("limits", "refused"),
    [
        ({"max_series": 3}, {Refusal.MAX_SERIES: 2}),
        ({"max_series_per_metric": 1}, {Refusal.MAX_SERIES_PER_METRIC: 2}),
        ({"max_labels_per_series": 2}, {Refusal.MAX_LABELS: 1}),
        ({"max_label_bytes": 30}, {Refusal.MAX_LABEL_BYTES: 2}),
        ({"max_symbol_bytes": 50}, {Refusal.MAX_SYMBOL_BYTES: 2}),
    ],
)
def test_of_a_request_the_first_new_series_are_taken_up_to_a_limit(reopen, limits, refused) -> None:
    sent = [labels("a"), labels("b", x="1"), labels("a"), labels("a", x="1", y="2"), labels("c", x="é" * 20)]
    sent.append(labels("b", x="é" * 20))
    store = reopen(**limits)
    refs = store.push.register(sent).tolist()
    assert store.stats().series_refused_total == refused
    assert refs[0] == refs[2] >= 0
    assert len({each for each in refs if each >= 0}) == 5 - sum(refused.values())
    again = store.push.register(sent).tolist()
    assert again == refs, "neither who is taken nor who is refused changes with the next request"


def test_samples_are_selected_and_survive_a_restart(reopen) -> None:
    store = reopen()
    told = [("a", 1000, 1.0), ("b", 1000, 2.0), ("a", 2000, 3.0), ("b", 2500, STALE), ("c", 2500, 7.0)]
    assert push(store, *told) == [Verdict.WRITTEN] * 5
    expected = {"a": [(1000, 1.0, 0), (2000, 3.0, 0)], "b": [(1000, 2.0, 0), (2500, "stale", 0)], "c": [(2500, 7.0, 0)]}
    assert contents(store) == expected
    store = reopen()
    assert contents(store) == expected
    assert push(store, ("a", 1500, 9.0), ("b", 3000, 4.0)) == [Verdict.OUT_OF_ORDER, Verdict.WRITTEN]


def test_order_within_a_request_means_nothing(reopen) -> None:
    store = reopen()
    verdicts = push(store, ("a", 3000, 3.0), ("a", 1000, 1.0), ("a", 3000, 3.0), ("a", 3000, 4.0), ("a", 2000, 2.0))
    assert verdicts == [Verdict.WRITTEN, Verdict.WRITTEN, Verdict.WRITTEN, Verdict.DUPLICATE, Verdict.WRITTEN]
    assert contents(store) == {"a": [(1000, 1.0, 0), (2000, 2.0, 0), (3000, 3.0, 0)]}


def test_what_is_there_already(reopen) -> None:
    store = reopen()
    push(store, ("a", 1000, 1.0), ("b", 1000, 1.0))
    assert push(store, ("a", 1000, 1.0), ("b", 1000, 2.0)) == [Verdict.WRITTEN, Verdict.DUPLICATE]
    assert store.stats().samples_refused_total[Refusal.DUPLICATE] == 1


def test_late_samples_within_the_window(reopen) -> None:
    store = reopen()
    push(store, ("a", 100_000, 1.0))
    store.push.out_of_order_ms = 50_000
    assert push(store, ("a", 60_000, 0.5), ("a", 49_000, 0.1)) == [Verdict.WRITTEN, Verdict.OUT_OF_ORDER]
    assert push(reopen(), ("a", 70_000, 0.5)) == [Verdict.OUT_OF_ORDER]
    assert contents(reopen()) == {"a": [(60_000, 0.5, 0), (100_000, 1.0, 0)]}


def test_bounds_of_time(reopen) -> None:
    store = reopen(retention_ms=HOUR)
    verdicts = push(
        store,
        ("a", NOW - 2 * HOUR, 1.0),
        ("a", NOW, 1.0),
        ("b", NOW + HOUR, 1.0),
        ("c", 1 << 62, 1.0),
        ("d", -(1 << 63), 0.0),
    )
    assert verdicts == [Verdict.OUT_OF_BOUNDS, Verdict.WRITTEN, *[Verdict.OUT_OF_BOUNDS] * 3]


def test_histograms_and_starts_survive(reopen) -> None:
    store = reopen()
    told = [("h", 1000, histogram(3, -2, 5)), ("f", 1000, 1.0), ("h", 2000, histogram(9, -2, 7, 40)), ("h", 3000, 5.0)]
    assert push(store, *told, starts=[1, 2, 3, 0]) == [Verdict.WRITTEN] * 4
    expected = {
        "h": [(1000, histogram(3, -2, 5), 1), (2000, histogram(9, -2, 7, 40), 3), (3000, 5.0, 0)],
        "f": [(1000, 1.0, 2)],
    }
    assert contents(store) == expected
    assert contents(reopen()) == expected
    store = reopen()
    store._checkpoint()  # pyright: ignore[reportPrivateUsage]
    assert contents(reopen()) == expected
    assert contents(reopen(), "f") == {"f": expected["f"]}


def test_series_of_one_time_share_a_lane_of_bounded_size(reopen) -> None:
    store = reopen()
    names = [f"m{each}" for each in range(MAX_ROWS + 10)]
    for step in range(3):
        push(store, *[(name, 1000 * step, 1.0) for name in names])
    assert store.stats().groups == 2
    push(store, *[("late", 5000, 1.0), *((name, 4000, 1.0) for name in names)])
    assert store.stats().groups == 3
    assert sum(map(len, contents(store).values())) == 4 * len(names) + 1


def test_limits_refuse_new_series_alone(reopen) -> None:
    store = reopen(max_series=2)
    push(store, ("a", 1000, 1.0))
    assert store.push.register([labels("b"), labels("c"), labels("a")]).tolist() == [1, -1, 0]
    assert push(store, ("c", 1000, 1.0), ("b", 1000, 1.0)) == [Verdict.REFUSED, Verdict.WRITTEN]
    store = reopen(max_head_bytes=1)
    with pytest.raises(LimitExceeded):
        push(store, ("d", 2000, 1.0))
    assert "d" not in contents(store)


def test_a_disk_that_takes_nothing_leaves_nothing(reopen, monkeypatch) -> None:
    store = reopen()
    push(store, ("a", 1000, 1.0))

    def full(data: bytes) -> None:
        raise StorageError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(store._wal, "write", full)  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(StorageError):
            push(store, ("a", 2000, 2.0), ("new", 2000, 1.0))
    assert contents(store) == {"a": [(1000, 1.0, 0)]}
    assert push(store, ("a", 2000, 2.0), ("new", 2000, 1.0)) == [Verdict.WRITTEN] * 2
    assert contents(reopen()) == {"a": [(1000, 1.0, 0), (2000, 2.0, 0)], "new": [(2000, 1.0, 0)]}


def test_retention_forgets_a_series_and_takes_it_again(reopen, clock) -> None:
    store = reopen(retention_ms=HOUR)
    ref = store.push.register([labels("a")])
    push(store, ("a", NOW, 1.0))
    for _ in range(3):
        clock.now += 2 * HOUR
        store.truncate(clock.now)
    sample = Samples(ref, np.array([clock.now]), np.array([2.0]))
    assert store.push.append(sample).tolist() == [Verdict.UNKNOWN]
    assert push(store, ("a", clock.now, 2.0)) == [Verdict.WRITTEN]
    assert contents(reopen(retention_ms=HOUR)) == {"a": [(clock.now, 2.0, 0)]}


def test_exemplars_and_metadata_survive(reopen) -> None:
    store = reopen()
    example = Exemplar(labels("a"), Labels([("trace_id", "x")]), 1.5, 1000)
    assert store.push.keep_exemplars([example, example]) == 1
    store.push.describe({"a": Metadata("counter", "Help.", "s")})
    for _ in range(2):
        store = reopen()
        anything = [[Matcher("__name__", MatchType.EQUAL, "a")]]
        assert store.exemplars(anything, 0, 2000) == {labels("a"): [example]}
        assert store.metadata() == {"a": Metadata("counter", "Help.", "s")}
        store._checkpoint()  # pyright: ignore[reportPrivateUsage]


def test_exemplars_of_one_time_come_again(reopen) -> None:
    """A native histogram exposes those of all its buckets at every scrape."""
    store = reopen()

    def examples(*told: tuple[int, float, str]) -> list[Exemplar]:
        return [Exemplar(labels("h"), Labels([("trace_id", trace)]), value, time) for time, value, trace in told]

    first = examples((1000, 1.0, "a"), (1000, 1.0, "b"), (1000, float("nan"), "c"), (1000, 2.0, "a"))
    assert store.push.keep_exemplars(first) == 3
    assert store.push.keep_exemplars(first) == 0
    assert store.push.keep_exemplars(examples((999, 5.0, "d"), (1000, 2.0, "b"), (1001, 0.5, "e"))) == 2


@pytest.fixture
def filled(reopen):
    """Nine hours of three series, pushed and scraped."""
    store = reopen()
    group = store.group("job/target")
    rows = group.register([labels("scraped")])
    for step in range(9 * 60):
        time = NOW - 9 * HOUR + step * 60_000
        push(store, ("a", time, float(step)), ("h", time, histogram(step, step % 7)))
        group.append(time, rows, np.array([step / 2]))
    return store


def test_old_samples_move_to_blocks(filled, reopen) -> None:
    expected = contents(filled)
    before = filled.stats()
    filled.truncate(NOW)
    assert contents(filled) == expected
    stats = filled.stats()
    assert stats.blocks == 4
    assert stats.head_bytes < before.head_bytes
    assert contents(reopen()) == expected
    store = reopen()
    assert store.stats().min_time_ms > NOW - 3 * HOUR
    assert push(store, ("a", NOW, 1.0), ("a", NOW - 8 * HOUR, 1.0)) == [Verdict.WRITTEN, Verdict.OUT_OF_ORDER]
    assert store.series([], NOW - 9 * HOUR, NOW - 8 * HOUR) == sorted(labels(name) for name in ("a", "h", "scraped"))


def test_what_is_written_meanwhile_stays_in_memory(filled, reopen, monkeypatch) -> None:
    filled.push.out_of_order_ms = 24 * HOUR
    write = filled._blocks.write  # pyright: ignore[reportPrivateUsage]

    def slow(*args):
        block = write(*args)
        push(filled, ("a", NOW - 9 * HOUR + 1, -1.0))
        return block

    with monkeypatch.context() as patch:
        patch.setattr(filled._blocks, "write", slow)  # pyright: ignore[reportPrivateUsage]
        filled.truncate(NOW)
    assert contents(filled)["a"][1] == (NOW - 9 * HOUR + 1, -1.0, 0)
    assert contents(reopen())["a"][1] == (NOW - 9 * HOUR + 1, -1.0, 0)


def test_a_damaged_block_is_set_aside(filled, reopen, tmp_path) -> None:
    filled.truncate(NOW)
    every = len(contents(filled)["a"])
    path = sorted((tmp_path / "metrics" / "blocks").iterdir())[0]
    index = bytearray((path / "index").read_bytes())
    index[-20] ^= 1
    (path / "index").write_bytes(index)
    store = reopen()
    assert 0 < len(contents(store)["a"]) < every
    assert not path.exists()
    assert len(list((tmp_path / "metrics" / "quarantine").iterdir())) == 1


def test_retention_removes_blocks_by_age_and_size(filled, reopen) -> None:
    filled.truncate(NOW)
    store = reopen(retention_ms=6 * HOUR)
    assert store.stats().blocks == 2
    store = reopen(retention_bytes=1)
    assert store.stats().blocks == 0


def named(name: str) -> list[Matcher]:
    return [Matcher("__name__", MatchType.EQUAL, name)]


def test_deleted_samples_are_gone_from_memory_and_blocks(filled, reopen, tmp_path) -> None:
    filled.truncate(NOW)
    expected = contents(filled)
    first, last = NOW - 7 * HOUR, NOW - HOUR
    filled.delete(named("a"), first, last)
    expected["a"] = [each for each in expected["a"] if not first <= each[0] <= last]
    assert contents(filled) == expected
    assert contents(reopen()) == expected
    store = reopen()
    assert store.clean() == 3
    assert contents(store) == expected
    assert len(list((tmp_path / "metrics" / "blocks").iterdir())) == 4
    store.delete(named("a"), 0, NOW)
    store.clean()
    assert "a" not in contents(reopen())


def test_a_snapshot_opens_as_a_store(filled, clock, tmp_path) -> None:
    filled.truncate(NOW)
    expected = contents(filled)
    name = filled.snapshot()
    push(filled, ("a", NOW, 1.0))
    copy = Tsdb.open(tmp_path / "metrics" / "snapshots" / name, clock=clock, retention_ms=None, limits=Limits())
    try:
        assert contents(copy) == expected
    finally:
        copy.close()


def test_a_metric_that_explodes_is_named_with_its_label(reopen) -> None:
    store = reopen(max_series_per_metric=5, max_series_per_target=3)
    series = [labels("a", user=f"u{each}", job="j") for each in range(7)]
    assert (store.push.register([*series, labels("b")]) >= 0).tolist() == [True] * 5 + [False] * 2 + [True]
    push(store, ("b", 1000, 1.0))
    group = store.group("target")
    assert (group.register([labels("c", user=f"u{each}") for each in range(5)]) >= 0).sum() == 3
    refused = store.stats().series_refused_total
    assert refused == {Refusal.MAX_SERIES_PER_METRIC: 2, Refusal.MAX_SERIES_PER_TARGET: 2}


@pytest.mark.parametrize(
    ("low", "high", "head_bytes", "end"),
    [
        (0, 3 * HOUR - 1, 0, None),
        (0, 3 * HOUR, 0, 2 * HOUR),
        (HOUR, 3 * HOUR, 0, 2 * HOUR),
        (0, 90 * HOUR // 60, 1 << 30, HOUR),
        (5 * HOUR, 100 * HOUR, 0, 24 * HOUR),
    ],
)
def test_when_samples_move_to_a_block(low: int, high: int, head_bytes: int, end: int | None) -> None:
    assert window_end(low, high, head_bytes) == end
