"""Where the room keeps what must outlive the process: documents under keys. The port is declared here and implemented
by the state store."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

import orjson
import structlog

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
