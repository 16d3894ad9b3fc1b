"""Which new series the store takes: a label set in, a limit that refuses it out. Where there are too many series of a
metric or in all, the log names the label whose values are to blame."""

from collections import Counter
from itertools import chain

import numpy as np
import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.storage.tsdb.codec import MAX_ROW_NUMBER
from hivesight.storage.tsdb.head import Head, HeadGroup
from hivesight.storage.tsdb.limits import Limits
from hivesight.storage.tsdb.stats import Refusal

_log: FilteringBoundLogger = structlog.get_logger(__name__)


class Admission:
    """Changed and asked under the writers' lock."""

    def __init__(self, head: Head, limits: Limits) -> None:
        self.refused: Counter[Refusal] = Counter()
        self.exploding: dict[str, str] = {}
        """Metrics of which series were refused -> the label with most values then."""
        self._head = head
        self._limits = limits
        self._complained: set[tuple[Refusal, str]] = set()

    def forget_complaints(self) -> None:
        """What is refused from now on is logged again."""
        self._complained.clear()

    def admit(self, labels: Labels, waiting: Counter[str], group: HeadGroup | None = None) -> bool:
        """Whether a new series is taken. waiting: how many by metric were taken and are not in the head yet; counts
        this one in. group: the target's own, where the series is of a target."""
        refusal = self._refusal(labels, waiting, group)
        name = labels.name
        if refusal is None:
            waiting[name] += 1
            return True
        self.refused[refusal] += 1
        if (refusal, name) not in self._complained and len(self._complained) < 1000:
            self._complained.add((refusal, name))
            self._complain(refusal, labels, name)
        return False

    def _refusal(self, labels: Labels, waiting: Counter[str], group: HeadGroup | None) -> Refusal | None:
        limits, head = self._limits, self._head
        pending = waiting.total()
        if head.series + pending >= limits.max_series:
            return Refusal.MAX_SERIES
        if group is not None:
            if group.columns.rows + pending >= limits.max_series_per_target:
                return Refusal.MAX_SERIES_PER_TARGET
            if group.columns.next_number + pending > MAX_ROW_NUMBER:
                return Refusal.MAX_SERIES
        name = labels.name
        if head.series_of(name) + waiting[name] >= limits.max_series_per_metric:
            return Refusal.MAX_SERIES_PER_METRIC
        if len(labels) > limits.max_labels_per_series:
            return Refusal.MAX_LABELS
        texts = "".join(chain.from_iterable(labels.pairs))
        size = len(texts) if texts.isascii() else len(texts.encode("utf-8", "surrogatepass"))
        if size > limits.max_label_bytes:
            return Refusal.MAX_LABEL_BYTES
        if head.symbol_bytes + size > limits.max_symbol_bytes:
            return Refusal.MAX_SYMBOL_BYTES
        return None

    def _complain(self, refusal: Refusal, labels: Labels, name: str) -> None:
        label, values = self._most_values(name)
        if label:
            self.exploding[name] = label
        _log.warning(
            "series refused: a limit of the metrics store is reached",
            limit=refusal.value,
            bound=getattr(self._limits, refusal.value),
            series=str(labels)[:200],
            label_with_most_values=label,
            values=values,
        )

    def _most_values(self, name: str) -> tuple[str, int]:
        """The label of a metric that has most values, and how many."""
        code = self._head.symbols.find(name)
        seen: dict[str, set[int]] = {}
        for group in self._head.named([] if code is None else [code]):
            table = group.columns.view().table
            rows = table.codes[table.column(METRIC_NAME) == code]
            for column, label in enumerate(table.names):
                if label != METRIC_NAME:
                    seen.setdefault(label, set()).update(np.unique(rows[:, column]).tolist())
        counts = {label: len(values - {0}) for label, values in seen.items()}
        return max(counts.items(), key=lambda each: each[1], default=("", 0))
