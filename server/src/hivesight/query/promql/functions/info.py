"""info: the labels of info metrics, such as `target_info`, added to the series that they describe."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.errors import QueryError
from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.model.matcher import Matcher
from hivesight.model.series import Mask
from hivesight.model.symbols import label_table
from hivesight.query.promql.ast import Call, VectorSelector
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import SAME_LABELSET, Frame, merged
from hivesight.query.promql.functions.kind import Function
from hivesight.query.promql.tables import somewhere
from hivesight.query.promql.types import Grid

IDENTIFYING: Final = ("instance", "job")
"""The labels by which an info metric finds its series."""

Choice = NDArray[np.int64]
"""Which info series counts at every step, -1 where none does; shape (steps,)."""


def _info(context: Context, call: Call, grid: Grid) -> Frame:
    base = context.vector(call.args[0], grid)
    base = base.rows(somewhere(base.present, 1))
    selector = call.args[1]
    assert isinstance(selector, VectorSelector)
    names = [each for each in selector.matchers if each.name == METRIC_NAME]
    data = [each for each in selector.matchers if each.name != METRIC_NAME]
    labels = base.labels.all_labels()
    described = [not all(each.matches(row.value(METRIC_NAME)) for each in names) for row in labels]
    found = context.vector(selector, grid)
    rows = _relevant([row for row, wanted in zip(labels, described, strict=True) if wanted], found)
    info = found.rows(rows)
    if info.is_histogram.any():
        raise QueryError("info sample should be float")
    times = context.sample_times(selector, grid).rows(rows)
    info_labels = info.labels.all_labels()
    choices = _choices(info_labels, info.present, times.values)
    out_rows: list[int] = []
    out_labels: list[Labels] = []
    out_masks: list[Mask] = []
    everywhere = np.ones(len(grid), dtype=np.bool_)
    for row, own in enumerate(labels):
        context.budget.check()
        if not described[row]:
            options: list[tuple[Labels, Mask]] = [(own, everywhere)]
        else:
            key = tuple(own.value(name) for name in IDENTIFYING)
            options = _options(own, choices.get(key, []), info_labels, data, base.present[row])
        for made, mask in options:
            out_rows.append(row)
            out_labels.append(made)
            out_masks.append(mask)
    context.budget.spend(len(out_rows) * len(grid))
    chosen = base.rows(np.array(out_rows, dtype=np.intp))
    masks = np.array(out_masks, dtype=np.bool_).reshape(len(out_rows), len(grid))
    table = label_table(out_labels, context.symbols)
    result = Frame(table, chosen.values, chosen.present & masks, chosen.nameless, chosen.native)
    try:
        return merged(result.rows(somewhere(result.present, 1)))
    except QueryError as error:
        raise QueryError(SAME_LABELSET) from error


def _relevant(base: Sequence[Labels], info: Frame) -> Mask:
    """The info series that some series may belong to: they have every identifying label that any series has."""
    rows = np.zeros(len(info), dtype=np.bool_)
    for name in IDENTIFYING:
        if any(row.value(name) for row in base):
            has = info.labels.column(name) != 0
            rows = rows & has if rows.any() else has
    return rows


def _choices(
    labels: Sequence[Labels], present: Mask, times: NDArray[np.float64]
) -> dict[tuple[str, ...], list[Choice]]:
    """For every identity, and every info metric, the newest series at each step. Raises QueryError for two that are
    equally new."""
    members: dict[tuple[str, ...], list[int]] = {}
    for row, each in enumerate(labels):
        members.setdefault((*(each.value(name) for name in IDENTIFYING), each.value(METRIC_NAME)), []).append(row)
    out: dict[tuple[str, ...], list[Choice]] = {}
    for key, rows in members.items():
        at = np.where(present[rows], times[rows], -np.inf)
        newest = at.max(axis=0)
        there = np.isfinite(newest)
        if (twice := ((at == newest) & there).sum(axis=0) > 1).any():
            step = int(np.flatnonzero(twice)[0])
            one, other = (labels[rows[int(i)]] for i in np.flatnonzero(at[:, step] == newest[step])[:2])
            ms = round(float(newest[step]) * 1000)
            raise QueryError(f"found duplicate series for info metric: existing {one} @ {ms}, new {other} @ {ms}")
        choice = np.where(there, np.array(rows, dtype=np.int64)[at.argmax(axis=0)], -1)
        out.setdefault(key[:-1], []).append(choice)
    return out


def _options(
    own: Labels, choices: Sequence[Choice], labels: Sequence[Labels], data: Sequence[Matcher], present: Mask
) -> list[tuple[Labels, Mask]]:
    """The label sets that a series has at its steps."""
    steps = len(present)
    table = np.array(choices, dtype=np.int64).reshape(len(choices), steps)
    kinds, kind = np.unique(table, axis=1, return_inverse=True)
    optional = all(each.matches("") for each in data)
    wanted = {each.name for each in data}
    out: list[tuple[Labels, Mask]] = []
    for number, column in enumerate(kinds.T.tolist()):
        mask: Mask = kind.reshape(-1) == number
        if not (mask & present).any():
            continue
        chosen: list[int] = column
        info = [labels[each] for each in chosen if each >= 0]
        if info or optional:
            out.append((_joined(own, info, wanted), mask))
    return out


def _joined(own: Labels, info: Sequence[Labels], wanted: set[str]) -> Labels:
    added: dict[str, str] = {}
    for each in info:
        for name, value in each.pairs:
            if name == METRIC_NAME or (wanted and name not in wanted):
                continue
            if added.get(name, value) != value:
                raise QueryError(f"conflicting label: {name}")
            if not own.value(name):
                added[name] = value
    return Labels((*own.pairs, *added.items()))


FUNCTIONS: Final[dict[str, Function]] = {"info": _info}
