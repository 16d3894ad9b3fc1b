"""Which metrics, labels and values make the series: tables of labels in, the largest figures out (Prometheus'
`index.MemPostings.Stats`)."""

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from hivesight.model.labels import METRIC_NAME
from hivesight.model.symbols import Codes, LabelTable, Symbols


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Cardinality:
    """Each list has the largest first. value_bytes: of each label, what its values would take were they kept in every
    series. pairs: series by `label=value`."""

    series: int
    label_pairs: int
    metrics: list[Figure]
    label_values: list[Figure]
    value_bytes: list[Figure]
    pairs: list[Figure]


def cardinality(tables: Sequence[LabelTable], most: int) -> Cardinality:
    """The figures of all tables, which share their symbols, with at most so many in each list."""
    label_values: list[Figure] = []
    value_bytes: list[Figure] = []
    pairs: list[Figure] = []
    metrics: list[Figure] = []
    for name, columns in _columns(tables).items():
        codes, counts = np.unique(np.concatenate(columns), return_counts=True)
        codes, counts = codes[codes != 0], counts[codes != 0]
        if not len(codes):
            continue
        symbols = tables[0].symbols
        sizes = [len(text.encode(errors="surrogatepass")) for text in symbols.texts(codes.tolist())]
        label_values.append(Figure(name, len(codes)))
        value_bytes.append(Figure(name, int(np.dot(np.array(sizes), counts))))
        top = _largest(symbols, codes, counts, most)
        pairs = _first([*pairs, *(Figure(f"{name}={each.name}", each.value) for each in top)], most)
        if name == METRIC_NAME:
            metrics = top
    return Cardinality(
        series=sum(map(len, tables)),
        label_pairs=sum(each.value for each in label_values),
        metrics=metrics,
        label_values=_first(label_values, most),
        value_bytes=_first(value_bytes, most),
        pairs=pairs,
    )


def values_of(tables: Sequence[LabelTable], name: str, most: int) -> list[Figure]:
    """The values of one label with the most series."""
    columns = [table.column(name) for table in tables]
    if not columns:
        return []
    codes, counts = np.unique(np.concatenate(columns), return_counts=True)
    return _largest(tables[0].symbols, codes[codes != 0], counts[codes != 0], most)


def _columns(tables: Iterable[LabelTable]) -> dict[str, list[Codes]]:
    found: dict[str, list[Codes]] = {}
    for table in tables:
        for name, column in zip(table.names, table.codes.T, strict=True):
            found.setdefault(name, []).append(column)
    return found


def _largest(symbols: Symbols, codes: Codes, counts: NDArray[np.intp], most: int) -> list[Figure]:
    order = np.argsort(-counts, kind="stable")[:most]
    names = symbols.texts(codes[order].tolist())
    return [Figure(name, count) for name, count in zip(names, counts[order].tolist(), strict=True)]


_by_value: Callable[[Figure], int] = attrgetter("value")


def _first(figures: Iterable[Figure], most: int) -> list[Figure]:
    return heapq.nlargest(most, figures, key=_by_value)
