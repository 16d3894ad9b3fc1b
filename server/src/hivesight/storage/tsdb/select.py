"""Questions to the store: matchers and a closed interval in, blocks, label sets, names or values out.

The publishing lock is held only to pick candidate groups and take their views; everything else works on snapshots."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from hivesight.model.histogram import compact_grid
from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.model.matcher import Matcher, MatchType
from hivesight.model.series import SeriesBlock
from hivesight.model.symbols import LabelTable
from hivesight.storage.tsdb.assemble import assemble
from hivesight.storage.tsdb.blocks import Blocks
from hivesight.storage.tsdb.columns import Positions, View, present_rows
from hivesight.storage.tsdb.head import Head, HeadGroup, Selection
from hivesight.storage.tsdb.plan import MAX_TIME_MS
from hivesight.storage.tsdb.verdicts import Verdicts

_SELECTIONS_PER_GROUP: Final = 16

_Kind = TypeVar("_Kind", np.float64, np.int64, np.int32)


@dataclass(frozen=True, slots=True)
class _Candidate:
    group: HeadGroup
    group_id: int
    view: View


class Reader:
    """Answers from a head that one writer changes meanwhile, and from the blocks."""

    def __init__(self, head: Head, publishing: threading.Lock, verdicts: Verdicts, blocks: Blocks) -> None:
        self._head = head
        self._publishing = publishing
        self._verdicts = verdicts
        self._blocks = blocks

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
        """The series that meet all matchers with their samples in [start_ms, end_ms]; see Tsdb.select."""
        candidates = self._candidates(matchers)
        # The later group wins where two have a sample at one time; the order of definition outlasts a restart.
        candidates.sort(key=lambda each: each.group_id)
        chosen = [self._chosen(each, matchers, start_ms, end_ms) for each in candidates]
        # After the views of the head were taken: what leaves the head is in a block by then.
        parts = self._blocks.select(matchers, start_ms, end_ms)
        return assemble([*parts, *(each for each in chosen if each is not None)])

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        """The label sets of the series with a sample in the interval, sorted."""
        candidates = self._candidates(matchers)
        tables = self._tables(candidates, matchers, start_ms, end_ms)
        return sorted({labels for table in tables for labels in table.all_labels()})

    def label_names(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """The names of the labels that those series have, sorted."""
        candidates = self._candidates(matchers)
        found: set[str] = set()
        for table in self._tables(candidates, matchers, start_ms, end_ms):
            used = (table.codes != 0).any(axis=0).tolist()
            found.update(name for name, is_used in zip(table.names, used, strict=True) if is_used)
        return sorted(found)

    def label_values(self, name: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """The values of one label on those series, sorted."""
        candidates = self._candidates(matchers)
        found: set[int] = set()
        for table in self._tables(candidates, matchers, start_ms, end_ms):
            found.update(np.unique(table.column(name)).tolist())
        return sorted(self._head.symbols.texts(list(found - {0})))

    def _candidates(self, matchers: Sequence[Matcher]) -> list[_Candidate]:
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
            return [_Candidate(each, each.id, each.columns.view()) for each in groups if each.id is not None]

    def _selection(self, candidate: _Candidate, matchers: Sequence[Matcher]) -> Selection:
        """The matching rows. As long as the group's rows do not change it is the same object."""
        key = tuple(matchers)
        selections = candidate.group.selections
        remembered = selections.get(key)
        if remembered is not None and remembered.version == candidate.view.version:
            return remembered
        table = candidate.view.table
        mask = np.ones(len(table), dtype=bool)
        for matcher in matchers:
            mask &= self._verdicts.mask(matcher, table.column(matcher.name))
            if not mask.any():
                break
        positions = None if mask.all() else np.flatnonzero(mask)
        table = table if positions is None else table.rows(positions)
        found = Selection(candidate.view.version, positions, table)
        with self._publishing:
            while len(selections) >= _SELECTIONS_PER_GROUP:
                del selections[next(iter(selections))]
            selections[key] = found
        return found

    def _chosen(
        self, candidate: _Candidate, matchers: Sequence[Matcher], start_ms: int, end_ms: int
    ) -> SeriesBlock | None:
        """The matching rows that have a sample in the interval."""
        view = candidate.view
        # Bounds beyond any time that is stored, and perhaps beyond 64 bits, mean no bound.
        start, end = (np.int64(min(max(each, -MAX_TIME_MS), MAX_TIME_MS)) for each in (start_ms, end_ms))
        low = int(np.searchsorted(view.times, start, side="left"))
        high = int(np.searchsorted(view.times, end, side="right"))
        if low >= high:
            return None
        selection = self._selection(candidate, matchers)
        if not len(selection.table):
            return None
        table, positions = selection.table, selection.positions
        values = _taken(view.values[:, low:high], positions)
        present = present_rows(values)
        if not present.any():
            return None
        if not present.all():
            table, kept = selection.present(present)
            values = _taken(values, kept)
            positions = kept if positions is None else positions[kept]
        grid = starts = None
        if view.place is not None and view.cells is not None:
            grid = compact_grid(view.cells, _taken(view.place[:, low:high], positions))
        if view.starts is not None:
            starts = _taken(view.starts[:, low:high], positions)
        return SeriesBlock(table, view.times[low:high], values, grid, starts)

    def _tables(
        self, candidates: Sequence[_Candidate], matchers: Sequence[Matcher], start_ms: int, end_ms: int
    ) -> list[LabelTable]:
        chosen = (self._chosen(each, matchers, start_ms, end_ms) for each in candidates)
        tables = [each.labels for each in chosen if each is not None]
        return tables + self._blocks.tables(matchers, start_ms, end_ms)


def _taken(values: NDArray[_Kind], positions: Positions | None) -> NDArray[_Kind]:
    """The rows at increasing positions, without a copy where they stand together."""
    if positions is None:
        return values
    first, last = int(positions[0]), int(positions[-1])
    if last - first == len(positions) - 1:
        return values[first : last + 1]
    # Not `take`: of rows that are part of wider ones it copies the whole array first.
    return values[positions]
