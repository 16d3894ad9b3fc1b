"""Series that come and go, by metric."""

from collections.abc import Callable

import numpy as np

from hivesight.model.labels import Labels
from hivesight.storage.tsdb import Tsdb
from hivesight.storage.tsdb.churn import PERIOD_MS
from storage.conftest import ManualClock

Open = Callable[..., Tsdb]


def test_series_that_come_and_go_are_counted_by_metric(open_store: Open, clock: ManualClock) -> None:
    store = open_store(retention_ms=1000)
    group = store.group("a")
    labels = [Labels({"__name__": name, "i": str(i)}) for name, count in (("x", 3), ("y", 5)) for i in range(count)]
    group.append(clock.ms, group.register(labels), np.ones(8))
    found = store.churn(10)
    assert (found.created, found.dropped) == ([("y", 5), ("x", 3)], [])
    assert store.churn(1).created == [("y", 5)]
    clock.ms += PERIOD_MS
    for _ in range(2):
        # A series is spared once.
        store.truncate(clock.ms)
    found = store.churn(10)
    assert (found.created, found.dropped) == ([("y", 5), ("x", 3)], [("y", 5), ("x", 3)])
    clock.ms += PERIOD_MS
    assert (store.churn(10).created, store.churn(10).dropped) == ([], [("y", 5), ("x", 3)])
    clock.ms += 5 * PERIOD_MS
    assert store.churn(10).dropped == []
