"""Decides what an append does to a group's columns, and does it. Called by the writing side and by replay alike."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.series import Mask, Values, bits, is_absent
from hivesight.storage.tsdb.arrays import Arrays
from hivesight.storage.tsdb.columns import Columns, Positions
from hivesight.storage.tsdb.group import Appended
from hivesight.storage.tsdb.piece import Piece

MAX_TIME_MS: Final = 1 << 62
"""Times of samples lie strictly between this and its negative."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an append will do. new_column: whether it begins one. positions: strictly increasing."""

    new_column: bool
    positions: Positions
    values: Values
    appended: Appended


@dataclass(frozen=True, slots=True)
class PiecePlan:
    """What will be written: series i of `piece` at positions[i]. known: which of the series that were given the group
    has. differs: of those, the samples at whose time another value stands; None for none. unknown: how many samples
    belonged to no series of the group."""

    positions: Positions
    piece: Piece
    known: Mask
    differs: Mask | None
    unknown: int


def plan_append(columns: Columns, time_ms: int, numbers: NDArray[np.int32], values: Values) -> Plan:
    """Decides what becomes of each sample; changes nothing. See Group.append."""
    refused = int((numbers < 0).sum())
    positions = columns.positions(numbers)
    unknown = int((positions < 0).sum()) - refused
    if refused or unknown:
        known = positions >= 0
        positions, values = positions[known], values[known]
    given = len(positions)
    live = columns.arrays.high > columns.arrays.low
    newest = columns.newest_ms
    if newest is not None and (time_ms < newest or (time_ms == newest and not live)):
        return Plan(False, positions[:0], values[:0], Appended(0, given, 0, refused, unknown))
    if newest is None or time_ms > newest:
        positions, values, duplicate = _first_of_each(positions, values)
        return Plan(True, positions, values, Appended(given - duplicate, 0, duplicate, refused, unknown))
    there = columns.newest_column()[positions]
    absent = is_absent(there)
    differs = int((~absent & (bits(there) != bits(values))).sum())
    positions, values, duplicate = _first_of_each(positions[absent], values[absent])
    duplicate += differs
    return Plan(False, positions, values, Appended(given - duplicate, 0, duplicate, refused, unknown))


def carry_out(columns: Columns, time_ms: int, plan: Plan) -> None:
    """Does it; room for a new column must have been made."""
    if plan.new_column:
        columns.extend(np.array([time_ms], np.int64), plan.positions, plan.values[:, np.newaxis])
    else:
        columns.fill(plan.positions, plan.values)


def plan_piece(columns: Columns, numbers: NDArray[np.int32], piece: Piece) -> PiecePlan:
    """Decides what becomes of the samples of a piece: those for which there is room are written, however old they are.
    Changes nothing. numbers: no two equal, -1 for none."""
    positions = columns.positions(numbers)
    known = positions >= 0
    unknown = 0
    if not known.all():
        unknown = int(piece.present[~known].sum())
        positions, piece = positions[known], piece.rows(known)
    differs = taken = None
    live = columns.arrays.live
    if len(live) and int(piece.times[0]) <= int(live[-1]) and len(positions):
        at = np.searchsorted(live, piece.times)
        there = np.zeros(len(at), dtype=bool)
        inside = at < len(live)
        there[inside] = live[at[inside]] == piece.times[inside]
        if there.any():
            arrays = columns.arrays
            old = arrays.values[positions[:, np.newaxis], arrays.low + at[there]]
            taken = np.zeros(piece.values.shape, dtype=bool)
            taken[:, there] = ~is_absent(old)
            taken &= piece.present
            differs = np.zeros(piece.values.shape, dtype=bool)
            differs[:, there] = bits(old) != bits(np.ascontiguousarray(piece.values[:, there]))
            if arrays.place is not None or piece.histograms is not None:
                differs[:, there] |= _other_kind(arrays, piece, positions, arrays.low + at[there], there)
            differs &= taken
            piece = piece.without(taken)
    return PiecePlan(positions, piece, known, differs, unknown)


def plan_mixed(columns: Columns, numbers: NDArray[np.int32], piece: Piece) -> tuple[Piece, NDArray[np.int32], Appended]:
    """The same for one sample of each series, of which some are histograms: what will be written, in which rows, and
    what became of all. numbers: in any order, -1 for none; the first of equal ones counts."""
    refused = int((numbers < 0).sum())
    distinct, first = np.unique(numbers, return_index=True)
    first = first[distinct >= 0]
    again = len(numbers) - refused - len(first)
    numbers, piece = numbers[first], piece.rows(first)
    plan = plan_piece(columns, numbers, piece)
    differs = int(plan.differs.sum()) if plan.differs is not None else 0
    written = plan.piece.present[:, 0]
    taken = len(plan.positions) - differs
    appended = Appended(taken, 0, differs + again, refused, plan.unknown)
    return plan.piece.rows(written), numbers[plan.known][written], appended


def _other_kind(arrays: Arrays, piece: Piece, positions: Positions, at: Positions, there: Mask) -> Mask:
    """Where one sample is a histogram and the other a float."""
    shape = (len(positions), len(at))
    old = arrays.place[positions[:, np.newaxis], at] >= 0 if arrays.place is not None else np.zeros(shape, dtype=bool)
    new = piece.histograms.place[:, there] >= 0 if piece.histograms is not None else np.zeros(shape, dtype=bool)
    return old != new


def _first_of_each(positions: Positions, values: Values) -> tuple[Positions, Values, int]:
    """Sorted by position, the first sample of each; and how many later ones differ from it."""
    if bool((np.diff(positions) > 0).all()):
        return positions, values, 0
    order = np.argsort(positions, kind="stable")
    positions, values = positions[order], values[order]
    first = np.concatenate(([True], np.diff(positions) > 0))
    kept = values[first]
    differs = bits(values) != bits(kept[np.cumsum(first) - 1])
    return positions[first], kept, int(differs.sum())
