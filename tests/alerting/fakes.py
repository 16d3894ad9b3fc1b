"""What the tests of alerting and notification share: a clock that stands still, tables in memory, short alerts."""

from dataclasses import dataclass, fields

from hivesight.alerting.table import MemoryTable, Tables
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


def memory_tables() -> Tables:
    return Tables(*(MemoryTable() for _ in fields(Tables)))


def alert(
    *, at: int = START, ends: int = START + 3_600_000, annotations: dict[str, str] | None = None, **labels: str
) -> Alert:
    return Alert(Labels(labels), at, ends, Labels(annotations or {}), "http://hive/graph", at)
