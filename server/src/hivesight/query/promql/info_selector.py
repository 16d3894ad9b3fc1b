"""The selector of info metrics that a call of `info` implies: made explicit before a query runs, so that it is read
and evaluated like any other."""

from dataclasses import replace
from typing import Final

from hivesight.model.labels import METRIC_NAME
from hivesight.model.matcher import Matcher, MatchType
from hivesight.query.promql.ast import At, Call, Expr, Subquery, VectorSelector
from hivesight.query.promql.rebuild import rebuilt
from hivesight.query.promql.walk import children, walk

TARGET_INFO: Final = Matcher(METRIC_NAME, MatchType.EQUAL, "target_info")


def with_info_selectors(expr: Expr) -> Expr:
    """The tree in which every call of `info` has its selector, at the times that its first argument looks at."""
    if not any(isinstance(node, Call) and node.func == "info" for node in walk(expr)):
        return expr
    return rebuilt(expr, _with_selector)


def _with_selector(node: Expr) -> Expr:
    if not isinstance(node, Call) or node.func != "info":
        return node
    vector, *rest = node.args
    written = rest[0] if rest else VectorSelector(start=node.start, end=node.end)
    assert isinstance(written, VectorSelector)
    matchers = written.matchers
    if not any(each.name == METRIC_NAME for each in matchers):
        matchers = (TARGET_INFO, *matchers)
    at, offset_ms = _looked_at(vector)
    return replace(node, args=(vector, replace(written, matchers=matchers, at=at, offset_ms=offset_ms)))


def _looked_at(expr: Expr) -> tuple[At | None, int]:
    """The `@` and the offset of the first selector, those of the subqueries around it among them."""
    stack: list[tuple[Expr, At | None, int]] = [(expr, None, 0)]
    while stack:
        node, at, offset_ms = stack.pop()
        if isinstance(node, VectorSelector | Subquery):
            if node.at is not None:
                at, offset_ms = node.at, 0
            offset_ms += node.offset_ms
        if isinstance(node, VectorSelector):
            return at, offset_ms
        stack.extend((child, at, offset_ms) for child in reversed(children(node)))
    return None, 0
