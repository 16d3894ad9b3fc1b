"""Rules against what a running server has: metrics, labels and series that are not there, and groups without number."""

import difflib
from collections.abc import Iterator
from itertools import islice
from typing import Final

from hivesight.doctor.facts import SetFacts
from hivesight.doctor.finding import Finding
from hivesight.doctor.live import Live
from hivesight.doctor.promql.flaw import Flaw, about
from hivesight.doctor.promql.shape import shape_of
from hivesight.doctor.rule_files import of_flaw
from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.model.labels import METRIC_NAME
from hivesight.query.promql.ast import Aggregate, Binary, Call, Expr, VectorSelector
from hivesight.query.promql.walk import selectors, walk

MANY_GROUPS: Final = 1_000
_ALIKE: Final = 4
_COMPARED: Final = 2_000
_NAMES_LABELS: Final = frozenset({"label_replace", "label_join", "info", "histogram_quantiles", "absent"})


def findings(facts: SetFacts) -> Iterator[Finding]:
    """What is not there; nothing where no server was asked."""
    live = facts.live
    if live is None:
        return
    if live.unasked:
        message = f"no time to ask for {len(live.unasked)} metrics, {live.unasked[0]} first: name fewer files"
        yield Finding(Diagnostic("live", 0, 0, 1, Severity.INFO, "live/unasked", message))
    for rule in facts.rules:
        if rule.expr is not None:
            for flaw in flaws(rule.expr, live, facts.expressions.metrics.recorded):
                yield of_flaw(rule.source, (*rule.location, "expr"), flaw)


def flaws(expr: Expr, live: Live, recorded: frozenset[str]) -> Iterator[Flaw]:
    """Of one expression. recorded: metrics that the rules themselves make."""
    for node in walk(expr):
        if isinstance(node, VectorSelector):
            yield from _selected(node, live, recorded)
        elif isinstance(node, Aggregate) and not node.without:
            yield from _grouped(node, live)


def _selected(node: VectorSelector, live: Live, recorded: frozenset[str]) -> Iterator[Flaw]:
    name = node.name
    if name and name not in live.names and name not in recorded:
        close = _close(name, live)
        remedy = f"did you mean {close[0]}?" if close else "correct the name, or see that something exposes it"
        yield about(node, "live/no-such-metric", f"the server has no metric {name}", remedy)
    seen = live.seen.get(name)
    if seen is None or not seen.whole:
        return
    asked = [each for each in node.matchers if each.name != METRIC_NAME]
    for matcher in asked:
        if not matcher.matches("") and not seen.has(matcher.name):
            message = f"no series of {name} has the label {matcher.name}"
            yield about(node, "live/no-such-label", message, f"its labels are {_labels(live, name)}")
            return
    if asked and not any(all(each.matches(row.get(each.name, "")) for each in asked) for row in seen.series):
        message = f"none of the {len(seen.series)} series of {name} is selected"
        yield about(node, "live/nothing-selected", message, "look at the values of the labels")


def _close(name: str, live: Live) -> list[str]:
    """The metric whose name is most alike, among some that begin alike."""
    alike = islice((each for each in live.names if each[:_ALIKE] == name[:_ALIKE]), _COMPARED)
    return difflib.get_close_matches(name, alike, 1, cutoff=0.8)


def _grouped(node: Aggregate, live: Live) -> Iterator[Flaw]:
    inside = list(walk(node.expr))
    names = [each.name for each in selectors(node.expr)]
    makes = any(isinstance(each, Call) and each.func in _NAMES_LABELS for each in inside) or any(
        isinstance(each, Aggregate) and each.op == "count_values" for each in inside
    )
    if makes or not names or any(name not in live.seen for name in names):
        return
    shape = shape_of(node.expr)
    for label in node.grouping:
        if label != METRIC_NAME and shape.can_have(label) and not any(live.seen[name].has(label) for name in names):
            message = f"{node.op} by {label}: no series inside has that label"
            yield about(node, "live/no-such-label", message, f"the labels are {_labels(live, names[0])}")
    if len(names) == 1 and not any(isinstance(each, Aggregate | Binary) for each in inside):
        groups = {tuple(row.get(label, "") for label in node.grouping) for row in live.seen[names[0]].series}
        if len(groups) > MANY_GROUPS:
            message = f"{node.op} by ({', '.join(node.grouping)}) makes {len(groups)} series or more"
            yield about(node, "live/many-groups", message, "leave out the label that has most values")


def _labels(live: Live, name: str) -> str:
    seen = live.seen[name].series
    return ", ".join(sorted({label for row in seen for label in row} - {METRIC_NAME})) or "none"
