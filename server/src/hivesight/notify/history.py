"""The last deliveries, sent and failed, for whoever asks what was said to whom."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

import orjson

from hivesight.alerting.table import Lenient, Table, load_documents

MOST: Final = 500
MOST_ALERTS: Final = 100


class DeliveryOutcome(StrEnum):
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DeliveredAlert:
    fingerprint: str
    status: str
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification as it went out or did not. at_ms: when it was over. reason: why it was said (a dedup reason),
    or, where it failed, the failure's reason. error: what the receiver answered. alerts: the first 100 of
    `alert_count`."""

    at_ms: int
    receiver: str
    integration: str
    index: int
    group_key: str
    group_labels: dict[str, str]
    status: str
    alerts: tuple[DeliveredAlert, ...]
    alert_count: int
    outcome: DeliveryOutcome
    reason: str
    attempts: int
    error: str = ""


class History:
    """The last 500 deliveries, newest first. Thread-safe; `add` blocks for one write and one removal."""

    def __init__(self, table: Table, most: int = MOST) -> None:
        self._table = Lenient(table, "deliveries", lambda: None)
        self._lock = threading.Lock()
        self._kept: deque[tuple[str, Delivery]] = deque()
        self._most = most
        for name, delivery in sorted(load_documents(table, _decode).items()):
            self._kept.append((name, delivery))
        self._next = int(self._kept[-1][0]) + 1 if self._kept else 0

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """In the order in which they went out."""
        with self._lock:
            first, self._next = self._next, self._next + len(deliveries)
            numbered = [(f"{first + place:016d}", each) for place, each in enumerate(deliveries)]
            before = len(self._kept)
            self._kept.extend(numbered)
            gone = [self._kept.popleft()[0] for _ in range(len(self._kept) - self._most)]
            # Of more than are kept, the first go before they were written.
            kept = numbered[max(0, len(gone) - before) :]
            self._table.put({name: orjson.dumps(asdict(each)) for name, each in kept})
            if gone:
                self._table.delete(gone[:before])

    def recent(self, limit: int = 100) -> Sequence[Delivery]:
        """The newest first."""
        with self._lock:
            newest = [delivery for _, delivery in reversed(self._kept)]
        return newest[: max(0, limit)]


def _decode(document: dict[str, Any]) -> Delivery:
    alerts = tuple(DeliveredAlert(**each) for each in document.pop("alerts"))
    outcome = DeliveryOutcome(document.pop("outcome"))
    return Delivery(**document, alerts=alerts, outcome=outcome)
