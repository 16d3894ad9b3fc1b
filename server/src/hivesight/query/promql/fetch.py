"""What a query needs of the store, found out before it runs: each selector with the time it looks at."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from hivesight.model.matcher import Matcher
from hivesight.model.series import SeriesBlock
from hivesight.model.symbols import LabelTable, Symbols
from hivesight.query.promql.ast import At, Expr, MatrixSelector, Subquery, VectorSelector
from hivesight.query.promql.budget import Budget
from hivesight.query.promql.extended import reach_of
from hivesight.query.promql.native.stats import counts_only, without_buckets
from hivesight.query.promql.tables import recoded
from hivesight.query.promql.types import Grid, Querier
from hivesight.query.promql.walk import children


@dataclass(frozen=True, slots=True)
class Scope:
    """The times that `start()`, `end()` and `step()` mean (a step of 0 for an instant query), and the two defaults of
    the engine, all in ms."""

    start_ms: int
    end_ms: int
    step_ms: int
    lookback_ms: int
    default_step_ms: int

    def pinned(self, at: At | None) -> int | None:
        """The time that an `@` names; None without one."""
        if at is None:
            return None
        return {"start": self.start_ms, "end": self.end_ms}.get(at.edge, at.ms)

    def inner_grid(self, node: Subquery, opens_ms: int, closes_ms: int, budget: Budget) -> Grid:
        """The steps of a subquery whose windows lie between these times, the first exclusive: multiples of its step.
        Raises QueryLimit where there are too many."""
        step = node.step_ms or self.default_step_ms
        budget.fits((closes_ms - opens_ms) // step)
        return Grid.of((opens_ms // step + 1) * step, closes_ms, step)


@dataclass(frozen=True, slots=True)
class Fetched:
    """The samples of a query. by_selector: blocks under the selector's `id()`. symbols: those of the query, a child of
    the store's, which all label tables share."""

    by_selector: dict[int, list[SeriesBlock]]
    symbols: Symbols


Need = tuple[tuple[Matcher, ...], int, int]


def fetch(expr: Expr, querier: Querier, scope: Scope, budget: Budget) -> Fetched:
    """Reads what the query needs. Raises QueryLimit where that is too much."""
    needs = needs_of(expr, scope)
    answers: dict[Need, list[SeriesBlock]] = {}
    for need in needs.values():
        if need not in answers:
            budget.check()
            answers[need] = querier.select(*need)
            budget.spend(sum(map(_size, answers[need])))
    root = _shared_symbols(answers.values())
    symbols = Symbols(root)
    coded = {
        need: [_coded(block, root, symbols) for block in blocks if len(block.labels)]
        for need, blocks in answers.items()
    }
    small: dict[Need, list[SeriesBlock]] = {}
    counted = counts_only(expr)
    for selector in counted & needs.keys():
        need = needs[selector]
        small[need] = small.get(need) or [without_buckets(block) for block in coded[need]]
    by_selector = {selector: small[need] if selector in counted else coded[need] for selector, need in needs.items()}
    return Fetched(by_selector, symbols)


def _size(block: SeriesBlock) -> int:
    """How many numbers a block holds: a histogram counts as many times as it has figures."""
    return block.values.size + (0 if block.histograms is None else block.histograms.cells.figures.size)


def _shared_symbols(answers: Iterable[list[SeriesBlock]]) -> Symbols | None:
    """The symbols of the store, which the query's are a child of; none where they are a child themselves."""
    tables = [block.labels for blocks in answers for block in blocks if len(block.labels)]
    children = {id(table.symbols) for table in tables if table.codes.min(initial=0) < 0}
    return next((table.symbols for table in tables if id(table.symbols) not in children), None)


def _coded(block: SeriesBlock, root: Symbols | None, symbols: Symbols) -> SeriesBlock:
    """The block with its labels coded by the query's symbols."""
    table = block.labels
    own = LabelTable(table.names, table.codes, symbols) if table.symbols is root else recoded(table, symbols)
    return replace(block, labels=own)


def needs_of(expr: Expr, scope: Scope) -> dict[int, Need]:
    """What the query reads, under each selector's `id()`: conditions, and the closed interval of times."""
    needs: dict[int, Need] = {}
    stack: list[tuple[Expr, int, int]] = [(expr, scope.start_ms, scope.end_ms)]
    while stack:
        node, start, end = stack.pop()
        match node:
            case VectorSelector():
                ahead = scope.lookback_ms if node.extended == "smoothed" else 0
                needs[id(node)] = _need(node, scope.lookback_ms, scope, start, end, ahead)
            case MatrixSelector(vector=vector, range_ms=range_ms):
                reach = reach_of(vector, scope.lookback_ms)
                needs[id(vector)] = _need(vector, range_ms + reach.before_ms, scope, start, end, reach.after_ms)
            case Subquery():
                if (pinned := scope.pinned(node.at)) is not None:
                    start = end = pinned
                grid = (start - node.offset_ms - node.range_ms, end - node.offset_ms)
                stack.append((node.expr, *grid))
            case _:
                stack.extend((child, start, end) for child in children(node))
    return needs


def _need(selector: VectorSelector, back_ms: int, scope: Scope, start: int, end: int, ahead_ms: int = 0) -> Need:
    if (pinned := scope.pinned(selector.at)) is not None:
        start = end = pinned
    return selector.matchers, start - selector.offset_ms - back_ms + 1, end - selector.offset_ms + ahead_ms
