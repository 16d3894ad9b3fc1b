"""How every recording is made: never raising into the host, never hanging it, bounded, and safe across fork.

`record` runs a small action on the metrics; what goes wrong in it is counted in `agent_hive_sdk_dropped_total`,
logged the first time, and swallowed. Everything in the SDK that touches a metric goes through here; what trackers
record at every call does so in `batches`.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVarTuple, cast

from hivesight_sdk import families
from hivesight_sdk.metrics import SDK_DROPPED

if TYPE_CHECKING:
    from collections.abc import Callable

    from hivesight_sdk.metrics import Metric, MetricT

Ts = TypeVarTuple("Ts")

MAX_SERIES_PER_METRIC: Final = 1_000
"""Label sets the SDK itself creates per family in one process; further ones are dropped and counted."""

MAX_LABEL_LENGTH: Final = 200
"""Characters of a label value; the rest is cut off."""

_MAX_KEPT: Final = 1_000
_MAX_LOGGED_PER_REASON: Final = 5
_FORK_WAIT_SECONDS: Final = 1.0

_log = logging.getLogger("hivesight_sdk")


class TooManySeriesError(Exception):
    """A family reached `MAX_SERIES_PER_METRIC`: use label values with fewer distinct values."""


class _ThreadState(threading.local):
    busy: bool = False
    held: tuple[threading.RLock, ...] = ()


_thread = _ThreadState()
_kept: deque[Callable[[], None]] = deque()
_known: dict[Metric, set[tuple[str, ...]]] = {}
_logged: dict[str, set[str]] = {}
# Held while the SDK is inside prometheus_client's locks, so that a fork never copies one of those locks locked.
# Scrapes have a gate of their own: a user's slow collector must not hold up recordings.
_record_gate = threading.RLock()
_scrape_gate = threading.RLock()


def record(action: Callable[[*Ts], object], *args: *Ts) -> None:
    """Run `action`, which may touch metrics, with its arguments. Never raises an Exception.

    A finaliser or a signal handler may call this on a thread that is already inside a metric's lock; its action is
    then kept and run when the outer call is done, because taking that lock again would hang the host.
    """
    if _thread.busy:
        _keep(partial(record, action, *args))
    else:
        _run_exclusively(_record_gate, action, args)


def inside_recording() -> bool:
    """Whether this thread is in a recording or a scrape, so that it may be inside a metric's lock."""
    return _thread.busy


def record_later(action: Callable[[], object]) -> None:
    """Have `action` run as by `record`, but with the recording or scrape that comes next. Takes no lock, so that a
    caller may hold one that other threads wait for inside of a recording, such as a log handler's."""
    _keep(partial(record, action))


def collect_exclusively(action: Callable[[], object]) -> None:
    """Run a scrape, which reads every metric. Never raises an Exception; `action` keeps its own result."""
    if not _thread.busy:
        _run_kept()
        families.bring_up_to_date()  # before it begins, so that all families are of the same moment
    _run_exclusively(_scrape_gate, action, ())


def drop(
    reason: str,
    message: str,
    error: BaseException | None = None,
    *,
    amount: int = 1,
    level: int = logging.WARNING,
    logger: logging.Logger = _log,
) -> None:
    """Count something that is not recorded, and log it the first time (and at most five messages per reason).

    `reason` is one of `semconv.DROP_REASONS`, `message` says what to do about it, `amount` how many it is that were
    dropped. Never raises an Exception.
    """
    if _thread.busy:
        _keep(partial(drop, reason, message, error, amount=amount, level=level, logger=logger))
        return
    _count(reason, amount)
    logged = _logged.setdefault(reason, set())
    if message not in logged and len(logged) < _MAX_LOGGED_PER_REASON:
        logged.add(message)
        logger.log(
            level,
            "%s (further ones are only counted, in agent_hive_sdk_dropped_total{reason=%r})",
            message,
            reason,
            exc_info=error,
        )


