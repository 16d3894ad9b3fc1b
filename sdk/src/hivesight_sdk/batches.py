"""Recordings of trackers, which wait in a queue and are folded into the metrics many at a time.

A call leaves one entry behind and takes no lock for it, so that threads do not wait for each other, and a finaliser or
signal handler may record at any time. Updates of the same series are then made together. Nobody sees that something
waits: `families` has it folded in before anyone reads them, and a scrape before it begins.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hivesight_sdk import families, metrics, multiprocess
from hivesight_sdk.recording import drop, drop_failed, inside_recording, record, series

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from prometheus_client import Gauge

KeyT = TypeVar("KeyT", bound="Hashable")
PointT = TypeVar("PointT")

MAX_WAITING: Final = 1_000
"""Recordings of a kind that wait at most, where one thread makes them all while it may not touch a metric."""

# Files of the multi-process mode are read by others, and families of the host's own making are not brought up to date
# when they are read: nothing may wait for either.
_IMMEDIATELY: Final = multiprocess.enabled() or not all(isinstance(each, families.UpToDate) for each in metrics.ALL)
# Larger ones save nothing more, and whoever fills one waits for all of it: less than 0.3 ms.
_SIZE: Final = 200

_waiting: deque[tuple[Callable[[Any, list[Any]], object], Any, Any]] = deque()
_latest: dict[tuple[Gauge, str], float] = {}


def record_batched(fold: Callable[[KeyT, list[PointT]], object], key: KeyT, point: PointT) -> None:
    """Have `fold(key, points)` run soon, with this and all other points of the same key that wait by then, in order.

    Never raises an Exception, and takes no lock unless it fills the batch; `fold` runs as by `record`.
    """
    if _IMMEDIATELY:
        record(fold, key, [point])
    elif len(_waiting) < MAX_WAITING:
        _waiting.append((fold, key, point))
        if len(_waiting) >= _SIZE:
            flush()
    else:
        _refuse()


def record_now(gauges: tuple[Gauge, ...], label: str) -> None:
    """Have the child `label` of each of `gauges` set to the time it is now, in seconds since 1970.

    Never raises an Exception, and takes no lock unless very many wait. What waits is the latest time alone.
    """
    now = time.time()
    if _IMMEDIATELY:
        record(_set, gauges, label, now)
    elif len(_latest) < MAX_WAITING:
        for gauge in gauges:
            _latest[gauge, label] = now
        if len(_latest) >= _SIZE:
            flush()
    else:
        _refuse()


def flush() -> None:
    """Fold in what waits, except inside of a recording or scrape, where the metrics' locks may be taken."""
    if (_waiting or _latest) and not inside_recording():
        record(_fold_waiting)


def _set(gauges: tuple[Gauge, ...], label: str, value: float) -> None:
    for gauge in gauges:
        series(gauge, label).set(value)


def _refuse() -> None:
    drop("too_many_pending", "too many recordings by finalisers or signal handlers at once")


def _fold_waiting() -> None:
    for _ in range(len(_latest)):
        (gauge, label), value = _latest.popitem()
        try:
            _set((gauge,), label, value)
        except Exception as error:  # noqa: BLE001  one series that fails must not take the others with it
            drop_failed(error)
    batches: defaultdict[tuple[Callable[[Any, list[Any]], object], Any], list[Any]] = defaultdict(list)
    try:
        for _ in range(len(_waiting)):
            fold, key, point = _waiting.popleft()
            batches[fold, key].append(point)
        while batches:
            (fold, key), points = batches.popitem()
            try:
                fold(key, points)
            except Exception as error:  # noqa: BLE001  one batch that fails must not take the others with it
                drop_failed(error, len(points))
    finally:
        # Left over only where a signal handler raised: what stops the program stops no count.
        _waiting.extend((fold, key, point) for (fold, key), points in batches.items() for point in points)


families.bring_up_to_date = flush
