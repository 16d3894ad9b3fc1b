"""`job`: a batch or command-line run, measured, and its metrics pushed when it ends."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from hivesight_sdk import metrics, semconv
from hivesight_sdk.configuration import service_name as configured_name
from hivesight_sdk.errors import is_cancellation
from hivesight_sdk.push.pushing import DEFAULT_TIMEOUT_SECONDS, push_metrics
from hivesight_sdk.recording import record, series
from hivesight_sdk.trackers.tracking import Measurement, Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prometheus_client import CollectorRegistry


class JobRun(Measurement):
    """One run of a job: sets its gauges, then pushes. A child that was forked in the block does neither."""

    __slots__ = ("_name", "_pid", "_push", "status")

    def __init__(self, name: str, push: Callable[[], object]) -> None:
        super().__init__()
        self._name = name
        self._push = push
        self._pid = os.getpid()
        self.status: str | None = None
        """Set it to "error" for a run that failed without an exception; otherwise the way the block ends says it."""

    def finish(self, error: BaseException | None, result: object = None) -> None:
        """Record the run and push the metrics."""
        if self._pid == os.getpid():
            super().finish(error, result)
            self._push()

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        status = self.status or "completed" if error is None else _status(error)
        if status not in semconv.TASK_STATUSES:
            raise ValueError(f"job status {status!r} is none of {', '.join(semconv.TASK_STATUSES)}")
        record(self._set, status, seconds)

    def _set(self, status: str, seconds: float) -> None:
        now = time.time()
        series(metrics.JOB_LAST_RUN, self._name).set(now)
        series(metrics.JOB_DURATION, self._name).set(seconds)
        for each in semconv.TASK_STATUSES:
            series(metrics.JOB_STATUS, self._name, each).set(each == status)
        if status == "completed":
            series(metrics.JOB_LAST_SUCCESS, self._name).set(now)


def _status(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return "error" if error.code else "completed"
    return "cancelled" if is_cancellation(error) else "error"


def job(
    name: str,
    *,
    endpoint: str | None = None,
    pushgateway: str | None = None,
    service_name: str | None = None,
    instance: str | None = None,
    headers: Mapping[str, str] | None = None,
    registry: CollectorRegistry = metrics.REGISTRY,
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
) -> Tracker[JobRun]:
    """A `with` block or decorator around a batch or command-line run, `name` being the same at every run.

    At its end `agent_hive_job_*` says when it ran, how long and how it ended, and all metrics are pushed as by
    `push_metrics`, which takes the other arguments; the service's name is the job's where none is configured.
    Exceptions and exit codes pass unchanged: `SystemExit` with a code other than 0 is an "error".
    """

    def push() -> bool:
        return push_metrics(
            endpoint=endpoint,
            pushgateway=pushgateway,
            service_name=service_name or configured_name(default=name),
            instance=instance,
            headers=headers,
            registry=registry,
            timeout_seconds=timeout_seconds,
        )

    return Tracker(lambda: JobRun(name, push))
