"""The store as its callers see it: register, append, select, limits, retention, snapshots."""

import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from hivesight.model.errors import LimitExceeded, StorageError
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType
from hivesight.model.series import ABSENT, NAN_BITS, STALE, bits, is_absent
from hivesight.storage.tsdb import Appended, Limits, Refusal, Tsdb, WalOptions

Open = Callable[..., Tsdb]
FOREVER = (-(1 << 60), 1 << 60)


def samples(
    store: Tsdb, *matchers: Matcher, start: int = FOREVER[0], end: int = FOREVER[1]
) -> dict[str, dict[int, float]]:
    """What select gives, as {series: {time: value}}; fails where two series have equal labels or an empty answer."""
    found: dict[str, dict[int, float]] = {}
    for block in store.select(matchers, start, end):
        assert block.values.shape == (len(block.labels), len(block.times))
        assert (np.diff(block.times) > 0).all()
        for row, labels in enumerate(block.labels.all_labels()):
            assert str(labels) not in found
            kept = ~is_absent(block.values[row])
            assert kept.any()
            found[str(labels)] = dict(zip(block.times[kept].tolist(), block.values[row][kept].tolist(), strict=True))
    return found


def metric(name: str, **labels: str) -> Labels:
    return Labels({"__name__": name, **labels})


def append(store: Tsdb, key: str, time: int, values: dict[Labels, float]) -> Appended:
    group = store.group(key)
    return group.append(time, group.register(list(values)), np.array(list(values.values())))


def equal(name: str, value: str) -> Matcher:
    return Matcher(name, MatchType.EQUAL, value)


def test_append_and_select(open_store: Open) -> None:
    store = open_store()
    assert append(store, "a", 10, {metric("up", job="x"): 1.0, metric("n", job="x"): 5.0}) == Appended(written=2)
    assert append(store, "a", 20, {metric("up", job="x"): 0.0}) == Appended(written=1)
    assert samples(store) == {'up{job="x"}': {10: 1.0, 20: 0.0}, 'n{job="x"}': {10: 5.0}}
    assert samples(store, equal("__name__", "n")) == {'n{job="x"}': {10: 5.0}}


@pytest.mark.parametrize(
    ("start", "end", "times"),
    [
        (10, 30, [10, 20, 30]),
        (11, 29, [20]),
        (20, 20, [20]),
        (31, 99, None),
        (0, 9, None),
        (30, 10, None),
        (-(1 << 80), 1 << 80, [10, 20, 30]),
        (1 << 80, 1 << 90, None),
        (-(1 << 90), -(1 << 80), None),
    ],
)
def test_the_interval_is_closed(open_store: Open, start: int, end: int, times: list[int] | None) -> None:
    store = open_store()
    for time in (10, 20, 30):
        append(store, "a", time, {metric("up"): 1.0})
    found = samples(store, start=start, end=end)
    assert found == ({"up": dict.fromkeys(times, 1.0)} if times else {})


@pytest.mark.parametrize(
    ("matchers", "expected"),
    [
        ([], "abcd"),
        ([equal("x", "1")], "a"),
        ([equal("x", "")], "cd"),
        ([Matcher("x", MatchType.NOT_EQUAL, "1")], "bcd"),
        ([Matcher("x", MatchType.NOT_EQUAL, "")], "ab"),
        ([Matcher("x", MatchType.REGEX, "1|2")], "ab"),
        ([Matcher("x", MatchType.REGEX, "1?")], "acd"),
        ([Matcher("x", MatchType.REGEX, "never")], ""),
        ([Matcher("x", MatchType.NOT_REGEX, ".+")], "cd"),
        ([equal("never", "")], "abcd"),
        ([equal("never", "seen")], ""),
        ([equal("__name__", "a")], "a"),
        ([equal("__name__", "never")], ""),
        ([equal("__name__", "")], ""),
        ([Matcher("__name__", MatchType.REGEX, "[bc]")], "bc"),
        ([Matcher("__name__", MatchType.NOT_EQUAL, "b"), equal("__name__", "c")], "c"),
        ([Matcher("__name__", MatchType.NOT_REGEX, "a|b"), equal("y", "z")], "d"),
    ],
    ids=lambda value: ",".join(map(str, value)) or "none",
)
def test_matchers(open_store: Open, matchers: Sequence[Matcher], expected: str) -> None:
    store = open_store()
    append(store, "one", 1, {metric("a", x="1"): 1.0, metric("b", x="2"): 1.0, metric("c"): 1.0})
    append(store, "two", 1, {metric("d", y="z"): 1.0})
    for _ in range(2):  # the second time from what is remembered
        found = [labels.name for labels in store.series(matchers, *FOREVER)]
        assert "".join(found) == expected
        assert sorted(samples(store, *matchers)) == [str(each) for each in store.series(matchers, *FOREVER)]


