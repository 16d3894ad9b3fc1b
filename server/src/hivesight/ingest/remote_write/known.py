"""What a receiver remembers between requests, within a bound: numbers by bytes. They are the refs of series by the
bytes that name them, and the numbers that a receiver gives to symbols."""

from collections.abc import Sequence
from itertools import count
from typing import Final

import numpy as np
from numpy.typing import NDArray

NEW: Final = -2
"""What stands for a number that is not known."""
_ENTRY_BYTES: Final = 150
"""About what an entry costs beside the bytes of its key."""


class Known:
    """Numbers by bytes; those that nobody asked for while half of `most_bytes` came in are forgotten. Any thread may
    call: one that loses a race has to add its number once more."""

    def __init__(self, most_bytes: int) -> None:
        self._half_bytes = most_bytes // 2
        self._young: dict[bytes, int] = {}
        self._old: dict[bytes, int] = {}
        self._young_bytes = 0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def find(self, keys: Sequence[bytes]) -> NDArray[np.int64]:
        """The number of each key, NEW where it is not known."""
        young = self._young
        found = np.array([young.get(key, NEW) for key in keys], dtype=np.int64)
        if self._old:
            for row in np.flatnonzero(found == NEW).tolist():
                number = self._old.get(keys[row], NEW)
                if number != NEW:
                    found[row] = number
                    self.add(keys[row], number)
        return found

    def add(self, key: bytes, number: int) -> None:
        """Remembers a number."""
        if self._young_bytes > self._half_bytes:
            self._old, self._young, self._young_bytes = self._young, {}, 0
        self._young[key] = number
        self._young_bytes += len(key) + _ENTRY_BYTES


class Symbols:
    """Numbers for strings. A number is given once, so that what was made of it stays true when it is forgotten."""

    def __init__(self, most_bytes: int) -> None:
        self._known = Known(most_bytes)
        self._next = count()

    def numbers(self, symbols: Sequence[bytes]) -> NDArray[np.int64]:
        """The number of each symbol; equal ones have the same."""
        found = self._known.find(symbols)
        fresh: dict[bytes, int] = {}
        for row in np.flatnonzero(found == NEW).tolist():
            symbol = symbols[row]
            number = fresh.get(symbol)
            if number is None:
                number = fresh[symbol] = next(self._next)
                self._known.add(symbol, number)
            found[row] = number
        return found
