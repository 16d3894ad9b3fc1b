"""Where series live that are pushed: refs, and the lanes, groups of the head, in which series that come at the same
times stand together. Called by `push` under the writers' lock.

A lane is chosen when a series has its first samples: one whose newest column is the series' newest time, else a new
one. A lane is bounded, because writing a column that a reader has seen copies it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.labels import Labels
from hivesight.model.series import Times, is_absent
from hivesight.storage.tsdb.admission import Admission
from hivesight.storage.tsdb.coded import coded
from hivesight.storage.tsdb.columns import Columns, NewSeries
from hivesight.storage.tsdb.head import Head, HeadGroup

NEW: Final = -1
"""The series has had no sample yet."""
GONE: Final = -2
"""Retention dropped the series."""
PREFIX: Final = "push/"
"""What the keys of lanes begin with."""
MAX_ROWS: Final = 4096
NEVER: Final = np.iinfo(np.int64).min

_FIRST_CAPACITY: Final = 1024


@dataclass(eq=False, slots=True)
class Lane:
    """One lane. expected: rows that the writing at hand adds."""

    number: int
    group: HeadGroup
    expected: int = 0

    @property
    def room(self) -> int:
        """How many series may still join."""
        return MAX_ROWS - self.group.columns.rows - self.expected


class Lanes:
    """All refs and lanes."""

    def __init__(self, head: Head) -> None:
        """Finds the lanes that the log held."""
        self.newest_ms = int(NEVER)
        self._head = head
        self._refs: dict[bytes, int] = {}
        self._pending: dict[int, tuple[bytes, str]] = {}
        """Series without a sample: identity and metric by ref."""
        self._pending_before: set[int] = set()
        self._waiting: Counter[str] = Counter()
        self._count = 0
        self._lane = np.empty(_FIRST_CAPACITY, np.int32)
        self._number = np.empty(_FIRST_CAPACITY, np.int32)
        self._newest = np.empty(_FIRST_CAPACITY, np.int64)
        self._lanes: dict[int, Lane] = {}
        self._by_time: dict[int, int] = {}
        self._expected: dict[int, Lane] = {}
        self._touched: dict[Lane, None] = {}
        keys = (key for key in (*head.groups, *head.retired) if key.startswith(PREFIX))
        self._next = 1 + max((int(key.removeprefix(PREFIX)) for key in keys), default=-1)
        for group in [each for each in head.groups.values() if each.key.startswith(PREFIX)]:
            self._adopt(group)

    def _adopt(self, group: HeadGroup) -> None:
        lane = Lane(int(group.key.removeprefix(PREFIX)), group)
        self._lanes[lane.number] = lane
        columns = group.columns
        refs = self._add(list(columns.keyed))
        numbers = np.fromiter(columns.keyed.values(), np.int32, len(refs))
        self._lane[refs], self._number[refs] = lane.number, numbers
        self._newest[refs] = _newest_times(columns)[columns.positions(numbers)]
        if columns.newest_ms is not None:
            self._by_time[columns.newest_ms] = lane.number
            self.newest_ms = max(self.newest_ms, columns.newest_ms)

    def refs(self, labels: Sequence[Labels], admission: Admission) -> NDArray[np.int32]:
        """The ref of each series, -1 where it is new and not admitted."""
        many = coded(labels, self._head.symbols)
        refs = many.numbers(self._refs)
        rows = admission.admit(labels, many, many.newcomers(refs), self._waiting)
        if rows:
            keys = self._head.identities(many, rows)
            new = self._add(keys)
            self._pending.update(
                zip(new.tolist(), zip(keys, [labels[row].name for row in rows], strict=True), strict=True)
            )
            many.settle(refs, rows, new)
        return refs

    def _add(self, keys: Sequence[bytes]) -> NDArray[np.int32]:
        """Refs for series that have none."""
        refs = np.arange(self._count, self._count + len(keys), dtype=np.int32)
        self._count += len(keys)
        while self._count > len(self._lane):
            self._lane = np.concatenate((self._lane, np.empty_like(self._lane)))
            self._number = np.concatenate((self._number, np.empty_like(self._number)))
            self._newest = np.concatenate((self._newest, np.empty_like(self._newest)))
        self._lane[refs], self._number[refs], self._newest[refs] = NEW, -1, NEVER
        self._refs.update(zip(keys, refs.tolist(), strict=True))
        return refs

    def of(self, refs: NDArray[np.int32]) -> NDArray[np.int32]:
        """The number of each series' lane, NEW or GONE; refs that nobody gave out are GONE."""
        known = (refs >= 0) & (refs < self._count)
        return self._lane[refs] if known.all() else np.where(known, self._lane[np.where(known, refs, 0)], GONE)

    def numbers(self, refs: NDArray[np.int32]) -> NDArray[np.int32]:
        """The row numbers of series within their lanes, -1 for those without."""
        return self._number[refs]

    def newest(self, refs: NDArray[np.int32]) -> Times:
        """The newest time of each series, NEVER for none."""
        return self._newest[refs]

    def lane(self, number: int) -> Lane:
        """A lane by its number."""
        return self._lanes[number]

    def expect(self, lane: Lane, times: Times) -> None:
        """The writing at hand brings this lane samples at these times."""
        newest = lane.group.columns.newest_ms
        if newest is None or int(times[-1]) > newest:
            self._expected[int(times[-1])] = lane

    def places(self, times: Times, count: int) -> Iterator[tuple[Lane, slice]]:
        """Lanes for new series that share these times: which of the series go where."""
        first = 0
        while first < count:
            lane = self._joinable(times)
            if lane is None:
                lane = Lane(self._next, HeadGroup(f"{PREFIX}{self._next}", Columns(self._head.symbols)))
                self._next += 1
                self._lanes[lane.number] = lane
                self._expected[int(times[-1])] = lane
            self._touched[lane] = None
            last = min(count, first + lane.room)
            yield lane, slice(first, last)
            first = last

    def _joinable(self, times: Times) -> Lane | None:
        """A lane that has, or will have, no column but these at these times, and its newest at the last."""
        newest = int(times[-1])
        lane = self._expected.get(newest)
        if lane is None and newest in self._by_time:
            lane = self._lanes.get(self._by_time[newest])
        if lane is None or lane.room <= 0:
            return None
        if len(times) > 1 and lane.group.columns.rows and not np.isin(times, lane.group.columns.arrays.live).all():
            return None
        return lane

    def new_series(self, lane: Lane, refs: NDArray[np.int32]) -> NewSeries:
        """The definition of series that will join a lane."""
        first = lane.group.columns.next_number + lane.expected
        lane.expected += len(refs)
        return self._head.new_series([self._pending[ref][0] for ref in refs.tolist()], first)

    def settle(self, refs: NDArray[np.int32], lane: Lane, numbers: NDArray[np.int32]) -> None:
        """The series have joined the lane in these rows."""
        self._lane[refs] = lane.number
        self._number[refs] = numbers
        for ref in refs.tolist():
            self._drop_pending(ref)

    def stored(self, refs: NDArray[np.int32], times: Times) -> None:
        """The writing at hand is done; samples were written at these times, by ref and time."""
        for time, lane in self._expected.items():
            self._by_time[time] = lane.number
        self._end()
        if len(refs):
            last = np.concatenate((refs[1:] != refs[:-1], [True]))
            self._newest[refs[last]] = np.maximum(self._newest[refs[last]], times[last])
            self.newest_ms = max(self.newest_ms, int(times[last].max()))

    def failed(self) -> None:
        """Nothing of the writing at hand was stored."""
        for lane in self._touched:
            if not lane.group.columns.rows:
                del self._lanes[lane.number]
        self._end()

    def _end(self) -> None:
        for lane in self._touched:
            lane.expected = 0
        self._touched.clear()
        self._expected.clear()

    def forget(self, keys: Sequence[bytes]) -> None:
        """Retention dropped these series from a lane."""
        for key in keys:
            ref = self._refs.pop(key, None)
            if ref is not None:
                self._lane[ref] = GONE

    def tidy(self) -> None:
        """After a cut: lets go of empty lanes, of times past, and of series that never had a sample."""
        for number, lane in list(self._lanes.items()):
            if not lane.group.columns.rows:
                del self._lanes[number]
        newest = ((lane.group.columns.newest_ms, number) for number, lane in self._lanes.items())
        self._by_time = {time: number for time, number in newest if time is not None}
        old = self._pending_before & self._pending.keys()
        for ref in old:
            del self._refs[self._drop_pending(ref)]
            self._lane[ref] = GONE
        self._pending_before = set(self._pending)

    def _drop_pending(self, ref: int) -> bytes:
        """Leaves its identity."""
        key, name = self._pending.pop(ref)
        self._waiting[name] -= 1
        if not self._waiting[name]:
            del self._waiting[name]
        return key


def _newest_times(columns: Columns) -> Times:
    """The time of each row's last sample, by position; NEVER for none."""
    arrays = columns.arrays
    values = arrays.values[: columns.rows, arrays.low : arrays.high]
    newest = np.full(columns.rows, NEVER, np.int64)
    open_rows = np.arange(columns.rows)
    for column in range(values.shape[1] - 1, -1, -1):
        if not len(open_rows):
            break
        there = ~is_absent(np.ascontiguousarray(values[open_rows, column]))
        newest[open_rows[there]] = arrays.live[column]
        open_rows = open_rows[~there]
    return newest
