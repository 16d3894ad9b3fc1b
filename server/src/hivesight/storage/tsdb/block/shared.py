"""What all blocks of a store share: equal label tables as one object, what matchers chose of them, decoded tiles."""

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, Protocol, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from hivesight.model.matcher import Matcher
from hivesight.model.symbols import Codes, LabelTable, Symbols
from hivesight.storage.tsdb.verdicts import Verdicts

Rows = NDArray[np.intp]


class Sized(Protocol):
    """What says how many bytes it has."""

    @property
    def nbytes(self) -> int: ...


Tile = TypeVar("Tile", bound=Sized)


_SELECTIONS: Final = 64
_CHOSEN_BYTES: Final = 64 << 20
"""Rows and labels that the selectors used lately chose; past this they are worked out again."""
_PART_BYTES: Final = 8 << 20
"""Of one table and selector: labels of the rows that had samples in the intervals asked for lately."""


class Tiles:
    """Decoded tiles, the ones used longest ago go first. Any thread may ask."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, int], Any] = OrderedDict()
        self.nbytes = self.hits = self.misses = 0
        self.serials = itertools.count()

    def get(self, key: tuple[int, int], load: Callable[[], Tile]) -> Tile:
        """The tile with this key (block, number), which `load` reads where it is not there."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                self.hits += 1
                return found
            self.misses += 1
        tile = load()
        with self._lock:
            if tile.nbytes <= self._max_bytes and key not in self._kept:
                self._kept[key] = tile
                self.nbytes += int(tile.nbytes)
                while self.nbytes > self._max_bytes:
                    self.nbytes -= int(self._kept.popitem(last=False)[1].nbytes)
        return tile


@dataclass(slots=True)
class Chosen:
    """What some matchers chose of a table. rows: increasing; table: their labels."""

    rows: Rows
    table: LabelTable
    _parts: dict[bytes, LabelTable] = field(default_factory=dict[bytes, LabelTable])
    _bytes: int = 0

    def part(self, at: Rows) -> LabelTable:
        """The labels of the rows at increasing places among the chosen; the same object for the same places."""
        if len(at) == len(self.table):
            return self.table
        key = blake2b(at.tobytes(), digest_size=16).digest()
        found = self._parts.get(key)
        if found is None:
            found = self.table.rows(at)
            self._bytes += int(found.codes.nbytes) + 200
            if self._bytes > _PART_BYTES:
                self._parts, self._bytes = {}, int(found.codes.nbytes) + 200
            found = self._parts.setdefault(key, found)
        return found


class Shared:
    """symbols: of the process; only the thread that opens blocks adds to them. verdicts: of the same symbols.
    cache_bytes: bound of the decoded tiles of all blocks."""

    def __init__(self, symbols: Symbols, verdicts: Verdicts, cache_bytes: int = 64 << 20) -> None:
        self.symbols = symbols
        self.verdicts = verdicts
        self.tiles = Tiles(cache_bytes)
        self._lock = threading.Lock()
        self._chosen_bytes = 0
        self._tables: WeakValueDictionary[tuple[tuple[str, ...], bytes], LabelTable] = WeakValueDictionary()
        self._selections: OrderedDict[tuple[Matcher, ...], WeakKeyDictionary[LabelTable, Chosen]] = OrderedDict()

    def table(self, names: tuple[str, ...], codes: Codes) -> LabelTable:
        """The one table with these names and codes, shape (rows, names)."""
        key = (names, len(codes).to_bytes(8, "little") + blake2b(codes.T.tobytes()).digest())
        with self._lock:
            found = self._tables.get(key)
            if found is None:
                found = self._tables[key] = LabelTable(names, codes, self.symbols)
            return found

    def selection(self, matchers: Sequence[Matcher]) -> Callable[[LabelTable], Chosen]:
        """What the matchers choose of a table, worked out once for each table."""
        key = tuple(matchers)
        with self._lock:
            known = self._selections.setdefault(key, WeakKeyDictionary())
            self._selections.move_to_end(key)
            while len(self._selections) > _SELECTIONS:
                self._selections.popitem(last=False)

        def chosen(table: LabelTable) -> Chosen:
            found = known.get(table)
            if found is None:
                found = self._choose(matchers, table)
                with self._lock:
                    found = known.setdefault(table, found)
                    self._chosen_bytes += int(found.rows.nbytes) + int(found.table.codes.nbytes)
                    if self._chosen_bytes > _CHOSEN_BYTES:
                        self._selections.clear()
                        self._chosen_bytes = 0
            return found

        return chosen

    def _choose(self, matchers: Sequence[Matcher], table: LabelTable) -> Chosen:
        rows: Rows = np.arange(len(table), dtype=np.intp)
        for matcher in matchers:
            rows = rows[self.verdicts.mask(matcher, table.column(matcher.name)[rows])]
            if not len(rows):
                break
        # Were it the table itself, the key of the weak dictionary would be kept alive by its own value.
        codes = table.codes if len(rows) == len(table) else table.codes[rows]
        return Chosen(rows, LabelTable(table.names, codes, table.symbols))