def drop_failed(error: Exception, amount: int = 1) -> None:
    """Count `amount` recordings that `error` ended, and log it the first time. Never raises an Exception."""
    if isinstance(error, TooManySeriesError):
        drop("too_many_series", str(error), amount=amount)
    else:
        drop("recording_failed", f"a recording failed and is dropped: {type(error).__name__}", error, amount=amount)


def series(metric: MetricT, *label_values: object) -> MetricT:
    """The child of `metric` with these label values in order, or `metric` itself without any.

    Raises TooManySeriesError when the family is full; call it inside `record`.
    """
    if not label_values:
        return metric
    family: Any = metric
    try:
        # prometheus_client's own table of children: quicker than `labels`, and it knows of children that were removed.
        return family._metrics[label_values]
    except (AttributeError, KeyError, TypeError):  # not there yet, or a value that cannot be hashed
        pass
    values = tuple(_text(value) for value in label_values)
    known = _known.setdefault(metric, set())
    if values not in known and len(known) >= MAX_SERIES_PER_METRIC:
        raise TooManySeriesError(
            f"{metric} has {MAX_SERIES_PER_METRIC} label sets already, {values} is dropped: "
            "label values must come from a small set, a type and never an id"
        )
    child = metric.labels(*values)
    known.add(values)
    return child


def label(value: object) -> str:
    """`value` as a label's value: text of at most `MAX_LABEL_LENGTH` characters that can be written. Never raises."""
    if type(value) is str and len(value) <= MAX_LABEL_LENGTH and value.isascii():
        return value
    try:
        return _text(value)
    except Exception as error:  # noqa: BLE001  an object of the host's own making
        drop("invalid_value", f"a label's value cannot be made text of: {type(value).__name__}", error)
        return type(value).__name__


def _text(value: object) -> str:
    text = str(cast("object", value.value) if isinstance(value, Enum) else value)[:MAX_LABEL_LENGTH]
    # A lone surrogate (from os.fsdecode, say) cannot be written as UTF-8 and would break every scrape.
    return text.encode("utf-8", "replace").decode("utf-8")


def _run_exclusively(gate: threading.RLock, action: Callable[[*Ts], object], args: tuple[*Ts]) -> None:
    failure: Exception | None = None
    state = _thread
    with gate:
        state.busy = True
        try:
            action(*args)
        except Exception as error:  # noqa: BLE001  the host must not feel it; counted and logged below
            failure = error
        finally:
            state.busy = False
    if failure is not None:
        drop_failed(failure)
    if _kept:
        _run_kept()


def _run_kept() -> None:
    while _kept:
        try:
            call = _kept.popleft()
        except IndexError:  # another thread was quicker
            return
        call()


def _count(reason: str, amount: int) -> None:
    with _record_gate:
        _thread.busy = True
        try:
            SDK_DROPPED.labels(reason).inc(amount)
        except Exception:  # noqa: BLE001  there is nothing left to count it with
            _log.debug("cannot count a drop", exc_info=True)
        finally:
            _thread.busy = False


def _keep(call: Callable[[], None]) -> None:
    if len(_kept) < _MAX_KEPT:
        _kept.append(call)
    elif len(_kept) == _MAX_KEPT:
        _kept.append(partial(drop, "too_many_pending", "too many recordings by finalisers or signal handlers at once"))


def _before_fork() -> None:
    # With a limit, because a fork must not hang on a user's collector that hangs.
    gates = (_scrape_gate, _record_gate)
    _thread.held = tuple(gate for gate in gates if gate.acquire(timeout=_FORK_WAIT_SECONDS))


def _after_fork_in_parent() -> None:
    for gate in _thread.held:
        gate.release()
    _thread.held = ()


def _after_fork_in_child() -> None:
    global _record_gate, _scrape_gate
    _record_gate = threading.RLock()
    _scrape_gate = threading.RLock()
    _thread.held = ()
    _thread.busy = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
