"""count_values: how often each value occurs in each group, the value becoming a label."""

import numpy as np
from numpy.typing import NDArray

from hivesight.model.errors import QueryError
from hivesight.model.labels import METRIC_NAME
from hivesight.model.symbols import Codes
from hivesight.query.promql.ast import Aggregate
from hivesight.query.promql.budget import Budget
from hivesight.query.promql.frames import Frame, empty_frame
from hivesight.query.promql.literals import format_plain
from hivesight.query.promql.native.buckets import histogram_text
from hivesight.query.promql.tables import dropping, grouped, keeping, with_column


def count_values(node: Aggregate, frame: Frame, label: str, budget: Budget) -> Frame:
    """The counts, with one series for each group and value. Raises QueryError for a label that cannot be."""
    if not label or any(0xDC80 <= ord(char) <= 0xDCFF for char in label):
        raise QueryError(f"invalid label name {label!r}")
    steps = frame.values.shape[1]
    rows, columns = np.nonzero(frame.present)
    if not rows.size:
        return empty_frame(frame.labels.symbols, steps)
    codes, value = _texts(frame, rows, columns, budget)
    # One row for every series and value of it, with the value as its label: then grouped like any other vector.
    pair, where = np.unique(rows * len(codes) + value, return_inverse=True)
    labels = with_column(frame.labels.rows(pair // len(codes)), label, codes[pair % len(codes)])
    dropped = (METRIC_NAME, *node.grouping)
    kept = dropping(labels, dropped) if node.without else keeping(labels, (*node.grouping, label))
    group, first = grouped(kept.codes)
    budget.spend(len(first) * steps)
    counts = np.bincount(group[where] * steps + columns, minlength=len(first) * steps).reshape(len(first), steps)
    nameless = np.zeros(len(first), dtype=np.bool_)
    np.logical_or.at(nameless, group, frame.nameless[pair // len(codes)])
    return Frame(kept.rows(first), counts.astype(np.float64), counts > 0, nameless)


def _texts(
    frame: Frame, rows: NDArray[np.intp], columns: NDArray[np.intp], budget: Budget
) -> tuple[Codes, NDArray[np.intp]]:
    """The text of every distinct value, and which of them each element has."""
    steps, symbols = frame.values.shape[1], frame.labels.symbols
    floats, value = np.unique(frame.floats().values[rows, columns], return_inverse=True)
    # At least one row a value: checked before each gets its text.
    budget.fits(len(floats) * steps)
    texts = [format_plain(each) for each in floats.tolist()]
    if frame.native is not None and (there := frame.is_histogram[rows, columns]).any():
        cells, cell = np.unique(frame.native.place[rows, columns][there], return_inverse=True)
        budget.fits((len(floats) + len(cells)) * steps)
        value[there] = len(texts) + cell
        for each in cells.tolist():
            texts.append(histogram_text(frame.native.cells.histogram(each)))
            budget.spend_text(len(texts[-1]))
    # Histograms in different cells may be equal; texts keep their order, by which ties are broken.
    first = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    same = np.array([first[text] for text in texts], dtype=np.intp)
    return np.array([symbols.intern(text) for text in first], dtype=np.int32), same[value]
