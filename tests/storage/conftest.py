from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hivesight.storage.tsdb import Limits, Tsdb, WalOptions


@dataclass
class ManualClock:
    """A clock that stands where the test puts it."""

    ms: int = 1_700_000_000_000

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def open_store(tmp_path: Path, clock: ManualClock) -> Iterator[Callable[..., Tsdb]]:
    """Opens stores, by default the one in tmp_path/store, and closes them at the end."""
    opened: list[Tsdb] = []

    def open_(path: Path | None = None, **settings: Any) -> Tsdb:
        arguments: dict[str, Any] = {"retention_ms": None, "limits": Limits(), "wal": WalOptions()}
        store = Tsdb.open(path or tmp_path / "store", clock=clock, **(arguments | settings))
        opened.append(store)
        return store

    yield open_
    for store in opened:
        store.close()
