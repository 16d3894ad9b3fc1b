"""Decides what an append does to a group's columns, and does it. Called by the writing side and by replay alike."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.series import Values, bits, is_absent
from hivesight.storage.tsdb.columns import Columns, Positions
from hivesight.storage.tsdb.group import Appended

MAX_TIME_MS: Final = 1 << 62
"""Times of samples lie strictly between this and its negative."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an append will do. new_column: whether it begins one. positions: strictly increasing."""

    new_column: bool
    positions: Positions
    values: Values
    appended: Appended


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
