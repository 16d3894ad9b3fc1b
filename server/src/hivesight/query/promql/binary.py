"""Binary operators on scalars, vectors and both, over all steps at once."""

import numpy as np

from hivesight.model.errors import QueryError
from hivesight.model.labels import METRIC_NAME
from hivesight.model.series import Mask, Values
from hivesight.model.symbols import LabelTable
from hivesight.query.promql.arithmetic import ARITHMETIC, COMPARE
from hivesight.query.promql.ast import SET_OPERATORS, Binary, Card, Matching
from hivesight.query.promql.budget import Budget
from hivesight.query.promql.frames import Frame, Steps, Value, merged, stacked_frames
from hivesight.query.promql.matching import Pairs, pairs, presence, signatures
from hivesight.query.promql.tables import METADATA, columns, dropping, grouped, keeping, somewhere, with_column

_NOT_UNIQUE = "multiple matches for labels: grouping labels must ensure unique matches"


def combine(node: Binary, left: Value, right: Value, budget: Budget) -> Value:
    """The operator on what its sides yielded. Raises QueryError where series do not match as they must."""
    match left, right:
        case Steps(), Steps():
            return Steps(_scalars(node.op, left.values, right.values))
        case Frame(), Steps():
            return _with_scalar(node, left, right.values, vector_on_left=True)
        case Steps(), Frame():
            return _with_scalar(node, right, left.values, vector_on_left=False)
        case Frame(), Frame():
            matching = node.matching or Matching()
            if node.op in SET_OPERATORS:
                return _set(node.op, matching, left, right)
            return _vectors(node, matching, left, right, budget)
        case _:
            raise QueryError(f"operator {node.op!r} takes scalars and instant vectors only")


def _scalars(op: str, left: Values, right: Values) -> Values:
    if op in ARITHMETIC:
        return ARITHMETIC[op](left, right)
    return COMPARE[op](left, right).astype(np.float64)


def _with_scalar(node: Binary, frame: Frame, scalar: Values, *, vector_on_left: bool) -> Frame:
    left, right = (frame.values, scalar) if vector_on_left else (scalar, frame.values)
    if node.op in ARITHMETIC:
        return frame.changed(ARITHMETIC[node.op](left, right))
    holds = COMPARE[node.op](left, right)
    if node.returns_bool:
        return frame.changed(holds.astype(np.float64))
    return Frame(frame.labels, frame.values, frame.present & holds, frame.nameless)


def _set(op: str, matching: Matching, left: Frame, right: Frame) -> Frame:
    left_group, right_group = signatures(matching, left, right)
    groups = int(max(left_group.max(initial=-1), right_group.max(initial=-1))) + 1
    if op == "or":
        taken = presence(left_group, left.present, groups)[right_group] > 0
        rest = Frame(right.labels, right.values, right.present & ~taken, right.nameless)
        rest = rest.rows(somewhere(rest.present, 1))
        return merged(stacked_frames([left, rest], left.labels.symbols, left.values.shape[1]))
    there = presence(right_group, right.present, groups)[left_group] > 0
    kept = left.present & (there if op == "and" else ~there)
    return Frame(left.labels, left.values, kept, left.nameless)


def _vectors(node: Binary, matching: Matching, left: Frame, right: Frame, budget: Budget) -> Frame:
    turned = matching.card is Card.ONE_TO_MANY
    many, one = (right, left) if turned else (left, right)
    found = pairs(matching, many, one, budget)
    met = many.present[found.many] & one.present[found.one]
    many_values, one_values = many.values[found.many], one.values[found.one]
    left_values, right_values = (one_values, many_values) if turned else (many_values, one_values)
    labels = _result_labels(node.op, matching, many.labels, one.labels, found)
    if matching.card is not Card.ONE_TO_ONE:
        _check_unique(labels, found, met)
    result = applied(node, matching, labels, left_values, right_values, met, many.nameless[found.many])
    return merged(stacked_frames([result, *filled(node, matching, left, right)], many.labels.symbols, met.shape[1]))


def applied(
    node: Binary, matching: Matching, labels: LabelTable, left: Values, right: Values, met: Mask, nameless: Mask
) -> Frame:
    """The operator on values that met. nameless: whose names go, if the operator keeps names at all."""
    nobody = np.zeros(len(labels), dtype=np.bool_)
    if node.op in ARITHMETIC:
        return Frame(labels, ARITHMETIC[node.op](left, right), met, nobody)
    if node.returns_bool:
        return Frame(labels, COMPARE[node.op](left, right).astype(np.float64), met, ~nobody)
    kept = met & COMPARE[node.op](left, right)
    return Frame(labels, left, kept, nobody if METRIC_NAME in matching.include else nameless)


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


def filled(node: Binary, matching: Matching, left: Frame, right: Frame) -> list[Frame]:
    """The results for series that have no counterpart at a step but a fill value for it."""
    made: list[Frame] = []
    if matching.fill_right is not None:
        made.append(_one_sided(node, matching, left, right, matching.fill_right, left_is_there=True))
    if matching.fill_left is not None:
        made.append(_one_sided(node, matching, right, left, matching.fill_left, left_is_there=False))
    return made


def _one_sided(
    node: Binary, matching: Matching, there: Frame, other: Frame, fill: float, *, left_is_there: bool
) -> Frame:
    there_group, other_group = signatures(matching, there, other)
    groups = int(max(there_group.max(initial=-1), other_group.max(initial=-1))) + 1
    alone = there.present & (presence(other_group, other.present, groups)[there_group] == 0)
    filler = np.full(there.values.shape, fill)
    left, right = (there.values, filler) if left_is_there else (filler, there.values)
    # What is missing has the labels of the match group alone.
    group = keeping(there.labels, matching.labels) if matching.on else dropping(there.labels, matching.labels)
    group = group if matching.on else dropping(group, [METRIC_NAME])
    many_is_there = left_is_there != (matching.card is Card.ONE_TO_MANY)
    many, one = (there.labels, group) if many_is_there else (group, there.labels)
    every = np.arange(len(there))
    labels = _result_labels(node.op, matching, many, one, Pairs(every, every, there_group))
    return applied(node, matching, labels, left, right, alone, there.nameless)
