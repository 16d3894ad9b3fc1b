"""A store in memory for the tests of the query engine: series in, blocks out, nothing clever."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hivesight.model.histogram import Hint, Histogram, HistogramGrid, cells_of
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, all_match
from hivesight.model.series import ABSENT, SeriesBlock
from hivesight.model.symbols import Symbols, label_table
from hivesight.query.promql.native.compare import reset_between

Sample = float | Histogram


class MemoryStore:
    """Samples by series. Series with the same timestamps share a block, and others may too (`shared`), with gaps."""

    def __init__(self, *, shared: bool = False) -> None:
        self.symbols = Symbols()
        self.series: dict[Labels, dict[int, Sample]] = {}
        self.starts: dict[Labels, dict[int, int]] = {}
        self.shared = shared

    def add(self, labels: Mapping[str, str], points: Sequence[tuple[int, Sample]]) -> None:
        self.series.setdefault(Labels(labels), {}).update(points)

    def start(self, labels: Mapping[str, str], starts: Mapping[int, int]) -> None:
        """When the counters of some samples began."""
        self.starts.setdefault(Labels(labels), {}).update(starts)

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
        groups: dict[tuple[int, ...], list[tuple[Labels, dict[int, Sample]]]] = {}
        for labels, samples in self.series.items():
            if all_match(matchers, labels):
                hinted = with_hints({at: samples[at] for at in sorted(samples)})
                kept = {at: hinted[at] for at in hinted if start_ms <= at <= end_ms}
                if kept:
                    groups.setdefault(() if self.shared else tuple(kept), []).append((labels, kept))
        return [self._block(members) for members in groups.values()]

    def _block(self, members: list[tuple[Labels, dict[int, Sample]]]) -> SeriesBlock:
        times = sorted({at for _, samples in members for at in samples})
        column = {at: index for index, at in enumerate(times)}
        values = np.full((len(members), len(times)), ABSENT)
        place = np.full(values.shape, -1, dtype=np.int64)
        starts = np.zeros(values.shape, dtype=np.int64)
        histograms: list[Histogram] = []
        for row, (labels, samples) in enumerate(members):
            for at, value in samples.items():
                starts[row, column[at]] = self.starts.get(labels, {}).get(at, 0)
                if isinstance(value, Histogram):
                    place[row, column[at]] = len(histograms)
                    histograms.append(value)
                    values[row, column[at]] = 0.0
                else:
                    values[row, column[at]] = value
        table = label_table([labels for labels, _ in members], self.symbols)
        grid = HistogramGrid(cells_of(histograms), place) if histograms else None
        return SeriesBlock(table, np.array(times, dtype=np.int64), values, grid, starts if self.starts else None)


def with_hints(samples: dict[int, Sample]) -> dict[int, Sample]:
    """The samples of a series, marked as Prometheus' store marks them: as no reset where there was none."""
    out: dict[int, Sample] = {}
    before: Sample | None = None
    for at, sample in samples.items():
        if isinstance(sample, Histogram) and isinstance(before, Histogram) and sample.hint is Hint.UNKNOWN:
            cells = cells_of([before, sample])
            if before.hint is not Hint.GAUGE:
                fell = bool(reset_between(cells, np.array([0]), np.array([1]))[0])
                kept = before.scale == sample.scale and not fell
                out[at] = replace(sample, hint=Hint.NOT_RESET if kept else Hint.UNKNOWN)
            else:
                out[at] = sample
        else:
            out[at] = sample
        before = sample
    return out
