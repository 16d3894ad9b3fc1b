"""Expressions over a long time, asked piece by piece: each piece as long as the source bears it, and where a question
fails, the moments found at which it does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from hivesight.model.errors import BadQuery, QueryError
from hivesight.model.series import Times
from hivesight.query.promql.types import Answer, Matrix, Querier

MAX_POINTS: Final = 10_000
"""Of one question and series; Prometheus answers 11,000 at most."""
MAX_REFUSALS: Final = 2_000
"""Questions of one rule that may fail while the moments are looked for at which they do."""

Asked = Callable[[int, int, int], Matrix]
"""The answer from a time to a time, both included, every so often; all in ms. Raises QueryError."""


class Source(Querier, Protocol):
    """Where the samples are, and who answers for them."""

    def range(self, query: str, start_ms: int, end_ms: int, step_ms: int) -> Matrix:
        """The answer at every step, at most MAX_POINTS of them. Raises QueryError where that question cannot be
        answered, HivesightError where none can."""
        ...

    def instant(self, query: str, at_ms: int) -> Answer:
        """The answer at one time. Raises likewise."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """The answer for `times[first:end]`; None where the question failed, for the reason that is given."""

    first: int
    end: int
    answer: Matrix | None
    failure: str = ""


def pieces(ask: Asked, times: Times, step_ms: int, most: int = MAX_POINTS) -> Iterator[Piece]:
    """The whole time in its order. A piece that is too large or fails is halved until a single moment fails. Raises
    BadQuery for what fails at every moment, and QueryError where that is too often to be told apart."""
    refusals, first, size = 0, 0, most
    while first < len(times):
        end = min(first + size, len(times))
        try:
            yield Piece(first, end, ask(int(times[first]), int(times[end - 1]), step_ms))
        except BadQuery:
            raise
        except QueryError as error:
            refusals += 1
            if refusals > MAX_REFUSALS:
                raise QueryError(f"it fails at too many moments to tell them apart; the last one: {error}") from error
            if end - first > 1:
                size = max(1, (end - first) // 2)
                continue
            yield Piece(first, end, None, str(error))
        first = end
        size = min(most, 2 * size)
