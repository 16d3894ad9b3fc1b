"""The series that a backfill meets: label sets in, numbers and label tables out."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.labels import Labels
from hivesight.model.symbols import LabelTable, Symbols

MAX_SERIES: Final = 2_000_000
"""About 600 bytes of memory each."""


class BackfillSeries:
    """Label sets by the number that each got, from 0 on."""

    def __init__(self, extra: Mapping[str, str], max_series: int = MAX_SERIES) -> None:
        """extra: labels that every series gets, over its own."""
        self._extra = dict(extra)
        self._max_series = max_series
        self._symbols = Symbols()
        self._numbers: dict[bytes, int] = {}
        self._keys: list[bytes] = []

    def __len__(self) -> int:
        return len(self._keys)

    def register(self, labels: Mapping[str, str]) -> int:
        """The number of a series. Raises ValueError where there would be too many."""
        intern = self._symbols.intern
        pairs = Labels({**labels, **self._extra}).pairs
        key = np.array([intern(text) for pair in pairs for text in pair], np.int32).tobytes()
        number = self._numbers.setdefault(key, len(self._keys))
        if number == len(self._keys):
            if number == self._max_series:
                del self._numbers[key]
                raise ValueError(
                    f"more than {self._max_series} series; import the file in parts with fewer series each"
                )
            self._keys.append(key)
        return number

    def labels(self, number: int) -> Labels:
        """The label set of a series."""
        return self.table(np.array([number], np.int32)).labels(0)

    def table(self, numbers: NDArray[np.int32]) -> LabelTable:
        """The label sets of some series, one row each."""
        chosen: list[int] = numbers.tolist()
        keys = [self._keys[each] for each in chosen]
        pairs = np.frombuffer(b"".join(keys), np.int32).reshape(-1, 2)
        row = np.repeat(np.arange(len(keys)), [len(key) // 8 for key in keys])
        used, column = np.unique(pairs[:, 0], return_inverse=True)
        texts = self._symbols.texts(used.tolist())
        order = sorted(range(len(texts)), key=texts.__getitem__)
        place = np.empty(len(order), np.intp)
        place[order] = np.arange(len(order))
        codes = np.zeros((len(keys), len(texts)), np.int32)
        codes[row, place[column]] = pairs[:, 1]
        return LabelTable(tuple(texts[each] for each in order), codes, self._symbols)
