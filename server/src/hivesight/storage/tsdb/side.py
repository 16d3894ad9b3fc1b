"""What the store keeps beside samples, within bounds: the newest exemplars, and what senders say of metrics."""

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hivesight.model.batch import Exemplar
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher
from hivesight.model.metadata import Metadata

MAX_EXEMPLARS: Final = 100_000
MAX_EXEMPLAR_CHARACTERS: Final = 128
"""Of the names and values of an exemplar's labels together (OpenMetrics 1.0, exemplars)."""
MAX_METADATA: Final = 50_000
MAX_HELP_CHARACTERS: Final = 4_096


class Exemplars:
    """A ring: the newest ones, in the order in which they came."""

    def __init__(self, capacity: int = MAX_EXEMPLARS) -> None:
        self._kept: deque[Exemplar] = deque(maxlen=capacity)
        self._newest: dict[Labels, Exemplar] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def acceptable(self, exemplars: Iterable[Exemplar]) -> list[Exemplar]:
        """Those that are neither too long nor before what their series has, nor there already. At one time the order
        is that of values, then of labels: the buckets of a native histogram have examples at the same time, and come
        again at every scrape (Prometheus' `CircularExemplarStorage`)."""
        taken: list[Exemplar] = []
        newest: dict[Labels, Exemplar] = {}
        for each in exemplars:
            last = newest.get(each.series) or self._newest.get(each.series)
            if last is not None and _order(each) <= _order(last):
                continue
            if sum(len(name) + len(value) for name, value in each.labels.pairs) <= MAX_EXEMPLAR_CHARACTERS:
                taken.append(each)
                newest[each.series] = each
        return taken

    def keep(self, exemplars: Iterable[Exemplar]) -> None:
        """Takes acceptable ones; the oldest go."""
        for each in exemplars:
            if len(self._kept) == self._kept.maxlen:
                oldest = self._kept[0]
                if self._newest.get(oldest.series) == oldest:
                    del self._newest[oldest.series]
            self._kept.append(each)
            self._newest[each.series] = each

    def all(self) -> list[Exemplar]:
        """All of them, oldest first."""
        return list(self._kept)

    def select(
        self, selectors: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int
    ) -> dict[Labels, list[Exemplar]]:
        """Those in the closed interval whose series meet all matchers of any selector, by series, oldest first."""
        found: dict[Labels, list[Exemplar]] = {}
        verdicts: dict[Labels, bool] = {}
        for each in self.all():
            if not start_ms <= each.time_ms <= end_ms:
                continue
            verdict = verdicts.get(each.series)
            if verdict is None:
                verdict = any(
                    all(matcher.matches(each.series.get(matcher.name, "")) for matcher in matchers)
                    for matchers in selectors
                )
                verdicts[each.series] = verdict
            if verdict:
                found.setdefault(each.series, []).append(each)
        return {series: sorted(those, key=lambda each: each.time_ms) for series, those in sorted(found.items())}


def _order(each: Exemplar) -> tuple[int, float, tuple[tuple[str, str], ...]]:
    return each.time_ms, -math.inf if math.isnan(each.value) else each.value, each.labels.pairs


class MetricMetadata:
    """By metric family; over the bound the ones that were told first go."""

    def __init__(self) -> None:
        self._known: dict[str, Metadata] = {}

    def news(self, metadata: Mapping[str, Metadata]) -> dict[str, Metadata]:
        """What of it is not known yet, cut to the bounds."""
        cut = {name: Metadata(each.type, each.help[:MAX_HELP_CHARACTERS], each.unit) for name, each in metadata.items()}
        return {name: each for name, each in cut.items() if self._known.get(name) != each}

    def describe(self, metadata: Mapping[str, Metadata]) -> None:
        """Takes it."""
        for name, each in metadata.items():
            self._known.pop(name, None)
            self._known[name] = each
        while len(self._known) > MAX_METADATA:
            del self._known[next(iter(self._known))]

    def all(self) -> dict[str, Metadata]:
        """What is known."""
        return dict(self._known)
