"""The history on disk: one small SQLite file, whose journal mends what a crash tore.

The file is open only while it is read or written, so that nothing of it is shared with a forked child.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from math import isfinite
from typing import TYPE_CHECKING, Final, cast

from hivesight_sdk.monitor.sample import MAX_FIGURES, is_figure_name
from hivesight_sdk.recording import drop

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

_MAX_PAGES: Final = 16_384
"""64 MiB of pages of 4 KiB: the file grows no further."""

_MAX_ROW_CHARACTERS: Final = 16_384
_BUSY_SECONDS: Final = 1.0
_FORK_WAIT_SECONDS: Final = 1.0
_TABLE: Final = "CREATE TABLE IF NOT EXISTS sample (id INTEGER PRIMARY KEY, unix_seconds REAL, figures TEXT)"

# Held while SQLite works, so that a fork never copies one of SQLite's own locks locked.
_gate = threading.RLock()


class HistoryFile:
    """Samples in the SQLite file at `path`. Two processes may share one, and each then sees the other's samples."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path

    def load(self, unix_now: float, kept_seconds: float, max_samples: int) -> list[tuple[float, dict[str, float]]]:
        """The newest samples of the last `kept_seconds`, the oldest first; rows that make no sense are left out.

        A damaged file is renamed to `*.damaged`, counted, and nothing is loaded. Raises sqlite3.Error or OSError where
        the file cannot be opened.
        """
        query = (
            "SELECT unix_seconds, figures FROM sample WHERE typeof(unix_seconds) = 'real' AND typeof(figures) = 'text' "
            "AND abs(unix_seconds - ?) < ? AND length(figures) <= ? ORDER BY unix_seconds DESC, id DESC LIMIT ?"
        )
        try:
            with self._open() as database:
                rows = database.execute(query, (unix_now, kept_seconds, _MAX_ROW_CHARACTERS, max_samples)).fetchall()
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:
                raise  # locked, full or not to be opened: the file itself may be whole
            self._put_aside(error)
            return []
        parsed = ((unix_seconds, _parse(text)) for unix_seconds, text in cast("list[tuple[float, str]]", rows))
        return [(unix_seconds, figures) for unix_seconds, figures in parsed if figures is not None][::-1]

    def append(self, unix_seconds: float, figures: Mapping[str, float], kept_seconds: float, max_samples: int) -> None:
        """Write one sample and delete what is over the bounds. Raises sqlite3.Error or OSError."""
        text = json.dumps({name: float(value) for name, value in figures.items()}, separators=(",", ":"))
        try:
            with self._open() as database:
                database.execute("INSERT INTO sample (unix_seconds, figures) VALUES (?, ?)", (unix_seconds, text))
                database.execute("DELETE FROM sample WHERE abs(unix_seconds - ?) >= ?", (unix_seconds, kept_seconds))
                database.execute("DELETE FROM sample WHERE id <= (SELECT max(id) FROM sample) - ?", (max_samples,))
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:
                raise
            self._put_aside(error)

    @contextlib.contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        with _gate, contextlib.closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS)) as database:
            database.execute(f"PRAGMA max_page_count = {_MAX_PAGES}")
            # A power cut may then cost the last samples, but not the file.
            database.execute("PRAGMA synchronous = NORMAL")
            with database:
                database.execute(_TABLE)
                yield database

    def _put_aside(self, error: sqlite3.Error) -> None:
        damaged = self.path.with_name(self.path.name + ".damaged")
        self.path.replace(damaged)
        drop("history_failed", f"the history in {self.path} is damaged ({error}) and is put aside as {damaged.name}")


def _parse(text: str) -> dict[str, float] | None:
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict) or len(cast("dict[str, object]", parsed)) > MAX_FIGURES:
        return None
    pairs = cast("dict[str, object]", parsed).items()
    return {
        name: float(value)
        for name, value in pairs
        if is_figure_name(name) and isinstance(value, float) and isfinite(value)
    }


_held = threading.local()


def _before_fork() -> None:
    _held.gate = _gate.acquire(timeout=_FORK_WAIT_SECONDS)


def _after_fork_in_parent() -> None:
    if _held.gate:
        _gate.release()


def _after_fork_in_child() -> None:
    global _gate
    _gate = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
