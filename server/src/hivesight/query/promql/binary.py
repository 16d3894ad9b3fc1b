"""Binary operators on scalars, vectors and both, over all steps at once."""

from dataclasses import replace

import numpy as np

from hivesight.model.errors import QueryError
from hivesight.model.histogram import HistogramGrid
from hivesight.model.labels import METRIC_NAME
from hivesight.model.series import Mask, Values
from hivesight.model.symbols import LabelTable
from hivesight.query.promql.arithmetic import ARITHMETIC, COMPARE
from hivesight.query.promql.ast import SET_OPERATORS, TRIMS, Binary, Card, Matching
from hivesight.query.promql.context import Context
from hivesight.query.promql.frames import Frame, Steps, Value, merged, stacked_frames
from hivesight.query.promql.matching import Pairs, pairs, presence, signatures
from hivesight.query.promql.native.operators import Side, operated
from hivesight.query.promql.native.terms import scaled
from hivesight.query.promql.tables import METADATA, Index, columns, dropping, grouped, keeping, somewhere, with_column

_NOT_UNIQUE = "multiple matches for labels: grouping labels must ensure unique matches"


def combine(node: Binary, left: Value, right: Value, context: Context) -> Value:
    """The operator on what its sides yielded. Raises QueryError where series do not match as they must."""
    match left, right:
        case Steps(), Steps():
            return Steps(_scalars(node.op, left.values, right.values))
        case Frame(), Steps():
            return _with_scalar(context, node, left, right.values, vector_on_left=True)
        case Steps(), Frame():
            return _with_scalar(context, node, right, left.values, vector_on_left=False)
        case Frame(), Frame():
            matching = node.matching or Matching()
            if node.op in SET_OPERATORS:
                return _set(node.op, matching, left, right)
            return _vectors(context, node, matching, left, right)
        case _:
            raise QueryError(f"operator {node.op!r} takes scalars and instant vectors only")


def negated(frame: Frame) -> Frame:
    """Every element with its sign changed."""
    native = frame.native
    if native is not None:
        native = HistogramGrid(scaled(native.cells, np.full(len(native.cells), -1.0)), native.place)
    return replace(frame.changed(-frame.values), native=native)


def _scalars(op: str, left: Values, right: Values) -> Values:
    if op in ARITHMETIC:
        return ARITHMETIC[op](left, right)
    if op in TRIMS:
        raise QueryError(f'operator "{op}" not allowed for Scalar operations')
    return COMPARE[op](left, right).astype(np.float64)


def _with_scalar(context: Context, node: Binary, frame: Frame, scalar: Values, *, vector_on_left: bool) -> Frame:
    floats = frame.floats()
    left, right = (frame.values, scalar) if vector_on_left else (scalar, frame.values)
    if frame.native is not None:
        one, other = Side(frame.values, frame.native), Side(scalar)
        ours, theirs = (one, other) if vector_on_left else (other, one)
        outcome = operated(context, node, ours, theirs, frame.present)
        if node.op in ARITHMETIC or node.op in TRIMS:
            values, met = _floats_of(context, node, left, right, floats.present)
            made = frame.changed(values, met | (outcome.native.place >= 0))
            nameless = frame.nameless if node.op in TRIMS else made.nameless
            return replace(made, native=outcome.native, nameless=nameless)
    if node.op in ARITHMETIC or node.op in TRIMS:
        return frame.changed(*_floats_of(context, node, left, right, floats.present))
    holds = COMPARE[node.op](left, right)
    if node.returns_bool:
        return floats.changed(holds.astype(np.float64))
    return floats.where(floats.present & holds)


def _floats_of(context: Context, node: Binary, left: Values, right: Values, met: Mask) -> tuple[Values, Mask]:
    """An arithmetic operator on floats, and where it has a result."""
    if node.op in ARITHMETIC:
        return ARITHMETIC[node.op](left, right), met
    if met.any():
        context.notes.incompatible_types("float", node.op, "float", node)
    return np.zeros(met.shape), np.zeros(met.shape, dtype=np.bool_)


def _set(op: str, matching: Matching, left: Frame, right: Frame) -> Frame:
    left_group, right_group = signatures(matching, left, right)
    groups = int(max(left_group.max(initial=-1), right_group.max(initial=-1))) + 1
    if op == "or":
        taken = presence(left_group, left.present, groups)[right_group] > 0
        rest = right.where(right.present & ~taken)
        rest = rest.rows(somewhere(rest.present, 1))
        return merged(stacked_frames([left, rest], left.labels.symbols, left.values.shape[1]))
    there = presence(right_group, right.present, groups)[left_group] > 0
    kept = left.present & (there if op == "and" else ~there)
    return left.where(kept)


