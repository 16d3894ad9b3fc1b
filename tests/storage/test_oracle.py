"""Random histories against a naive dict of dicts: appends, restarts, checkpoints, then every kind of question."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from hivesight.model.clock import SystemClock
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType, all_match
from hivesight.model.series import STALE, bits, is_absent
from hivesight.storage.tsdb import Limits, Tsdb, WalOptions

STALE_PATTERN = 0x7FF0000000000002

names, values_ = st.sampled_from(["__name__", "job", "x"]), st.sampled_from(["", "a", "b", "ab"])
label_sets = st.dictionaries(names, values_, max_size=3).map(Labels)
doubles = st.sampled_from([0.0, -0.0, 1.0, 2.5, float("inf"), float("nan"), float(STALE)])
appends = st.tuples(
    st.sampled_from(["g", "h"]), st.integers(0, 12), st.lists(st.tuples(label_sets, st.integers(0, 6)), max_size=5)
)
operations = st.lists(st.one_of(appends, st.sampled_from(["reopen", "checkpoint"])), max_size=20)
matchers = st.lists(
    st.builds(Matcher, names, st.sampled_from(list(MatchType)), st.sampled_from(["", "a", "b", "a|b", ".+", "a?"])),
    max_size=3,
)
VALUES = np.array([0.0, -0.0, 1.0, 2.5, np.inf, np.nan, STALE])


@dataclass
class Oracle:
    """{group: {labels: {time: bit pattern}}}, with the store's rules said in the simplest way."""

    groups: dict[str, dict[Labels, dict[int, int]]] = field(default_factory=dict)

    def append(self, key: str, time: int, samples: Sequence[tuple[Labels, int]]) -> tuple[int, int, int]:
        if not samples:
            return 0, 0, 0
        group = self.groups.setdefault(key, {})
        newest = max((each for series in group.values() for each in series), default=None)
        written = late = duplicate = 0
        for labels, pattern in samples:
            series = group.setdefault(labels, {})
            if newest is not None and time < newest:
                late += 1
            elif series.get(time, pattern) != pattern:
                duplicate += 1
            else:
                series[time] = pattern
                written += 1
        return written, late, duplicate

    def select(self, matchers: Sequence[Matcher], start: int, end: int) -> dict[Labels, dict[int, int]]:
        found: dict[Labels, dict[int, int]] = {}
        for group in self.groups.values():
            for labels, series in group.items():
                for time, pattern in series.items():
                    if start <= time <= end and all_match(matchers, labels):
                        merged = found.setdefault(labels, {})
                        if pattern != STALE_PATTERN or merged.get(time, STALE_PATTERN) == STALE_PATTERN:
                            merged[time] = pattern
        return found


def open_store(path: Path) -> Tsdb:
    with capture_logs():
        options = WalOptions(segment_bytes=400, checkpoint_bytes=0)
        return Tsdb.open(path, clock=SystemClock(), retention_ms=None, limits=Limits(), wal=options)


def selected(store: Tsdb, conditions: Sequence[Matcher], start: int, end: int) -> dict[Labels, dict[int, int]]:
    found: dict[Labels, dict[int, int]] = {}
    for block in store.select(conditions, start, end):
        for row, labels in enumerate(block.labels.all_labels()):
            assert labels not in found
            kept = ~is_absent(block.values[row])
            found[labels] = dict(zip(block.times[kept].tolist(), bits(block.values[row])[kept].tolist(), strict=True))
    return found


@settings(max_examples=150, deadline=None)
@given(operations, matchers, st.integers(-1, 13), st.integers(-1, 13))
def test_the_store_agrees_with_a_dict(
    history: Sequence[str | tuple[str, int, list[tuple[Labels, int]]]], conditions: list[Matcher], start: int, end: int
) -> None:
    oracle = Oracle()
    # The one stored form of a NaN that is not a staleness marker.
    patterns = [*VALUES[:5].view(np.uint64).tolist(), 0x7FF8000000000001, STALE_PATTERN]
    with TemporaryDirectory() as directory:
        store = open_store(Path(directory))
        try:
            for operation in history:
                if operation == "reopen":
                    store.close()
                    store = open_store(Path(directory))
                elif operation == "checkpoint":
                    store.truncate(0)
                elif not isinstance(operation, str):
                    key, time, samples = operation
                    group = store.group(key)
                    rows = group.register([labels for labels, _ in samples])
                    got = group.append(time, rows, VALUES[[index for _, index in samples]])
                    expected = oracle.append(key, time, [(labels, patterns[index]) for labels, index in samples])
                    assert (got.written, got.out_of_order, got.duplicate) == expected
            expected_answer = oracle.select(conditions, start, end)
            assert selected(store, conditions, start, end) == expected_answer
            assert selected(store, [], -1, 99) == oracle.select([], -1, 99)
            assert store.series(conditions, start, end) == sorted(expected_answer)
            assert store.label_names(conditions, start, end) == sorted({n for each in expected_answer for n in each})
            values = sorted({each["x"] for each in expected_answer if "x" in each})
            assert store.label_values("x", conditions, start, end) == values
        finally:
            store.close()