def test_series_without_a_name(open_store: Open) -> None:
    store = open_store()
    append(store, "a", 1, {Labels({"x": "1"}): 1.0, Labels(): 2.0, metric("m"): 3.0})
    assert samples(store, equal("__name__", "")) == {'{x="1"}': {1: 1.0}, "{}": {1: 2.0}}


def test_names_and_values_are_those_of_series_in_the_interval(open_store: Open) -> None:
    store = open_store()
    append(store, "a", 10, {metric("m", x="1", only_old="yes"): 1.0, metric("m", x="2"): 1.0})
    append(store, "a", 20, {metric("m", x="2"): 1.0, metric("m", x="3"): 1.0})
    assert store.label_names([], *FOREVER) == ["__name__", "only_old", "x"]
    assert store.label_names([], 15, 99) == ["__name__", "x"]
    assert store.label_values("x", [], *FOREVER) == ["1", "2", "3"]
    assert store.label_values("x", [], 15, 99) == ["2", "3"]
    assert store.label_values("x", [Matcher("x", MatchType.NOT_EQUAL, "2")], 15, 99) == ["3"]
    assert store.label_values("never", [], *FOREVER) == []


@pytest.mark.parametrize(
    ("time", "value", "expected", "kept"),
    [
        (5, 1.0, Appended(out_of_order=1), {10: 7.0}),
        (10, 7.0, Appended(written=1), {10: 7.0}),
        (10, 8.0, Appended(duplicate=1), {10: 7.0}),
        (10, STALE, Appended(duplicate=1), {10: 7.0}),
        (11, 8.0, Appended(written=1), {10: 7.0, 11: 8.0}),
    ],
)
def test_order(open_store: Open, time: int, value: float, expected: Appended, kept: dict[int, float]) -> None:
    store = open_store()
    append(store, "a", 10, {metric("m"): 7.0})
    assert append(store, "a", time, {metric("m"): value}) == expected
    assert samples(store) == {"m": kept}


def test_filling_the_newest_time(open_store: Open) -> None:
    store = open_store()
    append(store, "a", 10, {metric("a"): 1.0, metric("b"): 2.0})
    before = store.select([], *FOREVER)[0]
    shown = before.values.copy()
    got = append(store, "a", 10, {metric("b"): 9.0, metric("c"): 3.0, metric("a"): 1.0})
    assert got == Appended(written=2, duplicate=1)
    assert samples(store) == {"a": {10: 1.0}, "b": {10: 2.0}, "c": {10: 3.0}}
    assert np.array_equal(bits(shown), bits(before.values)), "a snapshot does not change"


def test_a_snapshot_does_not_change_when_a_cell_is_filled(open_store: Open) -> None:
    store = open_store()
    group = store.group("a")
    rows = group.register([metric("a"), metric("b")])
    group.append(10, rows[:1], np.array([1.0]))
    group.append(20, rows[:1], np.array([2.0]))
    (before,) = (block for block in store.select([], *FOREVER))
    group.append(20, rows[1:], np.array([3.0]))
    assert before.values.tolist() == [[1.0, 2.0]]
    assert samples(store) == {"a": {10: 1.0, 20: 2.0}, "b": {20: 3.0}}


