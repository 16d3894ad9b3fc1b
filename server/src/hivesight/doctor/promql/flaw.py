"""A flaw of an expression: the check, the offsets of the text that it is about, and what to do."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from hivesight.doctor.promql.metrics import Metrics
from hivesight.query.promql.ast import Expr, Node, VectorSelector


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
class Scrapes:
    """by_job: how long each job waits between two scrapes, the shortest where several files name it."""

    by_job: Mapping[str, int]

    def interval_ms(self, selector: VectorSelector) -> int | None:
        """Of the quickest job that can have made the series; None where no file says it."""
        matchers = [each for each in selector.matchers if each.name == "job"]
        return min((ms for job, ms in self.by_job.items() if all(each.matches(job) for each in matchers)), default=None)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known around an expression."""

    metrics: Metrics
    scrapes: Scrapes = field(default_factory=lambda: Scrapes({}))


FlawCheck = Callable[[str, Expr, Facts], Iterator[Flaw]]
"""A check: the expression's text, its tree, and the facts."""


def about(node: Node, check: str, message: str, remedy: str, replacement: str | None = None) -> Flaw:
    """A flaw of the text of `node`."""
    return Flaw(check, node.start, max(node.end, node.start + 1), message, remedy, replacement)
