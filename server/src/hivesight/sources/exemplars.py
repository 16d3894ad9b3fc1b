"""The exemplars of one target's bodies on their way to the store, under the labels that their series have there."""

from collections.abc import Iterable
from itertools import chain

from hivesight.ingest.parsed import Parsed
from hivesight.ingest.series_cache import SeriesCache
from hivesight.ingest.textline import Exemplar as Exposed
from hivesight.model.batch import Exemplar
from hivesight.model.errors import StorageError
from hivesight.model.labels import Labels
from hivesight.sources.labelling import SampleLabels
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.ports import Appender


class TargetExemplars:
    """Remembers what the scrape before had: a target exposes an exemplar until another takes its place."""

    def __init__(self, labels: SampleLabels, appender: Appender, metrics: ScrapeMetrics) -> None:
        self._labels = labels
        self._appender = appender
        self._metrics = metrics
        self._last: dict[int, set[Exposed]] = {}
        self._series: dict[int, tuple[dict[str, str], Labels | None]] = {}

    def keep(self, time_ms: int, cache: SeriesCache, parsed: Parsed, stored: frozenset[int]) -> None:
        """Hands the news to the store; one without a time gets that of the scrape. stored: the rows below 0 of series
        that the store has. What it does not take is counted: an exemplar never fails a scrape."""
        told = chain(((int(parsed.ids[at]), each) for at, each in parsed.exemplars), parsed.histogram_exemplars)
        last: dict[int, set[Exposed]] = {}
        news: list[Exemplar] = []
        for index, each in told:
            row = int(cache.rows[index])
            if row < 0 and row not in stored:
                continue
            last.setdefault(index, set()).add(each)
            series = self._named(index, cache) if each not in self._last.get(index, ()) else None
            if series is not None:
                news.append(
                    Exemplar(series, each.labels, each.value, time_ms if each.time_ms is None else each.time_ms)
                )
        self._last = last
        self._series = {index: each for index, each in self._series.items() if index in last}
        if news:
            self._offer(news)

    def _named(self, index: int, cache: SeriesCache) -> Labels | None:
        exposed = cache.exemplary[index]
        known = self._series.get(index)
        if known is None or known[0] is not exposed:
            known = self._series[index] = (exposed, self._labels.final(exposed))
        return known[1]

    def _offer(self, news: Iterable[Exemplar]) -> None:
        # In the order in which the store takes several of one series.
        ordered = sorted(news, key=lambda each: (each.time_ms, each.value, each.labels))
        try:
            taken = self._appender.keep_exemplars(ordered)
        except StorageError:
            taken = 0
        self._metrics.exemplars.inc(taken)
        self._metrics.exemplars_dropped.inc(len(ordered) - taken)