def test_one_batch_may_name_a_row_twice(open_store: Open) -> None:
    store = open_store()
    group = store.group("a")
    rows = group.register([metric("b"), metric("a"), metric("b")])
    assert rows.tolist() == [0, 1, 0]
    got = group.append(10, np.array([1, 0, 0, 0], np.int32), np.array([1.0, 2.0, 2.0, 3.0]))
    assert got == Appended(written=3, duplicate=1)
    assert samples(store) == {"a": {10: 1.0}, "b": {10: 2.0}}


def test_nans(open_store: Open) -> None:
    store = open_store()
    group = store.group("a")
    rows = group.register([metric("m", kind=kind) for kind in ("stale", "nan", "pattern of absent", "inf")])
    group.append(10, rows, np.array([STALE, np.nan, ABSENT, -np.inf]))
    (block,) = store.select([], *FOREVER)
    nan = int(NAN_BITS)
    assert bits(block.values)[:, 0].tolist() == [0x7FF0000000000002, nan, nan, 0xFFF0000000000000]


def test_refused_and_unknown_rows_are_counted(open_store: Open) -> None:
    store = open_store()
    group = store.group("a")
    group.register([metric("m")])
    assert group.append(10, np.array([-1, 0, 7], np.int32), np.ones(3)) == Appended(written=1, refused=1, unknown=1)
    assert group.append(10, np.array([], np.int32), np.array([])) == Appended()
    assert store.stats().samples_refused_total == {Refusal.REFUSED_SERIES: 1, Refusal.UNKNOWN_ROW: 1}


@pytest.mark.parametrize(
    ("time", "rows", "values"),
    [(1, [0, 0], [1.0]), (1 << 62, [0], [1.0]), (-(1 << 70), [0], [1.0]), (1, [[0]], [[1.0]])],
)
def test_a_callers_mistake_is_a_value_error(open_store: Open, time: int, rows: list[int], values: list[float]) -> None:
    store = open_store()
    group = store.group("a")
    group.register([metric("m")])
    with pytest.raises(ValueError, match=r"shape|range"):
        group.append(time, np.array(rows, np.int32), np.array(values))
    assert samples(store) == {}


def test_equal_labels_in_two_groups_are_one_series(open_store: Open) -> None:
    store = open_store()
    append(store, "old", 10, {metric("m", i="1"): 1.0, metric("m", i="2"): 1.0})
    append(store, "old", 20, {metric("m", i="1"): 2.0, metric("m", i="2"): 2.0})
    append(store, "new", 20, {metric("m", i="1"): 3.0, metric("m", i="3"): 3.0})
    append(store, "new", 30, {metric("m", i="1"): 4.0})
    append(store, "old", 30, {metric("m", i="1"): STALE})
    expected = {
        'm{i="1"}': {10: 1.0, 20: 3.0, 30: 4.0},
        'm{i="2"}': {10: 1.0, 20: 2.0},
        'm{i="3"}': {20: 3.0},
    }
    assert samples(store) == expected
    assert samples(store, end=15) == {'m{i="1"}': {10: 1.0}, 'm{i="2"}': {10: 1.0}}
    assert store.series([equal("i", "1")], *FOREVER) == [metric("m", i="1")]
    store.close()
    assert samples(open_store()) == expected


