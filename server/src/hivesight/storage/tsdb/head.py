"""The head: every group in memory, the interned strings and the index over groups. No input or output here.

The writing side (`writer`), replay and the checkpoint work on it; readers (`select`) get candidates and views."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

import numpy as np

from hivesight.model.labels import METRIC_NAME
from hivesight.model.matcher import Matcher
from hivesight.model.series import Mask
from hivesight.model.symbols import LabelTable, Symbols
from hivesight.storage.tsdb.codec import SeriesDefinition
from hivesight.storage.tsdb.coded import Coded, keys_of
from hivesight.storage.tsdb.columns import Columns, NewSeries, Positions
from hivesight.storage.tsdb.side import Exemplars, MetricMetadata


@dataclass(slots=True)
class Selection:
    """What matchers chose. version: of the rows. positions: None for all; table: theirs."""

    version: int
    positions: Positions | None
    table: LabelTable
    _last: tuple[bytes, LabelTable, Positions] | None = None

    def present(self, present: Mask) -> tuple[LabelTable, Positions]:
        """The table of some of the rows, and which they are: the same objects when it is asked for the same again, as
        one dashboard's queries do."""
        key = present.tobytes()
        last = self._last
        if last is None or last[0] != key:
            kept = np.flatnonzero(present)
            last = self._last = (key, self.table.rows(kept), kept)
        return last[1], last[2]


@dataclass(eq=False, slots=True, weakref_slot=True)
class HeadGroup:
    """A scrape group in memory. `id` names it in the log, and is None until its definition has been logged."""

    key: str
    columns: Columns
    id: int | None = None
    selections: dict[tuple[Matcher, ...], Selection] = field(default_factory=dict[tuple[Matcher, ...], Selection])
    """What matchers chose lately."""


class Head:
    """Groups by key and by metric name, and what is kept beside samples."""

    def __init__(self) -> None:
        self.symbols = Symbols()
        self.symbol_bytes = 0
        self.groups: dict[str, HeadGroup] = {}
        self.next_group_id = 1
        self.series = 0
        self.retired: dict[str, int] = {}
        """Row numbers that the log may still use for a group that retention emptied: key -> the first free one."""
        self.exemplars = Exemplars()
        self.metadata = MetricMetadata()
        self._idle: WeakValueDictionary[str, HeadGroup] = WeakValueDictionary()
        self._by_name: dict[int, dict[HeadGroup, None]] = {}
        self._series_of: Counter[int] = Counter()
        self._name_code = self.intern(METRIC_NAME)

    def intern(self, text: str) -> int:
        """The symbol of a string, counting what strings cost."""
        known = len(self.symbols)
        code = self.symbols.intern(text)
        if len(self.symbols) > known:
            self.symbol_bytes += len(text.encode("utf-8", "surrogatepass"))
        return code

    def identities(self, coded: Coded, rows: Sequence[int]) -> list[bytes]:
        """Interns the new strings of some of the label sets. rows: which, in order."""
        own = np.zeros(len(coded.keys), dtype=np.bool_)
        own[rows] = True
        pairs = coded.pairs[np.repeat(own, coded.counts)]
        codes = np.zeros(len(coded.strange) + 1, dtype=np.int32)
        new = pairs < 0
        codes[-pairs[new]] = 1
        used = np.flatnonzero(codes)
        codes[used] = [self.intern(coded.strange[each - 1]) for each in used.tolist()]
        pairs[new] = codes[-pairs[new]]
        return keys_of(pairs, coded.counts[own])

    def group(self, key: str) -> HeadGroup:
        """Get or create; a group that retention emptied is the same object again as long as somebody holds it."""
        found = self.groups.get(key)
        if found is None:
            found = self._idle.pop(key, None) or HeadGroup(key, Columns(self.symbols, self.retired.get(key, 0)))
            self.groups[key] = found
        return found

    def enlist(self, group: HeadGroup) -> None:
        """Puts a group back that retention emptied."""
        self._idle.pop(group.key, None)
        self.groups[group.key] = group

    def new_series(self, keys: Sequence[bytes], first_number: int) -> NewSeries:
        """Series by their identities to a batch numbered from `first_number`."""
        numbers = np.arange(first_number, first_number + len(keys), dtype=np.int32)
        counts = np.fromiter(map(len, keys), np.int32, len(keys)) // 8
        return NewSeries(keys, numbers, counts, np.frombuffer(b"".join(keys), np.int32).reshape(-1, 2))

    def interned(self, definition: SeriesDefinition) -> NewSeries:
        """A definition from the log as symbol codes."""
        codes = np.array([self.intern(text) for text in definition.texts], dtype=np.int32)
        pairs = codes[definition.pairs].reshape(-1, 2)
        return NewSeries(keys_of(pairs, definition.label_counts), definition.numbers, definition.label_counts, pairs)

    def definition(self, group_id: int, new: NewSeries) -> SeriesDefinition:
        """A batch for the log."""
        return SeriesDefinition(group_id, new.numbers, new.label_counts, new.pairs, self.symbols.all_texts)

    def add(self, group: HeadGroup, new: NewSeries) -> None:
        """Adds series to a group and the index. Room in the group's columns must have been made."""
        group.columns.add(new)
        self.series += len(new.numbers)
        names = new.pairs[new.pairs[:, 0] == self._name_code, 1]
        codes, counts = np.unique(names, return_counts=True)
        for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
            self._by_name.setdefault(code, {})[group] = None
            self._series_of[code] += count
        if len(names) < len(new.numbers):
            self._by_name.setdefault(0, {})[group] = None
            self._series_of[0] += len(new.numbers) - len(names)

    def cut(self, group: HeadGroup, cutoff_ms: int) -> Sequence[bytes]:
        """Drops a group's old samples and the series and the group left without any. Leaves the identities of the
        series that went."""
        gone = group.columns.cut(cutoff_ms)
        if gone:
            self._forget(group, gone)
        if not group.columns.rows:
            del self.groups[group.key]
            if group.columns.next_number:
                self.retired[group.key] = group.columns.next_number
            group.id = None
            self._idle[group.key] = group
        return gone

    def _forget(self, group: HeadGroup, keys: Sequence[bytes]) -> None:
        group.selections.clear()
        self.series -= len(keys)
        for key in keys:
            pairs = np.frombuffer(key, np.int32).reshape(-1, 2)
            named = pairs[pairs[:, 0] == self._name_code, 1]
            self._series_of[int(named[0]) if len(named) else 0] -= 1
        left = set(np.unique(group.columns.column(METRIC_NAME)).tolist())
        for code in [code for code, groups in self._by_name.items() if group in groups and code not in left]:
            del self._by_name[code][group]
            if not self._by_name[code]:
                del self._by_name[code]
                del self._series_of[code]

    def series_of(self, name: str) -> int:
        """How many series a metric has."""
        code = self.symbols.find(name)
        return 0 if code is None else self._series_of[code]

    def metric_names(self) -> list[int]:
        """The symbols of all metric names; 0 where a series has none."""
        return list(self._by_name)

    def named(self, codes: Iterable[int]) -> Collection[HeadGroup]:
        """The groups that have a series of one of these metric names."""
        found: dict[HeadGroup, None] = {}
        for code in codes:
            found.update(self._by_name.get(code, {}))
        return found

    def head_bytes(self) -> int:
        """Bytes of all sample arrays."""
        return sum(group.columns.arrays.nbytes for group in self.groups.values())
