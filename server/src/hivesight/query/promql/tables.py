"""Label tables as relations: join their columns, group their rows, change a column. All on integer codes."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.labels import METRIC_NAME
from hivesight.model.series import Mask
from hivesight.model.symbols import Codes, LabelTable, Symbols

Index = NDArray[np.intp]

METADATA: Final = (METRIC_NAME, "__type__", "__unit__")
"""Labels that say what a metric is, and so go when its values become something else."""


def empty(symbols: Symbols, rows: int = 0) -> LabelTable:
    """So many label sets without a label."""
    return LabelTable((), np.zeros((rows, 0), dtype=np.int32), symbols)


def recoded(table: LabelTable, symbols: Symbols) -> LabelTable:
    """The table with its strings coded by other symbols."""
    distinct, inverse = np.unique(table.codes, return_inverse=True)
    texts = table.symbols.texts(distinct.tolist())
    codes = np.array([symbols.intern(text) for text in texts], dtype=np.int32)
    return LabelTable(table.names, codes[inverse.reshape(table.codes.shape)], symbols)


def columns(table: LabelTable, names: Sequence[str]) -> Codes:
    """The named columns in this order; shape (series, names)."""
    out = np.zeros((len(table), len(names)), dtype=np.int32)
    place = {name: index for index, name in enumerate(table.names)}
    for index, name in enumerate(names):
        if name in place:
            out[:, index] = table.codes[:, place[name]]
    return out


def stacked(tables: Sequence[LabelTable], symbols: Symbols) -> LabelTable:
    """The rows of all tables, one after the other."""
    if not tables:
        return empty(symbols)
    if all(each.names == tables[0].names for each in tables):
        names = tables[0].names
        codes = tables[0].codes if len(tables) == 1 else np.concatenate([each.codes for each in tables])
        return LabelTable(names, codes, symbols)
    names = tuple(sorted({name for each in tables for name in each.names}))
    return LabelTable(names, np.concatenate([columns(each, names) for each in tables]), symbols)


def keeping(table: LabelTable, names: Iterable[str]) -> LabelTable:
    """The table with the named columns alone."""
    wanted = set(names)
    chosen = [index for index, name in enumerate(table.names) if name in wanted]
    return LabelTable(tuple(table.names[index] for index in chosen), table.codes[:, chosen], table.symbols)


def dropping(table: LabelTable, names: Iterable[str]) -> LabelTable:
    """The table without the named columns."""
    return keeping(table, set(table.names) - set(names))


def with_column(table: LabelTable, name: str, codes: Codes) -> LabelTable:
    """The table with one column set, added where it is new."""
    if name in table.names:
        changed = table.codes.copy()
        changed[:, table.names.index(name)] = codes
        return LabelTable(table.names, changed, table.symbols)
    names = tuple(sorted((*table.names, name)))
    place = names.index(name)
    return LabelTable(names, np.insert(table.codes, place, codes, axis=1), table.symbols)


def without_names_where(table: LabelTable, rows: Mask) -> LabelTable:
    """The table with the metric's name, type and unit taken from the marked rows."""
    if rows.any():
        for name in METADATA:
            if name in table.names:
                table = with_column(table, name, np.where(rows, 0, table.column(name)).astype(np.int32))
    return table


def named(table: LabelTable) -> Mask:
    """Which rows have what names or describes a metric; shape (series,)."""
    return somewhere(keeping(table, METADATA).codes != 0, 1)


def grouped(codes: Codes) -> tuple[Index, Index]:
    """Equal rows together: the group of every row, and the first row of every group. Groups are numbered in the
    order in which they appear."""
    _, first, group = np.unique(_row_keys(codes), return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(first), dtype=np.intp)
    rank[order] = np.arange(len(first))
    return rank[group], first[order]


def all_differ(codes: Codes) -> bool:
    """Whether no two rows are equal."""
    return len(set(_row_keys(codes).tolist())) == len(codes)


def _row_keys(codes: Codes) -> NDArray[np.int64]:
    """A number for every row, the same for equal rows alone."""
    rows = codes.shape[0]
    key = np.zeros(rows, dtype=np.int64)
    room = 1
    for column in codes.T:
        low = int(column.min(initial=0))
        span = int(column.max(initial=0)) - low + 1
        if span == 1:
            continue
        if room * span >= 2**62:
            _, key = np.unique(key, return_inverse=True)
            room = rows
        key = key * span + (column.astype(np.int64) - low)
        room *= span
    return key


def somewhere(mask: Mask, axis: int) -> Mask:
    """Where the mask holds anywhere along an axis, which goes away."""
    return np.asarray(mask.any(axis=axis), dtype=np.bool_)


def texts_of(codes: Codes, symbols: Symbols) -> dict[int, str]:
    """The string behind each distinct code of a column."""
    distinct = list(set(codes.tolist()))
    return dict(zip(distinct, symbols.texts(distinct), strict=True))


def sort_order(table: LabelTable) -> Index:
    """The rows in the order of their label sets: by the first label in which two of them differ, its name before its
    value, and a set before those that go on where it ends."""
    keys: list[NDArray[np.int64]] = []
    later = np.zeros(len(table), dtype=np.bool_)
    for column in reversed(range(len(table.names))):
        codes = table.codes[:, column]
        text_of = texts_of(codes, table.symbols)
        rank = {code: place for place, code in enumerate(sorted(text_of, key=text_of.__getitem__))}
        ranks = np.array([rank[code] for code in codes.tolist()], dtype=np.int64)
        there = codes != 0
        # Without this label a set comes last where it goes on with another name, and first where it ends.
        keys.append(np.where(there, ranks, np.where(later, len(rank), -1)))
        later |= there
    return np.lexsort(keys) if keys else np.arange(len(table), dtype=np.intp)
