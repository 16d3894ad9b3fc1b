"""Where the room keeps what must outlive the process: documents under keys. The port is declared here and implemented
by the state store."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

import orjson
import structlog

from hivesight.model.errors import StorageError

T = TypeVar("T")

_log: Final = structlog.get_logger("alerting.table")


class Table(Protocol):
    """Documents under keys; a `put` that returned survives SIGKILL. Callable from any thread."""

    def load(self) -> list[tuple[str, bytes]]:
        """Every key and its document."""
        ...

    def put(self, items: Mapping[str, bytes]) -> None:
        """Add or replace documents, all or none of them."""
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Remove documents; keys that are not there do not matter."""
        ...


@dataclass(frozen=True, slots=True)
class Tables:
    """What the room persists."""

    alerts: Table
    notifications: Table
    silences: Table
    deliveries: Table
    journal: Table


@dataclass
class MemoryTable:
    """A table of which nothing outlives the process."""

    documents: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def load(self) -> list[tuple[str, bytes]]:
        return list(self.documents.items())

    def put(self, items: Mapping[str, bytes]) -> None:
        self.documents.update(items)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.documents.pop(key, None)


class Lenient:
    """A table for what must go on even if it cannot be written: the process keeps it in memory. What was not written is
    written with the next change, also with an empty one; a restart before that loses it. Says so once, and once when
    all of it is written."""

    def __init__(self, table: Table, name: str, failed: Callable[[], None]) -> None:
        self._table = table
        self._name = name
        self._failed = failed
        self._owed: dict[str, bytes | None] = {}
        """By key what is not written yet; None: the key is to go. The owner holds as many documents in memory."""
        self._lock = threading.Lock()

    def load(self) -> list[tuple[str, bytes]]:
        return self._table.load()

    def put(self, items: Mapping[str, bytes]) -> None:
        self._write(items)

    def delete(self, keys: Iterable[str]) -> None:
        self._write(dict.fromkeys(keys))

    def _write(self, changes: Mapping[str, bytes | None]) -> None:
        with self._lock:
            owed, failing = {**self._owed, **changes}, bool(self._owed)
            try:
                self._table.put({key: document for key, document in owed.items() if document is not None})
                self._table.delete([key for key, document in owed.items() if document is None])
            except StorageError as error:
                self._owed = owed
                self._failed()
                if not failing:
                    _log.error(
                        "state cannot be written; a restart before it can will not know it",
                        table=self._name,
                        error=str(error),
                    )
                return
            self._owed = {}
            if failing:
                _log.info("state can be written again", table=self._name)


def load_documents(table: Table, decode: Callable[[dict[str, Any]], T]) -> dict[str, T]:
    """Every document of a table, decoded. One that cannot be read is removed and logged: it must not keep the server
    from starting."""
    found: dict[str, T] = {}
    broken: list[str] = []
    for name, raw in table.load():
        try:
            found[name] = decode(orjson.loads(raw))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            broken.append(name)
            _log.warning("stored document is unreadable and was dropped", key=name, reason=repr(error))
    if broken:
        table.delete(broken)
    return found
