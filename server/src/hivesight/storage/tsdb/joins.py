"""How the rows of several parts come together: label tables in, a plan out that says for each answered block which rows
of which parts it is made of. Plans know nothing of samples, so one plan serves every query of the same tables."""

import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from hivesight.model.symbols import LabelTable
from hivesight.storage.tsdb.identity import Rows, hashes, leaders

Index = slice | NDArray[np.intp]
"""Rows or columns of an array; a slice where they stand together, which is read without a copy."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The rows `source` of part number `part` go to the rows `target` of the block, one by one. every: those are all
    rows of the block."""

    part: int
    source: Index
    target: Index
    count: int
    every: bool


@dataclass(frozen=True, slots=True)
class Join:
    """One block of the answer. table: its label sets, or the number of the part whose table is that very one (so that
    a plan does not keep the tables alive that it was made for). pieces: by part, increasing."""

    table: LabelTable | int
    rows: int
    pieces: tuple[Piece, ...]


Plan = tuple[Join | int, ...]
"""The blocks of the answer; a number stands for a part that is answered as it is."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Series that occur in the same parts. rows: shape (series, len(parts)), the row in each part; -1 where the series
    is not in it."""

    parts: tuple[int, ...]
    rows: Rows


def plan(tables: Sequence[LabelTable]) -> Plan:
    """Every label set of all tables once. Of each table no two rows are the same."""
    leader = leaders(tables, [hashes(table) for table in tables])
    if leader is None:
        return tuple(number for number, table in enumerate(tables) if len(table))
    joins: list[Join | int] = []
    for pattern in patterns(leader, [len(table) for table in tables]):
        alone = len(pattern.parts) == 1 and len(pattern.rows) == len(tables[pattern.parts[0]])
        joins.append(pattern.parts[0] if alone else join(pattern, tables))
    return tuple(joins)


def patterns(leader: Rows, sizes: Sequence[int]) -> list[Pattern]:
    """Series by the parts they occur in. leader: see `identity.leaders`. sizes: the rows of each part."""
    part_of = np.repeat(np.arange(len(sizes)), sizes)
    first = np.cumsum(np.array([0, *sizes], dtype=np.intp))
    row_of = np.arange(len(leader)) - first[part_of]
    by_series = np.argsort(leader, kind="stable")
    start = np.flatnonzero(np.diff(leader[by_series], prepend=-1))
    count = np.diff(start, append=len(leader))
    found: list[Pattern] = []
    for width in np.unique(count).tolist():
        places = by_series[start[count == width][:, None] + np.arange(width)]
        parts, rows = part_of[places], row_of[places]
        if (parts == parts[0]).all():
            found.append(Pattern(tuple(parts[0].tolist()), rows))
            continue
        distinct, number = np.unique(parts, axis=0, return_inverse=True)
        order = np.argsort(number.reshape(-1), kind="stable")
        ends = np.cumsum(np.bincount(number.reshape(-1)))[:-1]
        for owners, members in zip(distinct.tolist(), np.split(order, ends), strict=True):
            found.append(Pattern(tuple(owners), rows[members]))
    return sorted(found, key=lambda each: each.parts)


def join(pattern: Pattern, tables: Sequence[LabelTable]) -> Join:
    """The block of a pattern. Rows stand as in the last part, which is most often the head: its table then serves for
    the block as well."""
    last = pattern.rows[:, -1]
    rows = pattern.rows[np.argsort(np.where(last < 0, np.iinfo(np.intp).max, last), kind="stable")]
    pieces = tuple(_piece(part, rows[:, nth]) for nth, part in enumerate(pattern.parts))
    return Join(_table(pieces, len(rows), tables), len(rows), pieces)


def _piece(part: int, source: Rows) -> Piece:
    present = np.flatnonzero(source >= 0)
    return Piece(part, as_index(source[present]), as_index(present), len(present), len(present) == len(source))


def _table(pieces: Sequence[Piece], rows: int, tables: Sequence[LabelTable]) -> LabelTable | int:
    whole = [piece for piece in pieces if piece.every]
    for piece in reversed(whole):
        if isinstance(piece.source, slice) and piece.source == slice(0, len(tables[piece.part])):
            return piece.part
    if whole:
        table = tables[whole[-1].part]
        return LabelTable(table.names, table.codes[whole[-1].source].copy(), table.symbols)
    names = tuple(sorted({name for piece in pieces for name in tables[piece.part].names}))
    column = {name: nth for nth, name in enumerate(names)}
    codes = np.zeros((rows, len(names)), dtype=np.int32)
    for piece in pieces:
        table = tables[piece.part]
        for nth, name in enumerate(table.names):
            codes[piece.target, column[name]] = table.codes[piece.source, nth]
    return LabelTable(names, codes, tables[pieces[0].part].symbols)


def as_index(positions: Rows) -> Index:
    """The same positions, as a slice where they follow one on the other."""
    if not len(positions):
        return slice(0, 0)
    first, last = int(positions[0]), int(positions[-1])
    if last - first != len(positions) - 1 or (positions[1:] - positions[:-1] != 1).any():
        return positions
    return slice(first, last + 1)


_MAX_PLANS: Final = 256
_MAX_ROWS: Final = 1 << 21
"""Bounds of what is remembered: plans, and the rows that all of them name (8 bytes each, and their labels)."""


class Plans:
    """The plans of late, by the identity of the tables they are for, until one of those is gone. Thread-safe."""

    def __init__(self, max_plans: int = _MAX_PLANS, max_rows: int = _MAX_ROWS) -> None:
        self._max_plans = max_plans
        self._max_rows = max_rows
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[int, ...], tuple[Plan, int, list[ref[LabelTable]]]] = OrderedDict()
        self._rows = 0
        # A table may go at any moment, also while this very thread holds the lock: its going is only noted.
        self._gone: deque[tuple[int, ...]] = deque()

    def __len__(self) -> int:
        with self._lock:
            self._forget_gone()
            return len(self._known)

    def of(self, tables: Sequence[LabelTable]) -> Plan:
        """The plan for the tables: the same object, with the same tables in it, for the same table objects."""
        key = tuple(map(id, tables))
        with self._lock:
            self._forget_gone()
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known[0]
        made = plan(tables)
        rows = sum(piece.count for each in made if isinstance(each, Join) for piece in each.pieces) + len(tables)

        def forget(_: ref[LabelTable]) -> None:
            self._gone.append(key)

        with self._lock:
            known = self._known.get(key)
            if known is not None:
                return known[0]
            if rows > self._max_rows:
                return made
            self._known[key] = (made, rows, [ref(table, forget) for table in tables])
            self._rows += rows
            while len(self._known) > self._max_plans or self._rows > self._max_rows:
                self._forget(next(iter(self._known)))
        return made

    def _forget_gone(self) -> None:
        while self._gone:
            self._forget(self._gone.popleft())

    def _forget(self, key: tuple[int, ...]) -> None:
        known = self._known.pop(key, None)
        if known is not None:
            self._rows -= known[1]
