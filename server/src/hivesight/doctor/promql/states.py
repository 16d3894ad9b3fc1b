"""Sums over all states of what has a series for each state, where the name speaks of one of them."""

from collections.abc import Iterator
from typing import Final

from hivesight.doctor.promql.flaw import Facts, Flaw, about
from hivesight.query.promql.ast import Aggregate, Expr, VectorSelector, unwrap
from hivesight.query.promql.walk import walk
from hivesight_sdk import semconv

_ONE_STATE: Final = {semconv.ACTIVE_AGENTS.name: ("status", "active", semconv.AGENT_STATUSES)}
"""Of a family: the label that says the state, the one that its name speaks of, and all of them."""


def all_states(text: str, expr: Expr, facts: Facts) -> Iterator[Flaw]:
    """Aggregations that drop the state without having chosen one."""
    for node in walk(expr):
        selector = unwrap(node.expr) if isinstance(node, Aggregate) else None
        if not isinstance(node, Aggregate) or not isinstance(selector, VectorSelector):
            continue
        label, meant, states = _ONE_STATE.get(selector.name, ("", "", ()))
        kept = (label in node.grouping) is not node.without
        if not label or kept or any(each.name == label for each in selector.matchers):
            continue
        message = (
            f"{selector.name} has a series for each {label} ({', '.join(states)}), and this takes them all together"
        )
        yield about(node, "promql/all-states", message, f'{selector.name}{{{label}="{meant}"}}')
