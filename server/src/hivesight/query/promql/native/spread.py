"""histogram_quantile and histogram_fraction of the native histograms of a frame, and classic histograms that bear the
same labels as they."""

from collections.abc import Callable

import numpy as np

from hivesight.model.labels import METRIC_NAME
from hivesight.model.series import Mask, Values
from hivesight.query.promql.ast import Expr
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.native.figures import Read
from hivesight.query.promql.native.quantiles import fraction, quantile
from hivesight.query.promql.tables import columns, grouped, somewhere


def without_clashes(context: Context, node: Expr, frame: Frame) -> tuple[Frame, Frame | None]:
    """The floats of a frame and its histograms, without those that share their labels, apart from `le`, with others of
    the other kind at the same step, which is noted."""
    if frame.native is None or not frame.is_histogram.any():
        return frame.floats(), None
    rows = somewhere(frame.is_histogram, 1)
    native = frame.rows(rows)
    native = native.where(native.is_histogram)
    floats = frame.floats()
    floats = floats.rows(somewhere(floats.present, 1))
    names = sorted({*floats.labels.names, *native.labels.names} - {"le"})
    bounded = floats.labels.column("le") != 0
    codes = np.concatenate([columns(floats.labels, names), columns(native.labels, names)])
    group, first = grouped(codes)
    of_float, of_native = group[: len(floats)], group[len(floats) :]
    steps = frame.present.shape[1]
    has_float, has_native = (np.zeros((len(first), steps), dtype=np.bool_) for _ in range(2))
    np.logical_or.at(has_float, of_float[bounded], floats.present[bounded])
    np.logical_or.at(has_native, of_native, native.present)
    clash = has_float & has_native
    if clash.any():
        codes = np.unique(native.labels.column(METRIC_NAME)[somewhere(clash[of_native], 1)])
        for name in context.symbols.texts([int(code) for code in codes]):
            context.notes.mixed_kinds(name, node)
        floats = floats.where(floats.present & ~clash[of_float])
        native = native.where(native.present & ~clash[of_native])
    return floats, native


def native_quantile(context: Context, node: Expr, frame: Frame, at: Values) -> Values:
    """The quantile of every histogram of a frame that has nothing else; shape (series, steps)."""
    wanted = np.broadcast_to(at, frame.present.shape)[frame.present]
    assert frame.native is not None
    read = quantile(frame.native.cells.rows(frame.native.place[frame.present]), wanted)
    _note(context, frame, read.excluded, lambda name: context.notes.quantile_lost(name, node))
    _note(context, frame, read.skewed, lambda name: context.notes.quantile_skewed(name, node))
    return _spread(frame, read)


def native_fraction(context: Context, node: Expr, frame: Frame, lower: Values, upper: Values) -> Values:
    """The share between two values; as `native_quantile`."""
    shape = frame.present.shape
    least, most = (np.broadcast_to(each, shape)[frame.present] for each in (lower, upper))
    assert frame.native is not None
    read = fraction(frame.native.cells.rows(frame.native.place[frame.present]), least, most)
    _note(context, frame, read.excluded, lambda name: context.notes.fraction_excludes(name, node))
    return _spread(frame, read)


def _spread(frame: Frame, read: Read) -> Values:
    values = np.zeros(frame.present.shape)
    values[frame.present] = read.values
    return values


def _note(context: Context, frame: Frame, where: Mask, note: Callable[[str], None]) -> None:
    if not where.any():
        return
    rows = np.unique(np.nonzero(frame.present)[0][where])
    codes = np.unique(frame.labels.column(METRIC_NAME)[rows])
    for name in context.symbols.texts([int(code) for code in codes]):
        note(name)
