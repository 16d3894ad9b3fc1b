"""`push_metrics`: a registry's metrics to Hivesight or a Pushgateway, now, within a deadline, whoever answers."""

from __future__ import annotations

import gzip
import json
import logging
import math
import os
import threading
import time
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast

from hivesight_sdk.configuration import service_name as configured_name
from hivesight_sdk.exposition import render
from hivesight_sdk.metrics import REGISTRY
from hivesight_sdk.push import otlp_json
from hivesight_sdk.push.delivery import Answer, post
from hivesight_sdk.push.destination import Destination, destination, grouped
from hivesight_sdk.recording import collect_exclusively, drop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client import CollectorRegistry, Metric

DEFAULT_TIMEOUT_SECONDS: Final = 5.0
MAX_TIMEOUT_SECONDS: Final = 60.0
MAX_POINTS: Final = 50_000

_RETRY_PAUSE_SECONDS: Final = 1.0
_RETRYABLE: Final = (429, 502, 503, 504)  # OTLP 1.x, "OTLP/HTTP Response"


def push_metrics(
    *,
    endpoint: str | None = None,
    pushgateway: str | None = None,
    service_name: str | None = None,
    instance: str | None = None,
    headers: Mapping[str, str] | None = None,
    registry: CollectorRegistry = REGISTRY,
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
) -> bool:
    """Push all metrics of `registry`; whether all were taken. Never raises, and returns within `timeout_seconds`.

    `endpoint` is Hivesight's base URL (or a whole OTLP URL that ends in /v1/metrics) and gets OTLP in JSON;
    `pushgateway` a Pushgateway's, and gets text. An argument wins over HIVESIGHT_ENDPOINT, that over
    HIVESIGHT_PUSHGATEWAY, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT and OTEL_EXPORTER_OTLP_ENDPOINT; without any it is
    Hivesight on this host. The series carry `service_name` (that of `configure`) as `job`, and `instance` where given.
    What is not taken is counted; that nobody answers is logged at level INFO, a refusal as a warning.
    """
    try:
        to = destination(endpoint, pushgateway, headers, os.environ)
        seconds = _seconds(timeout_seconds)
        name = service_name or configured_name()
    except (ValueError, TypeError, AttributeError) as error:
        drop("push_failed", f"metrics are not pushed: {error}")
        return False
    deadline = time.monotonic() + seconds
    outcome: list[bool] = []

    def work() -> None:
        try:
            outcome.append(_push(to, name, instance, registry, deadline))
        except Exception as error:  # noqa: BLE001  labels, headers and collectors are the host's; counted
            drop("push_failed", f"metrics cannot be pushed: {type(error).__name__}: {error}", error)
            outcome.append(False)

    # A thread of its own, as resolving a name or a collector that hangs cannot be bounded in any other way.
    thread = threading.Thread(target=work, name="hivesight-push", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        drop("push_failed", f"metrics cannot be pushed: {error}")
        return False
    thread.join(seconds)
    if not outcome:
        drop("push_failed", f"metrics were not taken by {to.shown} within {seconds:g} s", level=logging.INFO)
    return outcome == [True]


def _seconds(timeout_seconds: float) -> float:
    seconds = float(timeout_seconds)
    if not math.isfinite(seconds) or seconds <= 0:
        raise ValueError("timeout_seconds must be more than 0")
    return min(seconds, MAX_TIMEOUT_SECONDS)


def _push(to: Destination, name: str, instance: str | None, registry: CollectorRegistry, deadline: float) -> bool:
    if to.speaks == "pushgateway":
        page = render(registry)
        if page.status != 200:
            drop("push_failed", "metrics are not pushed, as they cannot be collected")
            return False
        headers = {**dict(page.headers), **to.headers}
        return _taken(to, _post(grouped(to.url, name, instance), page.body, headers, deadline))
    families: list[Metric] = []
    collected: list[bool] = []

    def collect() -> None:
        families.extend(registry.collect())
        collected.append(True)

    collect_exclusively(collect)
    if not collected:
        drop("push_failed", "metrics are not pushed, as they cannot be collected")
        return False
    resource = {"service.name": name} | ({} if instance is None else {"service.instance.id": instance})
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", **to.headers}
    points = otlp_json.points(families, time.time_ns())
    taken = [
        _taken(to, _post(to.url, gzip.compress(body, compresslevel=5), headers, deadline))
        for body in otlp_json.requests(islice(points, MAX_POINTS), resource)
    ]
    beyond = sum(1 for _ in points)
    if beyond:
        drop("push_failed", f"a push takes {MAX_POINTS} series, the others are dropped", amount=beyond)
    return all(taken) and not beyond


def _post(url: str, body: bytes, headers: Mapping[str, str], deadline: float) -> Answer:
    """As `post`, and again after a second where the server says that it takes nothing now, until the deadline."""
    while True:
        answer = post(url, body, headers, max(0.01, deadline - time.monotonic()))
        if answer.status not in _RETRYABLE or time.monotonic() + _RETRY_PAUSE_SECONDS >= deadline:
            return answer
        time.sleep(_RETRY_PAUSE_SECONDS)


def _taken(to: Destination, answer: Answer) -> bool:
    if answer.status == 0:
        drop("push_failed", f"metrics were not taken by {to.shown}: {answer.text[:200]}", level=logging.INFO)
        return False
    if not 200 <= answer.status < 300:
        drop("push_failed", f"metrics were refused by {to.shown} with status {answer.status}: {answer.text[:200]!r}")
        return False
    rejected, why = _partial_success(answer.text) if to.speaks == "otlp" else (0, "")
    if rejected:
        drop("push_failed", f"{to.shown} did not store all metrics: {why[:200]!r}", amount=rejected)
    return not rejected


def _partial_success(text: str) -> tuple[int, str]:
    """Points that were rejected and why (opentelemetry-proto, ExportMetricsPartialSuccess)."""
    try:
        document = cast("dict[str, Any]", json.loads(text or "{}"))
        told = cast("dict[str, Any]", document.get("partialSuccess") or {})
        return max(0, int(told.get("rejectedDataPoints") or 0)), str(told.get("errorMessage") or "")
    except (ValueError, TypeError, AttributeError, RecursionError):  # not what OTLP answers: nothing is known
        return 0, ""
