"""Small durable state (pending alerts, silences, what was notified) in one SQLite file: tables of named documents.

Every change is one transaction and survives SIGKILL once the call returns; a loss of power may take the last ones.
Called by whoever must go on after a restart where it was."""

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.model.errors import StartError, StorageError

SCHEMA_VERSION: Final = 1

_BUSY_SECONDS: Final = 5.0
_CHECKPOINT_PAGES: Final = 4000
"""16 MiB: keys come in no order, so a page is changed many times before it is worth copying into the file."""
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (collection, key)
) WITHOUT ROWID
"""

_log: FilteringBoundLogger = structlog.get_logger(__name__)


class State:
    """One file, one connection, one lock: any thread may use it and its tables."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Use `open`."""
        self._path = path
        self._connection = connection
        self._lock = threading.Lock()
        self._closed = False

    @classmethod
    def open(cls, path: Path) -> "State":
        """Opens or creates the file; one that is damaged is moved aside, with a log line, and a fresh one begun.
        Raises StartError where the file cannot be used, with the reason."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                return cls(path, _connect(path))
            except sqlite3.DatabaseError as error:
                if _code(error) not in _DAMAGED:
                    raise
                _move_aside(path, str(error))
                return cls(path, _connect(path))
        except (sqlite3.Error, OSError) as error:
            raise StartError(
                f"cannot open the state file {path}: {error}; make it writable or choose another directory with --data"
            ) from error

    def table(self, name: str) -> "StateTable":
        """The documents under this name; there is nothing to create."""
        return StateTable(self, name)

    def close(self) -> None:
        """Closes the file; closing twice is fine."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._connection.close()

    def read(self, statement: str, parameters: Sequence[str]) -> list[tuple[str, bytes]]:
        """Rows of (key, document). Raises StorageError."""
        with self._lock:
            self._check_open()
            try:
                return self._connection.execute(statement, parameters).fetchall()
            except sqlite3.Error as error:
                raise self._refusal("read", error) from error

    def write(self, statement: str, rows: Iterable[Sequence[str | bytes]]) -> None:
        """The statement for every row, in one transaction. Raises StorageError; then nothing changed."""
        with self._lock:
            self._check_open()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    self._connection.executemany(statement, rows)
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise self._refusal("write", error) from error

    def _refusal(self, what: str, error: sqlite3.Error) -> StorageError:
        return StorageError(
            f"cannot {what} the state file {self._path}: {error}; "
            f"free space or mend the disk under {self._path.parent}, the next attempt goes on by itself"
        )

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError(f"the state file {self._path} is closed")


class StateTable:
    """A durable dict of small documents."""

    def __init__(self, state: State, name: str) -> None:
        self._state = state
        self._name = name

    def load(self) -> list[tuple[str, bytes]]:
        """All keys and documents, by key. Raises StorageError."""
        return self._state.read("SELECT key, document FROM documents WHERE collection = ? ORDER BY key", (self._name,))

    def put(self, items: Mapping[str, bytes]) -> None:
        """Adds or replaces documents, all or none; durable against SIGKILL when it returns. Raises StorageError."""
        if items:
            self._state.write(
                "INSERT INTO documents (collection, key, document) VALUES (?, ?, ?) "
                "ON CONFLICT (collection, key) DO UPDATE SET document = excluded.document",
                [(self._name, key, document) for key, document in items.items()],
            )

    def delete(self, keys: Iterable[str]) -> None:
        """Removes documents, all or none; a key that is not there is fine. Raises StorageError."""
        rows = [(self._name, key) for key in keys]
        if rows:
            self._state.write("DELETE FROM documents WHERE collection = ? AND key = ?", rows)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise StartError(
                f"the state file {path} has version {version}, this Hivesight reads up to {SCHEMA_VERSION}; "
                "use the version that wrote it or choose another directory with --data"
            )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            error = sqlite3.DatabaseError(str(verdict))
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error
        connection.execute(_SCHEMA)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    except BaseException:
        connection.close()
        raise
    return connection


def _code(error: sqlite3.Error) -> int:
    """The primary result code; extended codes carry it in their low byte."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _move_aside(path: Path, reason: str) -> None:
    number, aside = 1, path.with_name(f"{path.name}.damaged")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    _log.error("damaged state file is set aside, a fresh one is begun", path=str(path), reason=reason, aside=str(aside))
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(aside.with_name(aside.name + suffix))
