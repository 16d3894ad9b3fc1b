"""Interned strings and integer-coded label tables, so that selection, grouping and matching are array operations."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.labels import Labels

Codes = NDArray[np.int32]

UNKNOWN: Final = -1
"""In place of a code: nobody interned the string."""


class Symbols:
    """Strings <-> int32 codes; code 0 is the empty string, which means "no such label".

    A child (`Symbols(parent)`) adds strings of its own under negative codes and leaves the parent as it is: a query
    may invent labels without making the store grow. Only one thread may intern; any number may read."""

    __slots__ = ("_codes", "_parent", "_texts")

    def __init__(self, parent: "Symbols | None" = None) -> None:
        self._parent = parent
        self._texts: list[str] = [""]
        self._codes: dict[str, int] = {"": 0}

    def __len__(self) -> int:
        return len(self._texts)

    def find(self, text: str) -> int | None:
        """The code of `text`, or None when it was never interned."""
        code = self._codes.get(text)
        if code is None and self._parent is not None:
            return self._parent.find(text)
        return code

    def codes(self, texts: Sequence[str]) -> Codes:
        """The code of each, shape (texts,); UNKNOWN for those that were never interned. Not of a child."""
        return np.fromiter(map(self._codes.get, texts, repeat(UNKNOWN)), np.int32, len(texts))

    def intern(self, text: str) -> int:
        """The code of `text`, which is added where it is new."""
        code = self._codes.get(text)
        if code is None and self._parent is not None:
            code = self._parent.find(text)
        if code is None:
            code = len(self._texts) if self._parent is None else -len(self._texts)
            self._texts.append(text)
            self._codes[text] = code
        return code

    def text(self, code: int) -> str:
        """The string behind a code. Raises IndexError for a code that nobody gave out."""
        if self._parent is None:
            return self._texts[code]
        return self._texts[-code] if code < 0 else self._parent.text(code)

    @property
    def all_texts(self) -> Sequence[str]:
        """The string behind each code. Not of a child."""
        return self._texts

    def texts(self, codes: Sequence[int]) -> list[str]:
        """The strings behind many codes."""
        own, parent = self._texts, self._parent
        if parent is None:
            return [own[code] for code in codes]
        return [own[-code] if code < 0 else parent.text(code) for code in codes]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class LabelTable:
    """Label sets as a table: `codes[row, column]` is the symbol of label `names[column]` of series `row`. A table is
    equal to itself alone, so that what was worked out for it can be kept beside it.

    names: sorted label names, `__name__` among them where any series has one.
    codes: int32, shape (series, len(names)); 0 where the series lacks the label."""

    names: tuple[str, ...]
    codes: Codes
    symbols: Symbols

    def __len__(self) -> int:
        return int(self.codes.shape[0])

    def labels(self, row: int) -> Labels:
        """One row as a label set."""
        codes = self.codes[row].tolist()
        return Labels((name, self.symbols.text(code)) for name, code in zip(self.names, codes, strict=True) if code)

    def all_labels(self) -> list[Labels]:
        """Every row as a label set, in order."""
        return [self.labels(row) for row in range(len(self))]

    def column(self, name: str) -> Codes:
        """The codes of one label, shape (series,); zeros where no series has it."""
        if name in self.names:
            return self.codes[:, self.names.index(name)]
        return np.zeros(len(self), dtype=np.int32)

    def rows(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> "LabelTable":
        """The table of the chosen rows."""
        return LabelTable(self.names, self.codes[index], self.symbols)


def label_table(labels: Sequence[Labels], symbols: Symbols) -> LabelTable:
    """Label sets to a table; new strings are interned in `symbols`."""
    names = tuple(sorted({name for each in labels for name in each}))
    column = {name: index for index, name in enumerate(names)}
    codes = np.zeros((len(labels), len(names)), dtype=np.int32)
    for row, each in enumerate(labels):
        for name, value in each.pairs:
            codes[row, column[name]] = symbols.intern(value)
    return LabelTable(names, codes, symbols)
