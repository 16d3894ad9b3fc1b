"""Questions to the head: matchers and a closed interval in, blocks, label sets, names or values out.

The publishing lock is held only to pick candidate groups and take their views; everything else works on snapshots."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.model.matcher import Matcher, MatchType
from hivesight.model.series import SeriesBlock, Values
from hivesight.model.symbols import LabelTable
from hivesight.storage.tsdb.columns import Positions, View, present_rows
from hivesight.storage.tsdb.head import Head, HeadGroup
from hivesight.storage.tsdb.merge import Selected, merge_shared
from hivesight.storage.tsdb.plan import MAX_TIME_MS
from hivesight.storage.tsdb.verdicts import Verdicts

_SELECTIONS_PER_GROUP: Final = 16


@dataclass(frozen=True, slots=True)
class _Candidate:
    group: HeadGroup
    group_id: int
    view: View


class Reader:
    """Answers from a head that one writer changes meanwhile."""

    def __init__(self, head: Head, publishing: threading.Lock) -> None:
        self._head = head
        self._publishing = publishing
        self._verdicts = Verdicts(head.symbols)

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
        """The series that meet all matchers with their samples in [start_ms, end_ms]; see Tsdb.select."""
        candidates, shared = self._candidates(matchers)
        chosen = [each for each in (self._chosen(c, matchers, start_ms, end_ms) for c in candidates) if each]
        if not shared or len(chosen) < 2:
            return [each.block for each in chosen]
        # The later group wins where two have a sample at one time; the order of definition outlasts a restart.
        return merge_shared(sorted(chosen, key=lambda each: each.group_id), shared)

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        """The label sets of the series with a sample in the interval, sorted."""
        candidates, _ = self._candidates(matchers)
        tables = self._tables(candidates, matchers, start_ms, end_ms)
        return sorted({labels for table in tables for labels in table.all_labels()})

    def label_names(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """The names of the labels that those series have, sorted."""
        candidates, _ = self._candidates(matchers)
        found: set[str] = set()
        for table in self._tables(candidates, matchers, start_ms, end_ms):
            used = (table.codes != 0).any(axis=0).tolist()
            found.update(name for name, is_used in zip(table.names, used, strict=True) if is_used)
        return sorted(found)

    def label_values(self, name: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """The values of one label on those series, sorted."""
        candidates, _ = self._candidates(matchers)
        found: set[int] = set()
        for table in self._tables(candidates, matchers, start_ms, end_ms):
            found.update(np.unique(table.column(name)).tolist())
        return sorted(self._head.symbols.texts(list(found - {0})))

    def _candidates(self, matchers: Sequence[Matcher]) -> tuple[list[_Candidate], frozenset[bytes]]:
        """Groups that may have a matching series: metric names are looked up first, so that a selector does not touch
        groups without its metric."""
        by_name = [matcher for matcher in matchers if matcher.name == METRIC_NAME]
        with self._publishing:
            names = np.array(self._head.metric_names(), dtype=np.int32) if by_name else None
        if names is not None:
            equal = next((matcher for matcher in by_name if matcher.type is MatchType.EQUAL), None)
            code = None if equal is None else self._head.symbols.find(equal.value)
            if equal is not None:
                names = np.array([] if code is None else [code], dtype=np.int32)
            for matcher in by_name:
                names = names[self._verdicts.mask(matcher, names)]
        with self._publishing:
            groups = self._head.groups.values() if names is None else self._head.named(names.tolist())
            found = [_Candidate(each, each.id, each.columns.view()) for each in groups if each.id is not None]
            return found, self._head.shared_now()

    def _rows(self, candidate: _Candidate, matchers: Sequence[Matcher]) -> tuple[Positions | None, LabelTable]:
        """The matching rows (None for all of them) and their table, which is the same object as long as the group's
        rows do not change."""
        key = tuple(matchers)
        remembered = candidate.group.selections.get(key)
        if remembered is not None and remembered[0] == candidate.view.version:
            return remembered[1], remembered[2]
        table = candidate.view.table
        mask = np.ones(len(table), dtype=bool)
        for matcher in matchers:
            mask &= self._verdicts.mask(matcher, table.column(matcher.name))
            if not mask.any():
                break
        positions = None if mask.all() else np.flatnonzero(mask)
        table = table if positions is None else table.rows(positions)
        with self._publishing:
            selections = candidate.group.selections
            while len(selections) >= _SELECTIONS_PER_GROUP:
                del selections[next(iter(selections))]
            selections[key] = (candidate.view.version, positions, table)
        return positions, table

    def _chosen(
        self, candidate: _Candidate, matchers: Sequence[Matcher], start_ms: int, end_ms: int
    ) -> Selected | None:
        """The matching rows that have a sample in the interval."""
        view = candidate.view
        # Bounds beyond any time that is stored, and perhaps beyond 64 bits, mean no bound.
        start, end = (np.int64(min(max(each, -MAX_TIME_MS), MAX_TIME_MS)) for each in (start_ms, end_ms))
        low = int(np.searchsorted(view.times, start, side="left"))
        high = int(np.searchsorted(view.times, end, side="right"))
        if low >= high:
            return None
        positions, table = self._rows(candidate, matchers)
        if not len(table):
            return None
        values = _taken(view.values[:, low:high], positions)
        numbers = view.numbers if positions is None else view.numbers[positions]
        present = present_rows(values)
        if not present.all():
            kept = np.flatnonzero(present)
            if not len(kept):
                return None
            table, values, numbers = table.rows(kept), _taken(values, kept), numbers[kept]
        return Selected(candidate.group_id, view.keyed, numbers, SeriesBlock(table, view.times[low:high], values))

    def _tables(
        self, candidates: Sequence[_Candidate], matchers: Sequence[Matcher], start_ms: int, end_ms: int
    ) -> list[LabelTable]:
        chosen = (self._chosen(each, matchers, start_ms, end_ms) for each in candidates)
        return [each.block.labels for each in chosen if each is not None]


def _taken(values: Values, positions: Positions | None) -> Values:
    """The rows at increasing positions, without a copy where they stand together."""
    if positions is None:
        return values
    first, last = int(positions[0]), int(positions[-1])
    if last - first == len(positions) - 1:
        return values[first : last + 1]
    return values.take(positions, axis=0)