def _vectors(context: Context, node: Binary, matching: Matching, left: Frame, right: Frame) -> Frame:
    turned = matching.card is Card.ONE_TO_MANY
    many, one = (right, left) if turned else (left, right)
    found = pairs(matching, many, one, context.budget)
    met = many.present[found.many] & one.present[found.one]
    sides = (_side(many, found.many), _side(one, found.one))
    labels = _result_labels(node.op, matching, many.labels, one.labels, found)
    if matching.card is not Card.ONE_TO_ONE:
        _check_unique(labels, found, met)
    nameless = many.nameless[found.many]
    result = applied(context, node, matching, labels, (sides[1], sides[0]) if turned else sides, met, nameless)
    every = [result, *filled(context, node, matching, left, right)]
    return merged(stacked_frames(every, many.labels.symbols, met.shape[1]))


def _side(frame: Frame, rows: Index) -> Side:
    return Side(frame.values[rows], None if frame.native is None else frame.native.at(frame.native.place[rows]))


def applied(
    context: Context,
    node: Binary,
    matching: Matching,
    labels: LabelTable,
    sides: tuple[Side, Side],
    met: Mask,
    nameless: Mask,
) -> Frame:
    """The operator on values that met. nameless: whose names go, if the operator keeps names at all."""
    nobody = np.zeros(len(labels), dtype=np.bool_)
    left, right = sides
    outcome, floats = None, met
    if left.native is not None or right.native is not None:
        outcome = operated(context, node, left, right, met)
        floats = met & (left.place(met) < 0) & (right.place(met) < 0)
    if node.op in ARITHMETIC or node.op in TRIMS:
        values, floats = _floats_of(context, node, left.values, right.values, floats)
        if outcome is None:
            return Frame(labels, values, floats, nobody)
        gone = nameless if node.op in TRIMS else nobody
        return Frame(labels, values, floats | (outcome.native.place >= 0), gone, outcome.native)
    holds = COMPARE[node.op](left.values, right.values)
    if outcome is not None:
        holds, floats = np.where(outcome.compared, outcome.holds, holds), floats | outcome.compared
    if node.returns_bool:
        return Frame(labels, holds.astype(np.float64), floats, ~nobody)
    kept = nobody if METRIC_NAME in matching.include else nameless
    return Frame(labels, left.values, floats & holds, kept, left.native)


def _result_labels(op: str, matching: Matching, many: LabelTable, one: LabelTable, found: Pairs) -> LabelTable:
    labels = many.rows(found.many)
    if op in ARITHMETIC:
        labels = dropping(labels, METADATA)
    if matching.card is Card.ONE_TO_ONE:
        labels = keeping(labels, matching.labels) if matching.on else dropping(labels, matching.labels)
    for name in matching.include:
        labels = with_column(labels, name, one.column(name)[found.one])
    return labels


def _check_unique(labels: LabelTable, found: Pairs, met: Mask) -> None:
    codes = np.column_stack([columns(labels, labels.names), found.group.astype(np.int32)])
    group, first = grouped(codes)
    if len(first) < len(group) and (presence(group, met, len(first)) > 1).any():
        raise QueryError(_NOT_UNIQUE)


def filled(context: Context, node: Binary, matching: Matching, left: Frame, right: Frame) -> list[Frame]:
    """The results for series that have no counterpart at a step but a fill value for it."""
    made: list[Frame] = []
    if matching.fill_right is not None:
        made.append(_one_sided(context, node, matching, left, right, matching.fill_right, left_is_there=True))
    if matching.fill_left is not None:
        made.append(_one_sided(context, node, matching, right, left, matching.fill_left, left_is_there=False))
    return made


def _one_sided(
    context: Context, node: Binary, matching: Matching, there: Frame, other: Frame, fill: float, *, left_is_there: bool
) -> Frame:
    there_group, other_group = signatures(matching, there, other)
    groups = int(max(there_group.max(initial=-1), other_group.max(initial=-1))) + 1
    alone = there.present & (presence(other_group, other.present, groups)[there_group] == 0)
    filler = np.full(there.values.shape, fill)
    sides = (Side(there.values, there.native), Side(filler))
    # What is missing has the labels of the match group alone.
    group = keeping(there.labels, matching.labels) if matching.on else dropping(there.labels, matching.labels)
    group = group if matching.on else dropping(group, [METRIC_NAME])
    many_is_there = left_is_there != (matching.card is Card.ONE_TO_MANY)
    many, one = (there.labels, group) if many_is_there else (group, there.labels)
    every = np.arange(len(there))
    labels = _result_labels(node.op, matching, many, one, Pairs(every, every, there_group))
    return applied(
        context, node, matching, labels, sides if left_is_there else (sides[1], sides[0]), alone, there.nameless
    )
