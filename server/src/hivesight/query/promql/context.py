"""What the implementation of a function or an operator may ask of the running query."""

from typing import Protocol

from hivesight.model.series import Values
from hivesight.model.symbols import Symbols
from hivesight.query.promql.annotations import Annotations
from hivesight.query.promql.ast import Expr, VectorSelector
from hivesight.query.promql.budget import Budget
from hivesight.query.promql.fetch import Scope
from hivesight.query.promql.frames import Frame
from hivesight.query.promql.types import Grid
from hivesight.query.promql.windows import Windows


class Context(Protocol):
    """A query that is being evaluated."""

    @property
    def notes(self) -> Annotations: ...
    @property
    def budget(self) -> Budget: ...
    @property
    def symbols(self) -> Symbols: ...
    @property
    def scope(self) -> Scope:
        """The times of the whole query."""
        ...

    @property
    def is_range(self) -> bool:
        """Whether the answer will be ordered by labels, as that of a range query."""
        ...

    def vector(self, expr: Expr, grid: Grid) -> Frame:
        """An expression that yields an instant vector."""
        ...

    def scalar(self, expr: Expr, grid: Grid) -> Values:
        """An expression that yields a scalar; shape (steps,)."""
        ...

    def text(self, expr: Expr) -> str:
        """An expression that yields a string."""
        ...

    def windows(self, expr: Expr, grid: Grid) -> list[Windows]:
        """An expression that yields a range vector. No two of the parts have a series in common."""
        ...

    def sample_times(self, selector: VectorSelector, grid: Grid) -> Frame:
        """An instant selector with each sample's own time in seconds instead of its value."""
        ...

    def sample_starts(self, selector: VectorSelector, grid: Grid) -> Frame:
        """An instant selector with the time in seconds at which each sample's counter began, 0 where it is not known;
        nothing for series of which it never is."""
        ...
