"""What the tests of alerting and notification share: a clock that stands still, a table in memory, short alerts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from hivesight.alerting.table import Tables
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels

START = 1_760_000_000_000


@dataclass
class ManualClock:
    """`set_back_ms` is what somebody set the wall clock back by."""

    ms: int = START
    set_back_ms: int = 0

    def now_ms(self) -> int:
        return self.ms - self.set_back_ms

    def monotonic(self) -> float:
        return self.ms / 1000


@dataclass
class MemoryTable:
    """Keeps documents as a real table does, so that a second room can be started on them."""

    documents: dict[str, bytes] = field(default_factory=dict)

    def load(self) -> list[tuple[str, bytes]]:
        return list(self.documents.items())

    def put(self, items: Mapping[str, bytes]) -> None:
        self.documents.update(items)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.documents.pop(key, None)


def memory_tables() -> Tables:
    return Tables(*(MemoryTable() for _ in fields(Tables)))


def alert(
    *, at: int = START, ends: int = START + 3_600_000, annotations: dict[str, str] | None = None, **labels: str
) -> Alert:
    return Alert(Labels(labels), at, ends, Labels(annotations or {}), "http://hive/graph", at)
