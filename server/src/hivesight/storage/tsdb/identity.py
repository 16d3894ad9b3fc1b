"""Which rows of several label tables are the same series: tables coded by one `Symbols` in, row numbers out.

A keyed 64-bit hash finds the candidates and the codes themselves decide. The key is the process' own secret, since
whoever is scraped chooses the labels and could otherwise choose ones that collide."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from hivesight.model.series import Mask
from hivesight.model.symbols import Codes, LabelTable

Hashes = NDArray[np.uint64]
Rows = NDArray[np.intp]

_SECRET: Final = secrets.token_bytes(32)
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_CELLS: Final = 1 << 16
"""So many codes are worked on at a time: the intermediate arrays stay in the processor's cache."""

_hashes_of: Final[WeakKeyDictionary[LabelTable, Hashes]] = WeakKeyDictionary()


def hashes(table: LabelTable) -> Hashes:
    """A hash of each row's label set, shape (series,), that depends neither on the order of the columns nor on labels
    that the series lacks. Computed once for a table object."""
    known = _hashes_of.get(table)
    if known is None:
        known = _hashes_of[table] = _hashed(table)
    return known


def _hashed(table: LabelTable) -> Hashes:
    """The sum over a row's labels of a mixed (splitmix64's finalizer) name key and value code."""
    keys = np.array(
        [int.from_bytes(blake2b(name.encode(), digest_size=8, key=_SECRET).digest()) for name in table.names],
        dtype=np.uint64,
    )
    total = np.zeros(len(table), dtype=np.uint64)
    step = max(1, _CELLS // max(1, len(keys)))
    for low in range(0, len(table), step):
        codes = table.codes[low : low + step]
        mixed = codes.astype(np.uint64)
        mixed *= _SPREAD
        mixed += keys
        mixed ^= mixed >> np.uint64(30)
        mixed *= _MIX_1
        mixed ^= mixed >> np.uint64(27)
        mixed *= _MIX_2
        mixed ^= mixed >> np.uint64(31)
        mixed *= codes != 0
        total[low : low + step] = mixed.sum(axis=1, dtype=np.uint64)
    return total


def leaders(tables: Sequence[LabelTable], hashed: Sequence[Hashes]) -> Rows | None:
    """For each row of all tables, counted through in their order, the first row with the same label set; None where
    no two rows are the same. hashed: of each table its hashes; right or wrong, they only cost time."""
    every = np.concatenate(hashed)
    ordered = np.sort(every)
    if not (ordered[1:] == ordered[:-1]).any():
        return None
    _, first, number = np.unique(every, return_index=True, return_inverse=True)
    leader = first[number]
    follow = np.flatnonzero(leader != np.arange(len(leader)))
    sets = _label_sets(tables)
    while len(follow):
        wrong = follow[~sets.same(follow, leader[follow])]
        _, first, number = np.unique(every[wrong], return_index=True, return_inverse=True)
        leader[wrong] = wrong[first[number]]
        follow = wrong[leader[wrong] != wrong]
    return None if bool((leader == np.arange(len(leader))).all()) else leader


@dataclass(frozen=True, slots=True)
class _LabelSets:
    """Label sets one after the other: those of row i are `count[i]` names and values from `start[i]` on, by name."""

    start: Rows
    count: Rows
    names: Codes
    values: Codes

    def same(self, left: Rows, right: Rows) -> Mask:
        """Whether the label sets of rows left[i] and right[i] are equal."""
        equal = self.count[left] == self.count[right]
        alike = np.flatnonzero(equal)
        for low in range(0, len(alike), _CELLS):
            pairs = alike[low : low + _CELLS]
            count = self.count[left[pairs]]
            pair = np.repeat(np.arange(len(pairs)), count)
            nth = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
            one, other = self.start[left[pairs]][pair] + nth, self.start[right[pairs]][pair] + nth
            differ = (self.values[one] != self.values[other]) | (self.names[one] != self.names[other])
            equal[pairs[pair[differ]]] = False
        return equal


def _label_sets(tables: Sequence[LabelTable]) -> _LabelSets:
    code = {name: index for index, name in enumerate(sorted({name for table in tables for name in table.names}))}
    counts: list[Rows] = []
    names: list[Codes] = []
    values: list[Codes] = []
    for table in tables:
        columns = np.array([code[name] for name in table.names], dtype=np.int32)
        codes = table.codes
        if (columns[1:] < columns[:-1]).any():
            order = np.argsort(columns)
            columns, codes = columns[order], codes[:, order]
        present = codes != 0
        counts.append(present.sum(axis=1, dtype=np.intp))
        names.append(np.broadcast_to(columns, codes.shape)[present])
        values.append(codes[present])
    count = np.concatenate(counts)
    return _LabelSets(np.cumsum(count) - count, count, np.concatenate(names), np.concatenate(values))
