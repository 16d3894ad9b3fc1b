"""`push_metrics`: a registry's metrics to Hivesight or a Pushgateway, now, within a deadline, whoever answers."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Final

from hivesight_sdk.configuration import service_name as configured_name
from hivesight_sdk.exposition import render
from hivesight_sdk.metrics import REGISTRY
from hivesight_sdk.otlp.delivery import Connection, Verdict
from hivesight_sdk.otlp.metrics_post import lost, post, post_registry
from hivesight_sdk.push.target import Target, grouped, target
from hivesight_sdk.recording import drop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client import CollectorRegistry

DEFAULT_TIMEOUT_SECONDS: Final = 5.0
MAX_TIMEOUT_SECONDS: Final = 60.0


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
    Hivesight on this host, and with OTEL_SDK_DISABLED nobody. The series carry `service_name` (that of `configure`) as
    `job`, and `instance` where given. What is not taken is counted; that nobody answers is logged at level INFO, a
    refusal as a warning.
    """
    try:
        to = target(endpoint, pushgateway, headers, os.environ)
        seconds = _seconds(timeout_seconds)
        name = service_name or configured_name()
    except (ValueError, TypeError, AttributeError) as error:
        drop("push_failed", f"metrics are not pushed: {error}")
        return False
    if to is None:
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
        drop("push_failed", f"metrics were not taken by {to.to.shown} within {seconds:g} s", level=logging.INFO)
    return outcome == [True]


def _seconds(timeout_seconds: float) -> float:
    seconds = float(timeout_seconds)
    if not math.isfinite(seconds) or seconds <= 0:
        raise ValueError("timeout_seconds must be more than 0")
    return min(seconds, MAX_TIMEOUT_SECONDS)


def _push(target: Target, name: str, instance: str | None, registry: CollectorRegistry, deadline: float) -> bool:
    to = target.to
    if target.speaks == "otlp":
        resource = {"service.name": name} | ({} if instance is None else {"service.instance.id": instance})
        with closing(Connection(to.url)) as connection:
            verdict = post_registry(connection, to, registry, resource, deadline, "push_failed")
        return verdict is Verdict.TAKEN
    page = render(registry)
    if page.status != 200:
        drop("push_failed", "metrics are not pushed, as they cannot be collected")
        return False
    with closing(Connection(grouped(to.url, name, instance))) as connection:
        answer = post(connection, page.body, {**dict(page.headers), **to.headers}, deadline)
    return not lost(to, answer, "push_failed")
