"""A store in memory for the tests of the query engine: series in, blocks out, nothing clever."""

from collections.abc import Mapping, Sequence

import numpy as np

from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, all_match
from hivesight.model.series import ABSENT, SeriesBlock
from hivesight.model.symbols import Symbols, label_table


class MemoryStore:
    """Samples by series. Series with the same timestamps share a block, and others may too (`shared`), with gaps."""

    def __init__(self, *, shared: bool = False) -> None:
        self.symbols = Symbols()
        self.series: dict[Labels, dict[int, float]] = {}
        self.shared = shared

    def add(self, labels: Mapping[str, str], points: Sequence[tuple[int, float]]) -> None:
        self.series.setdefault(Labels(labels), {}).update(points)

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
        groups: dict[tuple[int, ...], list[tuple[Labels, dict[int, float]]]] = {}
        for labels, samples in self.series.items():
            if all_match(matchers, labels):
                kept = {at: samples[at] for at in sorted(samples) if start_ms <= at <= end_ms}
                if kept:
                    groups.setdefault(() if self.shared else tuple(kept), []).append((labels, kept))
        return [self._block(members) for members in groups.values()]

    def _block(self, members: list[tuple[Labels, dict[int, float]]]) -> SeriesBlock:
        times = sorted({at for _, samples in members for at in samples})
        place = {at: index for index, at in enumerate(times)}
        values = np.full((len(members), len(times)), ABSENT)
        for row, (_, samples) in enumerate(members):
            for at, value in samples.items():
                values[row, place[at]] = value
        labels = label_table([labels for labels, _ in members], self.symbols)
        return SeriesBlock(labels, np.array(times, dtype=np.int64), values)
