"""The metrics of a data directory, looked at and left as they are. A server may be at work on them meanwhile: what it
has written so far is linked or copied to a temporary directory, and opened there."""

import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hivesight.doctor.backtest.asking import MAX_POINTS
from hivesight.model.clock import Clock
from hivesight.model.errors import StorageError
from hivesight.model.matcher import Matcher
from hivesight.model.series import SeriesBlock
from hivesight.query.promql import Answer, Engine, Limits, Matrix
from hivesight.storage.tsdb import Limits as StoreLimits
from hivesight.storage.tsdb import Tsdb
from hivesight.storage.tsdb.borrowed import borrow

_MAX_SAMPLES: Final = 30_000_000
"""Of one question: some 300 MB."""


class Store:
    """A `Source` over a store of ours."""

    def __init__(self, store: Tsdb, *, lookback_ms: int, default_step_ms: int) -> None:
        self._store = store
        limits = Limits(max_samples=_MAX_SAMPLES, max_points_per_series=MAX_POINTS)
        self._engine = Engine(store, lookback_ms=lookback_ms, default_step_ms=default_step_ms, limits=limits)

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[SeriesBlock]:
        """See Querier."""
        return self._store.select(matchers, start_ms, end_ms)

    def range(self, query: str, start_ms: int, end_ms: int, step_ms: int) -> Matrix:
        """See Source."""
        value = self._engine.range(query, start_ms, end_ms, step_ms).value
        assert isinstance(value, Matrix), "the answer over a course of time"
        return value

    def instant(self, query: str, at_ms: int) -> Answer:
        """See Source."""
        return self._engine.instant(query, at_ms)


@contextmanager
def opened(data: Path, clock: Clock, *, lookback_ms: int, default_step_ms: int) -> Generator[Store]:
    """The metrics below a server's data directory. Raises StorageError and StartError where there are none, or they
    cannot be read."""
    metrics = data / "metrics"
    if not (metrics / "wal").is_dir():
        raise StorageError(f"{data} holds no metrics: name the server's data directory with --data")
    directory = Path(tempfile.mkdtemp(prefix="hivesight-backtest-"))
    try:
        borrow(metrics, directory / "metrics")
        store = Tsdb.open(directory / "metrics", clock=clock, retention_ms=None, limits=StoreLimits())
        try:
            yield Store(store, lookback_ms=lookback_ms, default_step_ms=default_step_ms)
        finally:
            store.close()
    except OSError as error:
        raise StorageError(
            f"cannot read the metrics in {data}: {error.filename or ''} {error.strerror or error}"
        ) from error
    finally:
        shutil.rmtree(directory, ignore_errors=True)