def test_a_group_without_its_metric_is_left_out_and_tables_stay_the_same_object(open_store: Open) -> None:
    store = open_store()
    append(store, "a", 1, {metric("m"): 1.0, metric("n"): 1.0})
    append(store, "b", 1, {metric("n"): 1.0})
    (first,) = store.select([equal("__name__", "m")], *FOREVER)
    append(store, "a", 2, {metric("m"): 1.0, metric("n"): 1.0})
    (second,) = store.select([equal("__name__", "m")], *FOREVER)
    assert second.labels is first.labels
    assert second.times.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("limits", "labels", "reason"),
    [
        (Limits(max_series=1), metric("n"), Refusal.MAX_SERIES),
        (Limits(max_labels_per_series=2), metric("n", a="1", b="2"), Refusal.MAX_LABELS),
        (Limits(max_label_bytes=20), metric("n", a="é" * 6), Refusal.MAX_LABEL_BYTES),
        (Limits(max_symbol_bytes=40), metric("n", a="x" * 40), Refusal.MAX_SYMBOL_BYTES),
    ],
)
def test_limits_on_series(open_store: Open, limits: Limits, labels: Labels, reason: Refusal) -> None:
    store = open_store(limits=limits)
    group = store.group("a")
    assert group.register([metric("m"), labels]).tolist() == [0, -1]
    assert group.register([metric("m")]).tolist() == [0], "what is there stays"
    stats = store.stats()
    assert stats.series_refused_total == {reason: 1}
    assert stats.series == 1


def test_limits_on_groups_and_bytes_name_their_setting(open_store: Open) -> None:
    store = open_store(limits=Limits(max_groups=1, max_head_bytes=100_000))
    group = store.group("a")
    store.group("a")
    with pytest.raises(LimitExceeded, match="max_groups"):
        store.group("b")
    rows = group.register([metric("m", i=str(i)) for i in range(100)])
    values = np.ones(100)
    with pytest.raises(LimitExceeded, match="max_head_bytes"):
        for time in range(1000):
            group.append(time, rows, values)
    stats = store.stats()
    assert stats.head_bytes <= 100_000
    assert stats.samples_refused_total == {Refusal.HEAD_BYTES: 100}
    assert len(samples(store)) == 100


def test_retention(open_store: Open) -> None:
    store = open_store(retention_ms=100)
    append(store, "a", 1000, {metric("gone"): 1.0, metric("kept"): 1.0})
    append(store, "a", 1150, {metric("kept"): 2.0})
    append(store, "b", 1000, {metric("gone_too"): 1.0})
    store.truncate(1100)
    assert store.stats().series == 3
    store.truncate(1200)
    assert samples(store) == {"kept": {1150: 2.0}}
    store.truncate(1201)
    stats = store.stats()
    assert (stats.series, stats.groups, stats.series_dropped_total) == (1, 1, 2)
    assert (stats.min_time_ms, stats.max_time_ms) == (1150, 1150)
    assert store.label_values("__name__", [], *FOREVER) == ["kept"]


def test_a_dropped_row_is_unknown_and_its_number_is_not_given_to_another_series(open_store: Open) -> None:
    store = open_store(retention_ms=100)
    group = store.group("a")
    old, kept = group.register([metric("old"), metric("kept")]).tolist()
    group.append(1000, np.array([old, kept], np.int32), np.ones(2))
    for time in (1200, 1400, 1600):
        group.append(time, np.array([kept], np.int32), np.ones(1))
        store.truncate(time)
    (new,) = group.register([metric("new")]).tolist()
    assert new not in (old, kept)
    rows = np.array([old, kept, new], np.int32)
    assert group.append(1700, rows, np.array([1.0, 2.0, 3.0])) == Appended(written=2, unknown=1)
    (again,) = group.register([metric("old")]).tolist()
    assert group.append(1800, np.array([again], np.int32), np.array([4.0])) == Appended(written=1)
    expected = {"kept": {1600: 1.0, 1700: 2.0}, "new": {1700: 3.0}, "old": {1800: 4.0}}
    assert samples(store) == expected
    store.close()
    # The log still has the old definition and its samples; a longer retention shows them as the one series.
    reopened = samples(open_store())
    assert reopened["old"] == {1000: 1.0, 1800: 4.0}
    assert reopened["new"] == {1700: 3.0}


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("checkpoint", [True, False])
def test_a_group_that_retention_emptied_comes_back(open_store: Open, held: bool, checkpoint: bool) -> None:
    settings = {"retention_ms": 100, "wal": WalOptions(checkpoint_bytes=0 if checkpoint else 1 << 30)}
    store = open_store(**settings)
    group = store.group("a")
    rows = group.register([metric("m"), metric("n")])
    group.append(1000, rows, np.ones(2))
    store.truncate(1100)
    store.truncate(2000)
    store.truncate(2001)
    assert store.stats().groups == 0
    if held:
        assert group.append(2100, rows, np.ones(2)) == Appended(unknown=2)
    else:
        group = store.group("a")
    rows = group.register([metric("n"), metric("new")])
    assert group.append(2100, rows, np.array([2.0, 3.0])) == Appended(written=2)
    store.truncate(2100)
    assert samples(store) == {"n": {2100: 2.0}, "new": {2100: 3.0}}
    store.close()
    store = open_store(**settings | {"retention_ms": None})
    assert samples(store, start=2000) == {"n": {2100: 2.0}, "new": {2100: 3.0}}
    append(store, "a", 2200, {metric("m"): 4.0, metric("new"): 5.0})
    store.close()
    found = samples(open_store(**settings | {"retention_ms": None}), start=2000)
    assert found == {"m": {2200: 4.0}, "n": {2100: 2.0}, "new": {2100: 3.0, 2200: 5.0}}


