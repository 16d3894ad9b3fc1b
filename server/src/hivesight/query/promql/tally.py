"""count_values: how often each value occurs in each group, the value becoming a label."""

import numpy as np

from hivesight.model.errors import QueryError
from hivesight.model.labels import METRIC_NAME
from hivesight.query.promql.ast import Aggregate
from hivesight.query.promql.budget import Budget
from hivesight.query.promql.frames import Frame, empty_frame
from hivesight.query.promql.literals import format_plain
from hivesight.query.promql.tables import dropping, grouped, keeping, with_column


def count_values(node: Aggregate, frame: Frame, label: str, budget: Budget) -> Frame:
    """The counts, with one series for each group and value. Raises QueryError for a label that cannot be."""
    if not label or any(0xDC80 <= ord(char) <= 0xDCFF for char in label):
        raise QueryError(f"invalid label name {label!r}")
    steps = frame.values.shape[1]
    rows, columns = np.nonzero(frame.present)
    if not rows.size:
        return empty_frame(frame.labels.symbols, steps)
    values, value = np.unique(frame.values[rows, columns], return_inverse=True)
    # At least one row a value: checked before each gets its text.
    budget.fits(len(values) * steps)
    # One row for every series and value of it, with the value as its label: then grouped like any other vector.
    pair, where = np.unique(rows * len(values) + value, return_inverse=True)
    symbols = frame.labels.symbols
    codes = np.array([symbols.intern(format_plain(each)) for each in values.tolist()], dtype=np.int32)
    labels = with_column(frame.labels.rows(pair // len(values)), label, codes[pair % len(values)])
    dropped = (METRIC_NAME, *node.grouping)
    kept = dropping(labels, dropped) if node.without else keeping(labels, (*node.grouping, label))
    group, first = grouped(kept.codes)
    budget.spend(len(first) * steps)
    counts = np.bincount(group[where] * steps + columns, minlength=len(first) * steps).reshape(len(first), steps)
    nameless = np.zeros(len(first), dtype=np.bool_)
    np.logical_or.at(nameless, group, frame.nameless[pair // len(values)])
    return Frame(kept.rows(first), counts.astype(np.float64), counts > 0, nameless)
