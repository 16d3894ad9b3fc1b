"""What expressions yield while they are evaluated: values at every step of a grid."""

from dataclasses import dataclass, replace

import numpy as np

from hivesight.model.errors import QueryError
from hivesight.model.histogram import HistogramGrid, stacked_grids
from hivesight.model.series import Mask, Values
from hivesight.model.symbols import LabelTable, Symbols
from hivesight.query.promql.tables import (
    Index,
    all_differ,
    empty,
    grouped,
    named,
    somewhere,
    stacked,
    without_names_where,
)

SAME_LABELSET = "vector cannot contain metrics with the same labelset"


@dataclass(frozen=True, slots=True)
class Steps:
    """A scalar at every step. values: float64, shape (steps,)."""

    values: Values


@dataclass(frozen=True, slots=True)
class Text:
    """A string."""

    value: str


@dataclass(frozen=True, slots=True)
class Frame:
    """An instant vector at every step. Nobody writes to the arrays of a frame that was handed on.

    values: float64, shape (series, steps); anything where nothing is present.
    present: shape (series, steps). An absent element and a NaN are different things.
    nameless: shape (series,): whose metric name goes away at the end of the query. Until then names are kept, so that
    `label_replace` and `by (__name__)` can use them (delayed name removal).
    native: those elements that are native histograms, by place, shape (series, steps); None where there are none.
    `place` says nothing where nothing is present."""

    labels: LabelTable
    values: Values
    present: Mask
    nameless: Mask
    native: HistogramGrid | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, index: Index | Mask) -> "Frame":
        """The chosen series."""
        native = None if self.native is None else self.native.at(self.native.place[index])
        return Frame(self.labels.rows(index), self.values[index], self.present[index], self.nameless[index], native)

    def where(self, present: Mask) -> "Frame":
        """The same elements, as far as they are present."""
        return Frame(self.labels, self.values, present, self.nameless, self.native)

    def relabelled(self, labels: LabelTable, nameless: Mask) -> "Frame":
        """The same elements under other labels."""
        return Frame(labels, self.values, self.present, nameless, self.native)

    @property
    def is_histogram(self) -> Mask:
        """Which of the elements that are present are histograms; shape (series, steps)."""
        if self.native is None:
            return np.zeros(self.present.shape, dtype=np.bool_)
        return self.present & (self.native.place >= 0)

    def floats(self) -> "Frame":
        """The elements that are floats, for whatever ignores histograms."""
        if self.native is None:
            return self
        return Frame(self.labels, self.values, self.present & (self.native.place < 0), self.nameless)

    def changed(self, values: Values, present: Mask | None = None) -> "Frame":
        """The same series with values of another meaning, so without their names."""
        kept = self.present if present is None else present
        return Frame(self.labels, values, kept, np.ones(len(self), dtype=np.bool_))


Value = Steps | Text | Frame


def empty_frame(symbols: Symbols, steps: int) -> Frame:
    """No series."""
    nothing = np.zeros((0, steps))
    return Frame(empty(symbols), nothing, nothing.astype(np.bool_), np.zeros(0, dtype=np.bool_))


def stacked_frames(frames: list[Frame], symbols: Symbols, steps: int) -> Frame:
    """The series of all frames, one after the other."""
    if len(frames) == 1:
        return frames[0]
    if not frames:
        return empty_frame(symbols, steps)
    return Frame(
        stacked([each.labels for each in frames], symbols),
        np.concatenate([each.values for each in frames]),
        np.concatenate([each.present for each in frames]),
        np.concatenate([each.nameless for each in frames]),
        stacked_grids([(each.native, each.present.shape) for each in frames]),
    )


def spread(value: Value, steps: int) -> Value:
    """The value of one step at every step."""
    match value:
        case Steps(values=values):
            return Steps(np.broadcast_to(values, (steps,)))
        case Frame():
            shape = (len(value), steps)
            native = value.native
            return replace(
                value,
                values=np.broadcast_to(value.values, shape),
                present=np.broadcast_to(value.present, shape),
                native=None if native is None else native.at(np.broadcast_to(native.place, shape)),
            )
        case _:
            return value


def merged(frame: Frame) -> Frame:
    """Series with equal labels become one where they are never present at the same step. Raises QueryError where
    they are."""
    codes = frame.labels.codes
    losing = frame.nameless & named(frame.labels)
    if losing.any() and not losing.all():
        # With the name still there two series may look equal of which one will lose it and the other not.
        codes = np.column_stack([codes, losing.astype(np.int32)])
    if all_differ(codes):
        return frame
    group, first = grouped(codes)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    present = frame.present[order]
    if (np.add.reduceat(present, starts, axis=0, dtype=np.int64) > 1).any():
        raise QueryError(SAME_LABELSET)
    # At most one of a group is present at a step, so a sum of the others' zeros picks it without changing it.
    values = np.add.reduceat(np.where(present, frame.values[order], 0.0), starts, axis=0)
    some = np.logical_or.reduceat(present, starts, axis=0)
    native = frame.native
    if native is not None:
        native = native.at(np.maximum.reduceat(np.where(present, native.place[order], -1), starts, axis=0))
    return Frame(frame.labels.rows(first), values, some, frame.nameless[first], native)


def finished(frame: Frame) -> Frame:
    """The frame as a user sees it: names removed where they were to go, no series without a sample."""
    seen = frame.rows(somewhere(frame.present, 1))
    named = replace(seen, labels=without_names_where(seen.labels, seen.nameless))
    return merged(named)
