"""A flaw of an expression: the check, the offsets of the text that it is about, and what to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hivesight.doctor.promql.metrics import Metrics
from hivesight.query.promql.ast import Expr, Node


@dataclass(frozen=True, slots=True)
class Flaw:
    """check: a code of the catalogue. start, end: character offsets in the expression. message: what is wrong, of
    which series. remedy: what to write instead. replacement: of that text, where it is mechanical."""

    check: str
    start: int
    end: int
    message: str
    remedy: str
    replacement: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known around an expression. scrape_interval_ms: of the slowest job that can have made its series, None
    where no file says it."""

    metrics: Metrics
    scrape_interval_ms: int | None = None


FlawCheck = Callable[[str, Expr, Facts], Iterator[Flaw]]
"""A check: the expression's text, its tree, and the facts."""


def about(node: Node, check: str, message: str, remedy: str, replacement: str | None = None) -> Flaw:
    """A flaw of the text of `node`."""
    return Flaw(check, node.start, max(node.end, node.start + 1), message, remedy, replacement)
