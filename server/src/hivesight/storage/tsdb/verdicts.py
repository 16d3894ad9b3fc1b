"""Matchers over symbol codes: every distinct value is judged once, then a matcher is an array lookup."""

import threading
from collections import OrderedDict
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.model.matcher import Matcher, MatchType
from hivesight.model.series import Mask
from hivesight.model.symbols import Codes, Symbols

_UNKNOWN: Final = 0
_NO: Final = 1
_YES: Final = 2
_CAPACITY: Final = 64


class Verdicts:
    """Remembers, for the regular expressions used lately, which symbols they match. Any thread may ask."""

    def __init__(self, symbols: Symbols, capacity: int = _CAPACITY) -> None:
        self._symbols = symbols
        self._capacity = capacity
        self._lock = threading.Lock()
        self._tables: OrderedDict[Matcher, NDArray[np.int8]] = OrderedDict()

    def mask(self, matcher: Matcher, codes: Codes) -> Mask:
        """Which codes (0 = no such label = the empty value) meet the condition; shape as `codes`."""
        if matcher.type in (MatchType.EQUAL, MatchType.NOT_EQUAL):
            wanted = self._symbols.find(matcher.value)
            equal = np.zeros(codes.shape, dtype=bool) if wanted is None else codes == wanted
            return equal if matcher.type is MatchType.EQUAL else ~equal
        table = self._table(matcher)
        verdicts = table[codes]
        unknown = verdicts == _UNKNOWN
        if unknown.any():
            for code in np.unique(codes[unknown]).tolist():
                table[code] = _YES if matcher.matches(self._symbols.text(code)) else _NO
            verdicts = table[codes]
        return verdicts == _YES

    def _table(self, matcher: Matcher) -> NDArray[np.int8]:
        """The matcher's table, one entry a symbol. Entries only ever go from unknown to the one right verdict, so
        threads may share it."""
        size = len(self._symbols)
        with self._lock:
            table = self._tables.pop(matcher, None)
            if table is None or len(table) < size:
                grown = np.zeros(size + size // 4, dtype=np.int8)
                if table is not None:
                    grown[: len(table)] = table
                table = grown
            self._tables[matcher] = table
            while len(self._tables) > self._capacity:
                self._tables.popitem(last=False)
            return table
