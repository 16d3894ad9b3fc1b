"""Histograms of different layouts brought to a common one, so that their buckets can be added and compared.

Exponential ones go to the coarsest schema and the widest zero bucket among them, custom ones to the bounds they have in
common (Prometheus' `model/histogram/float_histogram.go`: Add, reconcileZeroBuckets, intersectCustomBucketBounds)."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.errors import QueryLimit
from hivesight.model.histogram import HistogramCells, Indexes, Layout, Scale, uniform
from hivesight.model.series import Mask, Values

_MOST_FIGURES: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class Unified:
    """cells: those asked for, in their order; all of a group have one layout, unless the group is incompatible.
    incompatible: shape (groups,), where exponential and custom buckets meet. reconciled: where custom bounds differ."""

    cells: HistogramCells
    incompatible: Mask
    reconciled: Mask


def unified(cells: HistogramCells, index: Indexes, group: Indexes, groups: int) -> Unified:
    """The cells at `index`, each brought to the common layout of its group."""
    picked = cells.rows(index)
    nobody = np.zeros(groups, dtype=np.bool_)
    used = picked.used()
    if len(used) <= 1:
        return Unified(picked, nobody, nobody)
    scales = {cells.layouts[each].scale for each in used}
    if len(scales) == 1:
        return Unified(_on_one_scale(picked, used, scales.pop()), nobody, nobody)
    return _mixed(picked, group, groups)


def _on_one_scale(picked: HistogramCells, used: list[int], scale: Scale) -> HistogramCells:
    target = joint_layout([picked.layouts[each] for each in used], scale)
    _room(len(picked), 3 + target.width)
    figures = np.zeros((len(picked), 3 + target.width))
    for each in used:
        rows = picked.layout == each
        figures[rows] = converted(picked.figures[rows], picked.layouts[each], target)
    return uniform(target, figures, picked.hint)


def _mixed(picked: HistogramCells, group: Indexes, groups: int) -> Unified:
    incompatible, reconciled = np.zeros(groups, dtype=np.bool_), np.zeros(groups, dtype=np.bool_)
    known = len(picked.layouts)
    # The distinct sets of layouts that meet in a group; groups of one layout stay as they are.
    pairs = np.unique(group * known + picked.layout)
    owner, layout = pairs // known, pairs % known
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    sizes = np.diff(starts, append=len(owner))
    sets: dict[tuple[int, ...], list[int]] = {}
    for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        sets.setdefault(tuple(layout[start : start + size].tolist()), []).append(int(owner[start]))
    kind = np.full(groups, -1, dtype=np.int64)
    for number, members in enumerate(sets.values()):
        kind[members] = number
    kind_of_row = kind[group]
    parts: list[tuple[NDArray[np.intp], Layout, Values]] = []
    alone = np.flatnonzero(kind_of_row < 0)
    for each in picked.rows(alone).used():
        rows = alone[picked.layout[alone] == each]
        own = picked.layouts[each]
        parts.append((rows, own, picked.figures[rows, : 3 + own.width]))
    for number, (members, owners) in enumerate(sets.items()):
        layouts = [picked.layouts[each] for each in members]
        rows = np.flatnonzero(kind_of_row == number)
        if len({each.scale.custom for each in layouts}) > 1:
            incompatible[owners] = True
            parts.append((rows, layouts[0], np.zeros((len(rows), 3 + layouts[0].width))))
            continue
        if layouts[0].scale.custom and len({each.scale.bounds for each in layouts}) > 1:
            reconciled[owners] = True
        for some, target in _targets(picked, rows, group, layouts):
            for each in picked.rows(some).used():
                here = some[picked.layout[some] == each]
                parts.append((here, target, converted(picked.figures[here], picked.layouts[each], target)))
    return Unified(_assembled(picked, parts), incompatible, reconciled)


def _room(rows: int, width: int) -> None:
    """Raises QueryLimit where figures of layouts that have little in common would take too much memory."""
    if rows * width > _MOST_FIGURES:
        raise QueryLimit(
            f"the histograms of the query have too many different buckets to be added up ({width} in {rows} of them):"
            " ask for fewer series or a shorter time"
        )


def _assembled(picked: HistogramCells, parts: Sequence[tuple[NDArray[np.intp], Layout, Values]]) -> HistogramCells:
    codes: dict[Layout, int] = {}
    width = max((3 + layout.width for _, layout, _ in parts), default=3)
    _room(len(picked), width)
    figures = np.zeros((len(picked), width))
    code = np.zeros(len(picked), dtype=np.int32)
    for rows, layout, part in parts:
        figures[rows, : part.shape[1]] = part
        code[rows] = codes.setdefault(layout, len(codes))
    return HistogramCells(tuple(codes), code, figures, picked.hint)


def _targets(
    picked: HistogramCells, rows: NDArray[np.intp], group: Indexes, layouts: Sequence[Layout]
) -> list[tuple[NDArray[np.intp], Layout]]:
    """The rows with the layout they go to. It is the same for all groups with the same layouts, unless zero
    thresholds differ: how wide the zero bucket becomes then depends on which buckets are populated."""
    scales = [each.scale for each in layouts]
    if scales[0].custom:
        common = set(scales[0].bounds).intersection(*(each.bounds for each in scales[1:]))
        scale = Scale(scales[0].schema, 0.0, tuple(sorted(common)))
        return [(rows, joint_layout(layouts, scale))]
    schema = min(each.schema for each in scales)
    if len({each.zero_threshold for each in scales}) == 1:
        return [(rows, joint_layout(layouts, Scale(schema, scales[0].zero_threshold)))]
    by_threshold: dict[float, list[NDArray[np.intp]]] = {}
    for each in np.unique(group[rows]).tolist():
        own = rows[group[rows] == each]
        by_threshold.setdefault(common_threshold(picked.rows(own)), []).append(own)
    return [
        (np.concatenate(some), joint_layout(layouts, Scale(schema, threshold)))
        for threshold, some in by_threshold.items()
    ]


def common_threshold(cells: HistogramCells) -> float:
    """The zero threshold at which no populated bucket of any of the cells is cut."""
    threshold = max(cells.layouts[each].scale.zero_threshold for each in cells.used())
    while True:
        before = threshold
        for each in cells.used():
            layout = cells.layouts[each]
            if layout.scale.zero_threshold == before and threshold == before:
                continue
            populated = (cells.buckets[cells.layout == each] != 0).any(axis=0).tolist()
            for key, there in zip((*layout.negative, *layout.positive), populated, strict=False):
                if there and layout.scale.lower(key) < threshold < layout.scale.upper(key):
                    threshold = layout.scale.upper(key)
        if threshold == before:
            return threshold


def joint_layout(layouts: Sequence[Layout], scale: Scale) -> Layout:
    """The layout on a coarser scale that has a bucket for every one of the layouts."""
    negative, positive = set[int](), set[int]()
    for each in layouts:
        for keys, found in ((each.negative, negative), (each.positive, positive)):
            found.update(goal for key in keys if (goal := moved(key, each.scale, scale)) is not None)
    return Layout(scale, tuple(sorted(negative)), tuple(sorted(positive)))


def moved(key: int, source: Scale, target: Scale) -> int | None:
    """Where a bucket of one scale goes on a coarser one: a key, or None for the zero bucket."""
    if source.custom:
        return key if source.bounds == target.bounds else bisect_left(target.bounds, source.upper(key))
    if target.zero_threshold > source.zero_threshold and source.upper(key) <= target.zero_threshold:
        return None
    return ((key - 1) >> (source.schema - target.schema)) + 1


@lru_cache(maxsize=4096)
def _columns(source: Layout, target: Layout) -> tuple[int, ...]:
    """The column of the figures that each bucket of a layout is added to."""
    split = 3 + len(target.negative)
    negative = {key: 3 + column for column, key in enumerate(target.negative)}
    positive = {key: split + column for column, key in enumerate(target.positive)}
    goals = [(negative, moved(key, source.scale, target.scale)) for key in source.negative]
    goals += [(positive, moved(key, source.scale, target.scale)) for key in source.positive]
    # What lies half inside a wider zero bucket is not populated, or the zero bucket would be wider still.
    return tuple(2 if key is None else where[key] for where, key in goals)


def converted(figures: Values, source: Layout, target: Layout) -> Values:
    """The figures of cells of one layout in another, which has a bucket for each of theirs."""
    if source == target:
        return figures[:, : 3 + target.width]
    out = np.zeros((len(figures), 3 + target.width))
    out[:, :3] = figures[:, :3]
    for column, place in enumerate(_columns(source, target)):
        out[:, place] += figures[:, 3 + column]
    return out