def test_retention_is_kept_at_open(open_store: Open, clock: object) -> None:
    store = open_store()
    append(store, "a", 1000, {metric("m"): 1.0})
    store.close()
    assert samples(open_store(retention_ms=1000)) == {}


def test_a_closed_store_says_so(open_store: Open) -> None:
    store = open_store()
    group = store.group("a")
    rows = group.register([metric("m")])
    store.close()
    store.close()
    for act in (
        lambda: group.append(1, rows, np.ones(1)),
        lambda: group.register([metric("m")]),
        store.sync,
        lambda: store.truncate(1),
    ):
        with pytest.raises(StorageError, match="closed"):
            act()


def test_stats_count(open_store: Open) -> None:
    store = open_store()
    append(store, "a", 10, {metric("m"): 1.0, metric("n"): 1.0})
    append(store, "a", 5, {metric("m"): 1.0})
    store.sync()
    stats = store.stats()
    assert (stats.groups, stats.series, stats.samples_appended_total, stats.series_created_total) == (1, 2, 2, 2)
    assert stats.samples_refused_total == {Refusal.OUT_OF_ORDER: 1}
    assert stats.wal_bytes > 16
    assert stats.wal_fsyncs_total >= 1
    assert stats.wal_segments == 1


def test_the_log_is_flushed_without_being_asked(open_store: Open) -> None:
    store = open_store(wal=WalOptions(sync_interval_seconds=0.0))
    append(store, "a", 10, {metric("m"): 1.0})
    waiting = threading.Event()
    for _ in range(1000):
        if store.stats().wal_fsyncs_total:
            return
        waiting.wait(0.01)
    pytest.fail("not flushed")


def test_groups_whose_writer_is_gone_are_ended(open_store: Open) -> None:
    store = open_store()
    up, gone_before = metric("up", job="x"), metric("n", job="x")
    append(store, "a", 10, {up: 1.0, gone_before: 5.0})
    append(store, "a", 20, {up: 1.0, gone_before: float(STALE)})
    append(store, "b", 20, {metric("up", job="y"): 1.0})
    assert store.end_groups(lambda key: key == "a", 30) == 1
    ends = store.select([equal("job", "x")], 21, 40)
    assert [block.labels.all_labels() for block in ends] == [[up]]
    assert bits(ends[0].values)[0, 0] == bits(np.array([STALE]))[0] and ends[0].times.tolist() == [30]
    assert store.end_groups(lambda key: key == "a", 40) == 0
    assert samples(store, equal("job", "y")) == {'up{job="y"}': {20: 1.0}}


def test_an_end_is_never_before_the_newest_sample(open_store: Open) -> None:
    store = open_store()
    append(store, "a", 50, {metric("up"): 1.0})
    assert store.end_groups(lambda key: True, 30) == 1
    assert sorted(samples(store)["up"]) == [50, 51]
