"""Which new series the store takes: label sets in, those that a limit refuses out. Where there are too many series of a
metric or in all, the log names the label whose values are to blame."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Final

import numpy as np
import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.model.labels import METRIC_NAME, Labels
from hivesight.storage.tsdb.codec import MAX_ROW_NUMBER
from hivesight.storage.tsdb.coded import Coded
from hivesight.storage.tsdb.head import Head, HeadGroup
from hivesight.storage.tsdb.limits import Limits
from hivesight.storage.tsdb.stats import Refusal

_log: FilteringBoundLogger = structlog.get_logger(__name__)

_MOST_BYTES: Final = 4
"""Of a character in UTF-8."""


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

    def admit(
        self,
        labels: Sequence[Labels],
        many: Coded,
        rows: Sequence[int],
        waiting: Counter[str],
        group: HeadGroup | None = None,
    ) -> list[int]:
        """Which of these new series are taken: their rows. many: the label sets coded. rows: of which sets, in order,
        no two equal. waiting: how many by metric were taken and are not in the head yet; counts those in that are
        taken. group: the target's own, where the series are of a target."""
        pending, symbol_bytes = waiting.total(), self._head.symbol_bytes
        room, reason = self._room(group)
        of_metric: dict[str, int] = {}
        taken: list[int] = []
        for row in rows:
            own, name = labels[row], labels[row].name
            if name not in of_metric:
                of_metric[name] = self._head.series_of(name) + waiting[name]
            refusal = self._refusal(own, of_metric[name], symbol_bytes) if pending < room else reason
            # What is refused counts as well: one behind it may have the same strings, and must not have them for free.
            symbol_bytes += many.brought[row]
            if refusal is None:
                taken.append(row)
                pending += 1
                of_metric[name] += 1
                waiting[name] += 1
            else:
                self._refuse(refusal, own, name)
        return taken

    def _room(self, group: HeadGroup | None) -> tuple[int, Refusal]:
        """How many series there is room for, and what refuses the next."""
        limits = self._limits
        rooms = [(limits.max_series - self._head.series, Refusal.MAX_SERIES)]
        if group is not None:
            columns = group.columns
            rooms.append((limits.max_series_per_target - columns.rows, Refusal.MAX_SERIES_PER_TARGET))
            rooms.append((MAX_ROW_NUMBER + 1 - columns.next_number, Refusal.MAX_SERIES))
        return min(rooms, key=lambda each: max(0, each[0]))

    def _refusal(self, labels: Labels, of_metric: int, symbol_bytes: int) -> Refusal | None:
        """of_metric: how many series the metric has."""
        limits = self._limits
        if of_metric >= limits.max_series_per_metric:
            return Refusal.MAX_SERIES_PER_METRIC
        if len(labels) > limits.max_labels_per_series:
            return Refusal.MAX_LABELS
        characters = sum(map(len, chain.from_iterable(labels.pairs)))
        most = min(limits.max_label_bytes, limits.max_symbol_bytes - symbol_bytes)
        if _MOST_BYTES * characters > most and (nbytes := _nbytes(labels)) > most:
            return Refusal.MAX_LABEL_BYTES if nbytes > limits.max_label_bytes else Refusal.MAX_SYMBOL_BYTES
        return None

    def _refuse(self, refusal: Refusal, labels: Labels, name: str) -> None:
        self.refused[refusal] += 1
        if (refusal, name) not in self._complained and len(self._complained) < 1000:
            self._complained.add((refusal, name))
            self._complain(refusal, labels, name)

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


def _nbytes(labels: Labels) -> int:
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in chain.from_iterable(labels.pairs))
