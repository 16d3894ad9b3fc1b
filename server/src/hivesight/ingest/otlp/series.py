"""Which series a point's attributes mean: remembered between requests, so that labels are built once."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hivesight.ingest.otlp.config import OtlpConfig
from hivesight.ingest.otlp.labelling import ResourceLabels
from hivesight.ingest.otlp.limits import OtlpLimits
from hivesight.ingest.otlp.naming import Kind
from hivesight.ingest.ports import PushStore
from hivesight.model.labels import METRIC_NAME, Labels

PointKey = tuple[bytes, ...]


@dataclass(slots=True)
class Family:
    """One metric of one resource and scope. base: label set of a point without its name, by its attributes as they
    were sent. slots: the numbers of its series, by attributes and what else tells them apart."""

    name: str
    kind: Kind
    resource: ResourceLabels
    scope: dict[str, str]
    help: str | None = None
    numbers: dict[PointKey, int] = field(default_factory=dict[PointKey, int])
    slots: dict[tuple[PointKey, object], tuple[int, ...]] = field(
        default_factory=dict[tuple[PointKey, object], tuple[int, ...]]
    )


class SeriesCache:
    """Numbers ("slots") for series, in the order in which they were first met, and the refs of the store for them."""

    def __init__(self, config: OtlpConfig, limits: OtlpLimits) -> None:
        self.config = config
        self._limits = limits
        self.resources: dict[bytes, ResourceLabels] = {}
        self.families: dict[tuple[object, ...], Family] = {}
        self.labels: list[Labels] = []
        self._numbers: dict[Labels, int] = {}
        self._refs = np.full(1024, -1, dtype=np.int32)
        self._bytes = 0
        self._affordable = 0

    def begin(self) -> None:
        """Before a request: forgets everything where it has become too much."""
        if len(self.labels) > self._limits.cached_series or self._bytes > self._limits.cached_bytes:
            self.__init__(self.config, self._limits)
        self._affordable = self._limits.new_labels

    def afford(self, labels: int) -> bool:
        """Whether the request may bring so many labels more: a wide set times many buckets is far larger than what
        was sent."""
        if labels > self._affordable:
            return False
        self._affordable -= labels
        self._bytes += labels * 64
        return True

    def weigh(self, key: Iterable[bytes]) -> None:
        """Counts what is kept as a key."""
        self._bytes += 128 + sum(map(len, key))

    def slot(self, labels: dict[str, str], name: str, **more: str) -> int:
        """The number of the series with this name and these labels."""
        found = Labels({**labels, **more, METRIC_NAME: name})
        return self.number(found)

    def number(self, labels: Labels) -> int:
        """The number of the series."""
        slot = self._numbers.get(labels)
        if slot is None:
            slot = self._numbers[labels] = len(self.labels)
            self.labels.append(labels)
            if slot >= len(self._refs):
                self._refs = np.concatenate([self._refs, np.full_like(self._refs, -1)])
        return slot

    def refs(self, slots: NDArray[np.int64], store: PushStore, *, again: bool = False) -> NDArray[np.int32]:
        """The store's refs of series. again: the store has forgotten those that it gave before."""
        used = np.unique(slots)
        unknown = used if again else used[self._refs[used] < 0]
        if len(unknown):
            numbers: list[int] = unknown.tolist()
            self._refs[unknown] = store.register([self.labels[slot] for slot in numbers])
        return self._refs[slots]
