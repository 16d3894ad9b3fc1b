"""All checks of one expression."""

from collections.abc import Iterator
from typing import Final

from hivesight.doctor.promql import (
    aggregations,
    comparisons,
    counters,
    histograms,
    labels,
    matchers,
    precedence,
    states,
    units,
)
from hivesight.doctor.promql.flaw import Facts, Flaw, FlawCheck
from hivesight.model.errors import BadQuery
from hivesight.query.promql.ast import Expr
from hivesight.query.promql.parser import parse
from hivesight.query.promql.walk import children

MAX_DEPTH: Final = 200
"""Expressions that are nested more deeply are not examined."""

FLAW_CHECKS: Final[tuple[FlawCheck, ...]] = (
    histograms.quantiles,
    histograms.families,
    labels.dropped,
    labels.self_paired,
    comparisons.decided,
    units.mistaken,
    counters.misused,
    counters.raw_values,
    counters.fractions,
    counters.short_ranges,
    aggregations.quantiles,
    aggregations.choices,
    aggregations.never_absent,
    precedence.traps,
    matchers.regexes,
    states.all_states,
)


def flaws(text: str, facts: Facts) -> Iterator[Flaw]:
    """What is wrong with an expression that parses; nothing of one that does not, which its reader reports."""
    try:
        expr = parse(text)
    except BadQuery:
        return
    yield from flaws_of(text, expr, facts)


def flaws_of(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """As `flaws`, of a tree that is there already."""
    if is_too_deep(expr):
        return
    seen = set[tuple[str, int, int]]()
    for check in FLAW_CHECKS:
        for flaw in check(text, expr, facts):
            key = (flaw.check, flaw.start, flaw.end)
            if key not in seen:
                seen.add(key)
                yield flaw


def is_too_deep(expr: Expr, most: int = MAX_DEPTH) -> bool:
    """Whether a tree has more levels than what walks it by recursion can bear."""
    level = [expr]
    for _ in range(most):
        level = [child for node in level for child in children(node)]
        if not level:
            return False
    return True
