"""Which metrics make series and lose them lately: new and dropped series in, the metrics with most of them out."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.labels import METRIC_NAME
from hivesight.model.symbols import Symbols

PERIOD_MS: Final = 3_600_000


_Counts = tuple[Counter[int], Counter[int]]
"""By the code of the metric's name: in this hour, and in the one before."""


@dataclass(frozen=True, slots=True)
class Churned:
    """Series by metric, the most first, since the beginning of the hour before this one at `since_ms`."""

    since_ms: int
    created: list[tuple[str, int]]
    dropped: list[tuple[str, int]]


class Churn:
    """Counts in this hour and in the one before. It holds at most a number for each metric name that there is."""

    def __init__(self, symbols: Symbols, now_ms: Callable[[], int]) -> None:
        self._symbols = symbols
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._period: int = now_ms() // PERIOD_MS
        self._created: _Counts = (Counter(), Counter())
        self._dropped: _Counts = (Counter(), Counter())

    def created(self, pairs: NDArray[np.int32]) -> None:
        """pairs: the codes of names and values of new series, one pair in a row."""
        self._count(pairs, dropped=False)

    def dropped(self, keys: Sequence[bytes]) -> None:
        """keys: the identities of series that are gone, which are such pairs."""
        self._count(np.frombuffer(b"".join(keys), np.int32).reshape(-1, 2), dropped=True)

    def lately(self, most: int) -> Churned:
        """At most so many metrics in each list."""
        with self._lock:
            self._turn()
            created, dropped = sum(self._created, Counter[int]()), sum(self._dropped, Counter[int]())
            since_ms = (self._period - 1) * PERIOD_MS
        return Churned(since_ms, self._named(created, most), self._named(dropped, most))

    def _count(self, pairs: NDArray[np.int32], *, dropped: bool) -> None:
        codes, counts = np.unique(pairs[pairs[:, 0] == self._symbols.find(METRIC_NAME), 1], return_counts=True)
        with self._lock:
            self._turn()
            now, _ = self._dropped if dropped else self._created
            now.update(dict(zip(codes.tolist(), counts.tolist(), strict=True)))

    def _turn(self) -> None:
        period = self._now_ms() // PERIOD_MS
        if period == self._period:
            return
        follows, self._period = period == self._period + 1, period
        self._created = (Counter(), self._created[0] if follows else Counter())
        self._dropped = (Counter(), self._dropped[0] if follows else Counter())

    def _named(self, counts: Counter[int], most: int) -> list[tuple[str, int]]:
        top = counts.most_common(most)
        return list(zip(self._symbols.texts([code for code, _ in top]), (count for _, count in top), strict=True))
