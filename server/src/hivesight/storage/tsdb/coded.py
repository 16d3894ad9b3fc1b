"""Many label sets at once as symbol codes: whose are known, and which strings are new. Nothing is interned here: a
series may still be refused, and `head` interns what is taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.labels import Labels
from hivesight.model.symbols import UNKNOWN, Codes, Symbols

NOBODY: Final = -1
"""In place of a number: the label set is not known."""


@dataclass(frozen=True, slots=True)
class Coded:
    """Label sets. pairs: int32, shape (labels of all, 2), the codes of names and values by name; counts: int32, labels
    of each set. A new string has a negative code here, string n of `strange` the code -1 - n.
    keys: what equal sets have in common; the identity of a set that has no new string.
    brought: UTF-8 bytes of the new strings of each set that none before it has."""

    pairs: Codes
    counts: NDArray[np.int32]
    keys: Sequence[bytes]
    strange: Sequence[str]
    brought: Sequence[int]

    def numbers(self, known: Mapping[bytes, int]) -> NDArray[np.int32]:
        """What `known` says of each set, NOBODY of those that it lacks."""
        return np.fromiter(map(known.get, self.keys, repeat(NOBODY)), np.int32, len(self.keys))

    def newcomers(self, numbers: NDArray[np.int32]) -> list[int]:
        """The sets that are NOBODY's, the first of equal ones: their rows in order."""
        found: dict[bytes, int] = {}
        for row in np.flatnonzero(numbers == NOBODY).tolist():
            found.setdefault(self.keys[row], row)
        return list(found.values())

    def settle(self, numbers: NDArray[np.int32], rows: Sequence[int], given: NDArray[np.int32]) -> None:
        """Notes the numbers that newcomers were given in `numbers`, for those that are equal to them as well."""
        known = dict(zip([self.keys[row] for row in rows], given.tolist(), strict=True))
        missing = np.flatnonzero(numbers == NOBODY)
        numbers[missing] = [known.get(self.keys[row], NOBODY) for row in missing.tolist()]


def coded(labels: Sequence[Labels], symbols: Symbols) -> Coded:
    """Label sets by codes of these symbols, which stay as they are."""
    texts = list(chain.from_iterable(chain.from_iterable([each.pairs for each in labels])))
    counts = np.fromiter(map(len, labels), np.int32, len(labels))
    codes = symbols.codes(texts)
    places = np.flatnonzero(codes == UNKNOWN)
    unknown = [texts[place] for place in places.tolist()]
    # Backwards, so that of equal strings the first place stays.
    first = dict(zip(reversed(unknown), reversed(places.tolist()), strict=True))
    strange = {text: UNKNOWN - number for number, text in enumerate(dict.fromkeys(unknown))}
    codes[places] = np.fromiter(map(strange.__getitem__, unknown), np.int32, len(unknown))
    brought = [0] * len(labels)
    ends = 2 * np.cumsum(counts, dtype=np.int64)
    rows = np.searchsorted(ends, np.fromiter(first.values(), np.int64, len(first)), side="right")
    for text, row in zip(first, rows.tolist(), strict=True):
        brought[row] += len(text.encode("utf-8", "surrogatepass"))
    pairs = codes.reshape(-1, 2)
    return Coded(pairs, counts, keys_of(pairs, counts), list(strange), brought)


def keys_of(pairs: Codes, counts: NDArray[np.int32]) -> list[bytes]:
    """The identity of each series: the bytes of its pairs."""
    flat = pairs.astype(np.int32, copy=False).tobytes()
    ends = (8 * np.cumsum(counts, dtype=np.int64)).tolist()
    return [flat[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=False)]
