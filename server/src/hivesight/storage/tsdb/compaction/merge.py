"""The samples of several blocks as the sources of one: a group at a time, so that memory holds a few of them.

Series that were in the same groups of the old blocks come to stand in one group of the new. Of two samples of a series
at one time that of the later block stands, as in what readers are answered (`assemble`)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hivesight.model.series import SeriesBlock
from hivesight.storage.tsdb.assemble import joined
from hivesight.storage.tsdb.block.block import Block
from hivesight.storage.tsdb.block.grid import TILE_ROWS
from hivesight.storage.tsdb.block.part import Part
from hivesight.storage.tsdb.identity import Rows, hashes, leaders
from hivesight.storage.tsdb.joins import Index, Join, Pattern, Piece, as_index, join, patterns

_MAX_CELLS: Final = 8_000_000
"""In memory at a time; what has more is cut into groups of fewer rows."""
_HISTOGRAM_CELLS: Final = 64
"""A histogram counts as so many cells."""
_FULL: Final = 2
_SMALL_CELLS: Final = 1 << 14
"""Series that lack some of the old groups of others stand with them nevertheless where their rows are at least half
full, or so small that a group of their own would cost more. Without the bound a series that was there for two hours
would be read as one of days."""
_TRIED: Final = 8


def merged(blocks: Sequence[Block], check: Callable[[], None] = lambda: None) -> Iterator[SeriesBlock]:
    """All samples of the blocks less what was deleted. blocks: by their oldest sample. check: called between reads; may
    raise to end it. Raises BlockDamaged and OSError."""
    parts = [part for block in blocks for part in block.parts()]
    tables = [part.table for part in parts]
    sizes = [len(each) for each in tables]
    leader = leaders(tables, [hashes(each) for each in tables])
    found = patterns(np.arange(sum(sizes)) if leader is None else leader, sizes)
    for pattern in stacked(found, parts):
        for strip in _strips(pattern, parts):
            check()
            yield _read(join(strip, tables), parts)


@dataclass(slots=True)
class _Stack:
    parts: tuple[int, ...]
    columns: int
    rows: list[Rows]


def stacked(found: Sequence[Pattern], parts: Sequence[Part]) -> list[Pattern]:
    """Patterns with those put into them that are in some of the same parts and in no other; they have -1 elsewhere."""
    stacks: list[_Stack] = []
    of_part: dict[int, list[_Stack]] = {}
    for pattern in sorted(found, key=lambda each: (-len(each.parts), -len(each.rows))):
        extents = (parts[part].extent[pattern.rows[:, nth]] for nth, part in enumerate(pattern.parts))
        room = max(_SMALL_CELLS, _FULL * sum(int(each.sum()) for each in extents))
        near = of_part.get(pattern.parts[0], [])[:_TRIED]
        fitting = (
            each for each in near if set(pattern.parts) <= set(each.parts) and len(pattern.rows) * each.columns <= room
        )
        host = next(fitting, None)
        if host is None:
            host = _Stack(pattern.parts, sum(parts[each].columns for each in pattern.parts), [])
            stacks.append(host)
            for part in pattern.parts:
                of_part.setdefault(part, []).append(host)
        rows = np.full((len(pattern.rows), len(host.parts)), -1, np.intp)
        rows[:, [host.parts.index(each) for each in pattern.parts]] = pattern.rows
        host.rows.append(rows)
    return [Pattern(each.parts, np.concatenate(each.rows)) for each in sorted(stacks, key=lambda each: each.parts)]


def _strips(pattern: Pattern, parts: Sequence[Part]) -> Iterator[Pattern]:
    """As many rows at a time as memory holds, in the order of the last part, which is by name."""
    weight = _HISTOGRAM_CELLS if any(parts[each].has_histograms for each in pattern.parts) else 1
    step = max(1, _MAX_CELLS // (weight * sum(parts[each].columns for each in pattern.parts)))
    step = step if step < TILE_ROWS else step // TILE_ROWS * TILE_ROWS
    rows = pattern.rows
    order = np.lexsort(np.where(rows < 0, np.iinfo(np.intp).max, rows).T)
    for low in range(0, len(rows), step):
        yield Pattern(pattern.parts, rows[order[low : low + step]])


def _read(one: Join, parts: Sequence[Part]) -> SeriesBlock:
    blocks: list[SeriesBlock] = []
    pieces: list[Piece] = []
    for piece in one.pieces:
        if not piece.count:
            continue
        part = parts[piece.part]
        source, target = _positions(piece)
        blocks.append(part.read(None if piece.count == len(part.table) else source))
        pieces.append(Piece(len(pieces), slice(0, piece.count), target, piece.count, piece.every))
    if len(pieces) == 1:
        return blocks[0]
    table = parts[one.table].table if isinstance(one.table, int) else one.table
    return joined(Join(table, one.rows, tuple(pieces)), blocks)


def _positions(piece: Piece) -> tuple[Rows, slice | Rows]:
    """The rows that a piece takes from its part, increasing, and where each goes."""
    source, target = _rows(piece.source), _rows(piece.target)
    order = np.argsort(source)
    return source[order], as_index(target[order])


def _rows(index: Index) -> Rows:
    return np.arange(index.start, index.stop, dtype=np.intp) if isinstance(index, slice) else index
