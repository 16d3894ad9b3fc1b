"""Label sets that live in two groups become one series: selected rows of several groups in, disjoint blocks out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hivesight.model.series import ABSENT, SeriesBlock, Values, is_absent, is_sample


@dataclass(frozen=True, slots=True)
class Selected:
    """The chosen rows of one group. numbers: the row number of each row of the block, increasing."""

    group_id: int
    keyed: Mapping[bytes, int]
    numbers: NDArray[np.int32]
    block: SeriesBlock


def merge_shared(chosen: Sequence[Selected], shared: Collection[bytes]) -> list[SeriesBlock]:
    """The same samples in blocks of which no two have a label set in common. A label set that was chosen in several
    groups moves to a block over the union of their times; where both have a sample at one time the later group's
    stands, but a staleness marker never covers a value."""
    places = _places(chosen, shared)
    if not places:
        return [each.block for each in chosen]
    by_owners: dict[tuple[int, ...], list[list[int]]] = {}
    moved: list[list[int]] = [[] for _ in chosen]
    for found in places:
        owners = tuple(owner for owner, _ in found)
        by_owners.setdefault(owners, []).append([row for _, row in found])
        for owner, row in found:
            moved[owner].append(row)
    blocks = [_without(each.block, rows) for each, rows in zip(chosen, moved, strict=True)]
    merged = [_merged([chosen[owner].block for owner in owners], rows) for owners, rows in by_owners.items()]
    return [block for block in (*blocks, *merged) if len(block.labels)]


def _places(chosen: Sequence[Selected], shared: Collection[bytes]) -> list[list[tuple[int, int]]]:
    """For each label set that was chosen more than once: the index in `chosen` and the row there."""
    found: dict[bytes, list[tuple[int, int]]] = {}
    for owner, each in enumerate(chosen):
        keys: list[bytes] = []
        wanted: list[int] = []
        for key in shared:
            number = each.keyed.get(key)
            if number is not None:
                keys.append(key)
                wanted.append(number)
        rows = np.searchsorted(each.numbers, np.array(wanted, dtype=np.int32)).tolist()
        for key, number, row in zip(keys, wanted, rows, strict=True):
            if row < len(each.numbers) and int(each.numbers[row]) == number:
                found.setdefault(key, []).append((owner, row))
    return sorted(places for places in found.values() if len(places) > 1)


def _without(block: SeriesBlock, rows: Sequence[int]) -> SeriesBlock:
    """The block less some rows."""
    if not rows:
        return block
    kept = np.delete(np.arange(len(block.labels)), rows)
    return SeriesBlock(block.labels.rows(kept), block.times, block.values[kept])


def _merged(blocks: Sequence[SeriesBlock], rows: Sequence[Sequence[int]]) -> SeriesBlock:
    """One block of the series at rows[i][j] of block j, all i."""
    times = np.unique(np.concatenate([block.times for block in blocks]))
    values: Values = np.full((len(rows), len(times)), ABSENT)
    for owner, block in enumerate(blocks):
        taken = block.values[[each[owner] for each in rows]]
        columns = np.searchsorted(times, block.times)
        current = values[:, columns]
        over = is_sample(taken) | (~is_absent(taken) & ~is_sample(current))
        values[:, columns] = np.where(over, taken, current)
    return SeriesBlock(blocks[0].labels.rows(np.array([each[0] for each in rows])), times, values)
