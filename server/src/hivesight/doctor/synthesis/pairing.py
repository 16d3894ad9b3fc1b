"""Which element of the left side meets which of the right one."""

from collections.abc import Mapping, Sequence

from hivesight.doctor.synthesis.stage import Constraint, Element
from hivesight.model.labels import Labels
from hivesight.query.promql.ast import SET_OPERATORS, Binary, Card, Matching


def signature(labels: Labels, matching: Matching) -> dict[str, str]:
    """The labels that a partner must share; under `on` those that are not there are told to be empty."""
    if matching.on:
        return {name: labels.value(name) for name in matching.labels}
    return {name: value for name, value in labels.pairs if name not in matching.labels}


def sides(node: Binary, of: Constraint) -> tuple[Constraint, Constraint]:
    """What a constraint on the result says of the left and of the right side."""
    matching = node.matching or Matching()
    if node.op in SET_OPERATORS:
        return of, _shared(of, matching) if node.op != "or" else of
    match matching.card:
        case Card.MANY_TO_ONE:
            return _many(of, matching), _one(of, matching)
        case Card.ONE_TO_MANY:
            return _one(of, matching), _many(of, matching)
        case _:
            return of, of


def _shared(of: Constraint, matching: Matching) -> dict[str, str]:
    return {name: value for name, value in of.items() if (name in matching.labels) == matching.on}


def _many(of: Constraint, matching: Matching) -> dict[str, str]:
    return {name: value for name, value in of.items() if name not in matching.include}


def _one(of: Constraint, matching: Matching) -> dict[str, str]:
    return _shared(of, matching) | {name: of[name] for name in matching.include if name in of}


def partners(left: Sequence[Element], right: Sequence[Element], matching: Matching) -> list[tuple[Element, Element]]:
    """The pairs of elements that are matched."""
    known: dict[frozenset[tuple[str, str]], list[Element]] = {}
    for each in right:
        known.setdefault(_key(signature(each.labels, matching)), []).append(each)
    return [(one, other) for one in left for other in known.get(_key(signature(one.labels, matching)), ())]


def _key(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())
