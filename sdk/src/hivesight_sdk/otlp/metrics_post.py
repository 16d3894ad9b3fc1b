"""A registry's metrics to a server, once: collected, encoded, and posted until a deadline has passed."""

from __future__ import annotations

import gzip
import logging
import time
from itertools import islice
from typing import TYPE_CHECKING, Final

from hivesight_sdk import metrics
from hivesight_sdk.otlp import metrics_json
from hivesight_sdk.otlp.delivery import NO_ANSWER, NOT_HTTP, Answer, Verdict, judge, rejected
from hivesight_sdk.recording import collect_exclusively, drop, record, series

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client import CollectorRegistry, Metric

    from hivesight_sdk.otlp.delivery import Connection
    from hivesight_sdk.otlp.destination import Destination

MAX_POINTS: Final = 50_000

_RETRY_PAUSE_SECONDS: Final = 1.0
_log = logging.getLogger("hivesight_sdk.otlp")


def post_registry(
    connection: Connection,
    to: Destination,
    registry: CollectorRegistry,
    resource: Mapping[str, object],
    deadline: float,
    reason: str,
) -> Verdict:
    """Post what `registry` holds now as OTLP, until `deadline` (monotonic): TAKEN if all of it was, else what the last
    answer that was another meant.

    What is not taken is counted under `reason`, point by point.
    """
    families: list[Metric] = []
    collected: list[bool] = []

    def collect() -> None:
        families.extend(registry.collect())
        collected.append(True)

    collect_exclusively(collect)
    if not collected:
        drop(reason, "metrics are not sent, as they cannot be collected", logger=_log)
        return Verdict.REFUSED
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", **to.headers}
    points = metrics_json.points(families, time.time_ns())
    verdict = Verdict.TAKEN
    for request in metrics_json.requests(islice(points, MAX_POINTS), resource):
        body = gzip.compress(request.body, compresslevel=5)
        answer = post(connection, body, headers, deadline)
        not_taken = lost(to, answer, reason, request.points)
        record(_tell_exported, request.points - not_taken)
        if not_taken:
            verdict = Verdict.REFUSED if judge(answer) is Verdict.TAKEN else judge(answer)
    beyond = sum(1 for _ in points)
    if beyond:
        drop(reason, f"{MAX_POINTS} series are sent at a time, the others are dropped", amount=beyond, logger=_log)
    return Verdict.REFUSED if beyond and verdict is Verdict.TAKEN else verdict


def post(connection: Connection, body: bytes, headers: Mapping[str, str], deadline: float) -> Answer:
    """As `Connection.post`, and again after a second where the server says that it takes nothing now."""
    while True:
        answer = connection.post(body, headers, max(0.01, deadline - time.monotonic()))
        busy = judge(answer) is Verdict.LATER and answer.status != NO_ANSWER
        pause = max(_RETRY_PAUSE_SECONDS, answer.retry_after_seconds)
        if not busy or time.monotonic() + pause >= deadline:
            return answer
        time.sleep(pause)


def lost(to: Destination, answer: Answer, reason: str, points: int = 1) -> int:
    """How many of `points` were not taken. Counts and tells them: at level INFO where nobody answered."""
    level, why = logging.WARNING, f"refused by {to.shown} with status {answer.status}: {answer.text[:200]!r}"
    if answer.status == NO_ANSWER:
        level, why = logging.INFO, f"not taken by {to.shown}: {answer.text[:200]}"
    elif answer.status == NOT_HTTP:
        why = f"not taken by {to.shown}, which does not speak HTTP: {answer.text[:200]}"
    elif judge(answer) is Verdict.TAKEN:
        points, told = rejected(answer)
        why = f"not all stored by {to.shown}: {told[:200]!r}"
    if points:
        drop(reason, f"metrics were {why}", amount=points, level=level, logger=_log)
    return points


def _tell_exported(points: int) -> None:
    series(metrics.SDK_EXPORTED, "metrics").inc(points)
