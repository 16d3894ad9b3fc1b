"""Requests to services outside the hive, by status code."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Final

from hivesight_sdk import metrics
from hivesight_sdk.batches import record_batched
from hivesight_sdk.errors import count_error, error_status, http_status, is_cancellation, is_timeout
from hivesight_sdk.exemplars import Duration, observe_all, with_exemplar
from hivesight_sdk.recording import label, series
from hivesight_sdk.semconv import span_attributes as names
from hivesight_sdk.spans import MAX_SPAN_STARTS, Attributes, SpanStart, Value
from hivesight_sdk.trackers.tracking import Measurement, Tracker

_HTTP_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"))


class ApiCall(Measurement):
    """One request to an external service. Set `status_code` when the response is there."""

    __slots__ = ("_method", "_service", "status_code")

    def __init__(self, service: str, method: str) -> None:
        self._service = service
        self._method = method
        self.status_code: int | str | None = None

    def span_start(self) -> SpanStart:
        return _api_span(self._service, self._method)

    def span_attributes(self) -> Attributes:
        status = self.status_code
        if not isinstance(status, int):
            return {}
        return {names.HTTP_STATUS: status} | ({names.ERROR_TYPE: str(status)} if status >= 400 else {})

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        status_code = self.status_code
        if status_code is None and error is not None:
            status_code = _error_status(error)
        elif status_code is None:
            status_code = 200 if result is None else http_status(result) or 200
        self.status_code = status_code
        labels = (self._service, self._method, label(status_code))
        record_batched(_count_requests, labels, with_exemplar(seconds, self._span))
        if error is not None:
            count_error("external_api", error)


def _count_requests(labels: tuple[str, str, str], durations: list[Duration]) -> None:
    service, method, _ = labels
    series(metrics.EXTERNAL_API_REQUESTS, *labels).inc(len(durations))
    observe_all(series(metrics.EXTERNAL_API_DURATION, service, method), durations)


def _error_status(error: BaseException) -> int | str:
    status = error_status(error)
    if status is not None:
        return status
    if is_cancellation(error):
        return "cancelled"
    return "timeout" if is_timeout(error) else "error"


@lru_cache(MAX_SPAN_STARTS)
def _api_span(service: str, method: str) -> SpanStart:
    verb = label(method)
    attributes: dict[str, Value] = {names.PEER_SERVICE: label(service)}
    if verb in _HTTP_METHODS:
        attributes[names.HTTP_METHOD] = verb
    return SpanStart(f"{verb} {label(service)}", attributes, calls_out=True)


def track_external_api(service: str, method: str) -> Tracker[ApiCall]:
    """Count and time a request to an external service, by status code.

    The code is what the block sets as `.status_code`; else that of a decorated function's response; else 200. After an
    exception it is the code the exception carries, or "timeout", "cancelled" or "error". `method` is the operation
    ("POST", "chat.completions"), never a URL with ids in it.
    """
    return Tracker(partial(ApiCall, label(service), label(method)))
