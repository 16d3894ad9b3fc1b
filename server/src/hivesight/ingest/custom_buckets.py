"""Classic histograms of a scraped body to native ones with custom buckets (NHCB), in columns: the `_bucket`, `_count`
and `_sum` samples of one label set become one histogram whose bounds are those of `le`. A scrape loop that converts
makes one `CustomBuckets` for each `SeriesCache`. Semantics: Prometheus' `convert_classic_histograms_to_nhcb`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.custom_cells import Classic, Role
from hivesight.ingest.parsed import Parsed
from hivesight.ingest.series_cache import SeriesCache
from hivesight.ingest.textline import Exemplar, LineError, number
from hivesight.model.labels import METRIC_NAME

_ROLES: Final = {"bucket": Role.BUCKET, "count": Role.COUNT, "sum": Role.SUM}
_NOT_OF_ALL: Final = (METRIC_NAME, "le")
_NOBODY: Final = -1
_SPARE: Final = 1_000
"""So many histograms may be remembered besides twice those of a body."""


@dataclass(frozen=True, slots=True)
class _Group:
    """One histogram. key: what names it in the cache; no text of a body holds it."""

    key: bytes
    labels: dict[str, str]


class CustomBuckets:
    """What is known of one target's classic histograms between scrapes."""

    def __init__(self, cache: SeriesCache, *, keep_classic: bool = False, bucket_limit: int = 0) -> None:
        """keep_classic: the classic samples stay beside what they become. bucket_limit: 0 for none; custom buckets
        cannot be merged, so that a histogram over it goes to `over_limit`."""
        self._cache = cache
        self._keep_classic = keep_classic
        self._bucket_limit = bucket_limit
        self._number: dict[bytes, int] = {}
        self._groups: list[_Group] = []
        self._exponential: dict[int, bytes] = {}
        self._group_of = np.full(64, _NOBODY, dtype=np.int32)
        self._role = np.zeros(64, dtype=np.int8)
        self._bound = np.zeros(64)

    def __call__(self, parsed: Parsed) -> Parsed:
        """The body with its classic histograms converted. One that is none (counts that fall, or that disagree) is left
        out and counted in `malformed`."""
        self._judge(parsed)
        member = self._group_of[parsed.ids] >= 0
        at = np.flatnonzero(member)
        if not len(at):
            return parsed
        ids = parsed.ids[at]
        bound, role = self._bound[ids], self._role[ids]
        order = np.lexsort((bound, role, self._group_of[ids]))
        at, bound, role = at[order], bound[order], role[order]
        numbers, group = np.unique(self._group_of[ids[order]], return_inverse=True)
        # Of equal ones the first counts, as for all samples.
        first = np.ones(len(at), dtype=np.bool_)
        first[1:] = (group[1:] != group[:-1]) | (role[1:] != role[:-1]) | (bound[1:] != bound[:-1])
        at, group = at[first], group[first]
        classic = Classic.gathered(group, role[first], bound[first], parsed.values[at], len(numbers))
        present = [self._groups[int(each)] for each in numbers]
        series = np.array([self._series(each) for each in present], dtype=np.int32)
        wanted = ~self._has_exponential(present, parsed)
        malformed, taken = wanted & ~classic.sound, wanted & classic.sound
        over = parsed.over_limit
        if self._bucket_limit:
            spread = classic.spread()
            beyond = taken & (spread > self._bucket_limit)
            taken &= ~beyond
            over += tuple(zip(series[beyond].tolist(), spread[beyond].tolist(), strict=True))
        times = np.zeros(len(parsed.ids), dtype=np.int64)
        times[parsed.timed] = parsed.times_ms
        own_ms = np.zeros(len(numbers), dtype=np.int64)
        np.maximum.at(own_ms, group, times[at])
        examples = self._exemplars(parsed, dict(zip(numbers[taken].tolist(), series[taken].tolist(), strict=True)))
        self._tidy(numbers)
        return replace(
            parsed if self._keep_classic else _without(parsed, member),
            histograms=(*parsed.histograms, *classic.batches(taken, series, own_ms)),
            histogram_exemplars=parsed.histogram_exemplars + examples,
            over_limit=over,
            malformed=parsed.malformed + int(malformed.sum()),
        )

    def _judge(self, parsed: Parsed) -> None:
        """Finds out which of the series that are new to the cache are parts of histograms."""
        fresh = self._cache.fresh
        if not fresh:
            return
        room = len(self._cache.rows)
        if room > len(self._group_of):
            more = room - len(self._group_of)
            self._group_of = np.concatenate([self._group_of, np.full(more, _NOBODY, dtype=np.int32)])
            self._role = np.concatenate([self._role, np.zeros(more, dtype=np.int8)])
            self._bound = np.concatenate([self._bound, np.zeros(more)])
        native = _native_ids(parsed) if self._keep_classic else ()
        for index, labels in list(fresh.items()):
            self._group_of[index] = _NOBODY
            self._exponential.pop(index, None)
            if index in native:
                self._exponential[index] = _key(labels)
                continue
            part = self._part(labels)
            if part is None:
                continue
            self._role[index], self._bound[index], base = part
            key = _key(base)
            number = self._number.setdefault(key, len(self._groups))
            if number == len(self._groups):
                self._groups.append(_Group(key, base))
            self._group_of[index] = number
            if not self._keep_classic:
                del fresh[index]

    def _part(self, labels: Mapping[str, str]) -> tuple[Role, float, dict[str, str]] | None:
        """The role of a series in a histogram, its bound, and the histogram's labels; None for another series."""
        name = labels.get(METRIC_NAME, "")
        stem, _, suffix = name.rpartition("_")
        role = _ROLES.get(suffix)
        if role is None:
            return None
        metadata = self._cache.metadata.get(stem)
        if metadata is None or metadata.type != "histogram":
            return None
        bound = 0.0
        if role is Role.BUCKET:
            try:
                bound = number(labels.get("le", "").encode())
            except LineError:
                return None
            if math.isnan(bound) or bound == -math.inf:
                return None
        return role, bound, {METRIC_NAME: stem} | {key: each for key, each in labels.items() if key not in _NOT_OF_ALL}

    def _series(self, group: _Group) -> int:
        """Its id in the cache, which may have forgotten it."""
        index = self._cache.find(group.key)
        if index is None:
            index = self._cache.add(group.key, dict(group.labels))
            if index < len(self._group_of):
                self._group_of[index] = _NOBODY
        return index

    def _has_exponential(self, present: Sequence[_Group], parsed: Parsed) -> NDArray[np.bool_]:
        """Which of the histograms the body has with exponential buckets as well."""
        if not self._exponential:
            return np.zeros(len(present), dtype=np.bool_)
        here = {self._exponential.get(index) for index in _native_ids(parsed)}
        return np.array([each.key in here for each in present], dtype=np.bool_)

    def _exemplars(self, parsed: Parsed, series: dict[int, int]) -> tuple[tuple[int, Exemplar], ...]:
        """Those of the parts, now of the whole. One without a time is left out: each scrape would make another one."""
        found: list[tuple[int, Exemplar]] = []
        for position, exemplar in parsed.exemplars:
            number = int(self._group_of[parsed.ids[position]])
            index = series.get(number)
            if index is not None and exemplar.time_ms is not None:
                self._cache.exemplary[index] = self._groups[number].labels
                found.append((index, exemplar))
        return tuple(found)

    def _tidy(self, present: NDArray[np.int32]) -> None:
        """Forgets histograms that a target no longer exposes, once they are many, with all their parts."""
        if len(self._groups) <= 2 * len(present) + _SPARE:
            return
        renumbered = np.full(len(self._groups) + 1, _NOBODY, dtype=np.int32)
        renumbered[present] = np.arange(len(present))
        gone = np.flatnonzero((self._group_of >= 0) & (renumbered[self._group_of] < 0))
        self._group_of = renumbered[self._group_of]
        self._groups = [self._groups[each] for each in present.tolist()]
        self._number = {each.key: index for index, each in enumerate(self._groups)}
        self._cache.forget(set(gone.tolist()))


def _key(labels: Mapping[str, str]) -> bytes:
    # No valid text holds the byte, so that this is never the key of a line or of a message.
    return b"\xff" + b"\xff".join(f"{name}\xff{value}".encode() for name, value in sorted(labels.items()))


def _native_ids(parsed: Parsed) -> set[int]:
    return {index for batch in parsed.histograms for index in batch.ids.tolist()}


def _without(parsed: Parsed, gone: NDArray[np.bool_]) -> Parsed:
    """The body without some of its floats."""
    kept = ~gone
    moved = np.cumsum(kept) - 1
    timed = kept[parsed.timed]
    return replace(
        parsed,
        ids=parsed.ids[kept],
        values=parsed.values[kept],
        timed=moved[parsed.timed[timed]],
        times_ms=parsed.times_ms[timed],
        exemplars=tuple((int(moved[at]), each) for at, each in parsed.exemplars if kept[at]),
    )
