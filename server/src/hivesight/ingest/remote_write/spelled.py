"""The labels of many series at once: numbers of strings in, label sets out. Most strings are those of many series: each
is read once, and what holds of each series is found by arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.remote_write.request import MAX_LABELS, MAX_NAME_BYTES, BadSeries, Pairs, judged
from hivesight.ingest.remote_write.wire import Places
from hivesight.model.labels import METRIC_NAME, Labels


@dataclass(frozen=True, slots=True)
class Spelled:
    """The labels of series or of exemplars. texts: strings, one perhaps twice. names, values: numbers of strings, shape
    (labels,). bounds: shape (series + 1,): those of series n are from bounds[n] to bounds[n + 1]."""

    texts: Sequence[bytes]
    names: Places
    values: Places
    bounds: Places

    def pairs(self, first: int, last: int) -> Pairs:
        """Some labels as they were sent."""
        chosen = zip(self.names[first:last].tolist(), self.values[first:last].tolist(), strict=True)
        return [(self.texts[name], self.texts[value]) for name, value in chosen]


def label_sets(spelled: Spelled, *, name_wanted: bool = True) -> list[Labels | BadSeries]:
    """Each series' label set, or why it has none that can be taken."""
    spelled = _used(spelled)
    texts = [_text(each) for each in spelled.texts]
    names, values = (map(texts.__getitem__, each.tolist()) for each in (spelled.names, spelled.values))
    pairs = list(zip(names, values, strict=True))
    plain = _plain(spelled, texts, name_wanted).tolist()
    return [
        Labels.of_sorted(tuple(pairs[a:b])) if good else judged(spelled.pairs(a, b), name_wanted=name_wanted)
        for good, (a, b) in zip(plain, pairwise(spelled.bounds.tolist()), strict=True)
    ]


def referred_label_sets(
    texts: Sequence[bytes], references: Places, starts: Places, ends: Places, *, name_wanted: bool = True
) -> list[Labels | BadSeries]:
    """The same for labels that refer to strings, names and values in turn: those of series n from starts[n] to
    ends[n]. A reference may be one to nothing."""
    counts = ends - starts
    beyond = np.append(0, np.cumsum(references >= len(texts)))
    good = (counts <= 2 * MAX_LABELS) & (counts % 2 == 0) & (beyond[starts] == beyond[ends])
    bounds = np.append(0, np.cumsum(counts[good]))
    own = references[np.repeat(starts[good] - bounds[:-1], counts[good]) + np.arange(bounds[-1])]
    found = iter(label_sets(Spelled(texts, own[::2], own[1::2], bounds // 2), name_wanted=name_wanted))
    return [
        next(found) if is_good else _no_labels(references[a:b], len(texts))
        for is_good, a, b in zip(good.tolist(), starts.tolist(), ends.tolist(), strict=True)
    ]


def _no_labels(references: Places, texts: int) -> BadSeries:
    """Why these references to so many strings are no labels."""
    count = len(references)
    if count > 2 * MAX_LABELS:
        return BadSeries(f"more than {MAX_LABELS} labels: {count // 2}")
    if count % 2:
        return BadSeries(f"labels have {count} references to symbols: a name without a value")
    return BadSeries(f"labels refer to symbol {int(references.max())} of {texts}")


def _used(spelled: Spelled) -> Spelled:
    """The same without strings that no label has."""
    place = np.zeros(len(spelled.texts), dtype=np.int64)
    place[spelled.names] = place[spelled.values] = 1
    used = np.flatnonzero(place)
    place[used] = np.arange(len(used))
    texts = [spelled.texts[each] for each in used.tolist()]
    return Spelled(texts, place[spelled.names], place[spelled.values], spelled.bounds)


def _text(raw: bytes) -> str:
    """The string; an empty one, which is nothing plain either, where it is not UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return ""


def _plain(spelled: Spelled, texts: Sequence[str], name_wanted: bool) -> NDArray[np.bool_]:
    """Whose labels are as a sender should write them: sorted by name, each name once, nothing empty, within bounds, and
    the metric's name there where it is wanted. Of any other it takes a closer look to say whether it can be taken."""
    names, values, bounds = spelled.names, spelled.values, spelled.bounds
    series, counts = len(bounds) - 1, np.diff(bounds)
    of = np.repeat(np.arange(series), counts)
    nbytes = np.fromiter(map(len, spelled.texts), np.int64, len(texts))
    filled = np.fromiter(map(bool, texts), np.bool_, len(texts))
    used: list[int] = np.unique(names).tolist()
    order = {text: number for number, text in enumerate(sorted({texts[each] for each in used}))}
    ranks = np.zeros(len(texts), dtype=np.int64)
    ranks[used] = [order[texts[each]] for each in used]
    rank = ranks[names]
    wrong = ~(filled[names] & filled[values])
    wrong[1:] |= (rank[1:] <= rank[:-1]) & (of[1:] == of[:-1])
    total = np.bincount(of, nbytes[names] + nbytes[values], series)
    plain = (counts <= MAX_LABELS) & (total <= MAX_NAME_BYTES)
    plain[of[wrong]] = False
    if name_wanted:
        named = np.zeros(series, dtype=np.bool_)
        named[of[rank == order.get(METRIC_NAME, -1)]] = True
        plain &= named
    return plain
