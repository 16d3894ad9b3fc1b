"""Tasks that go from one agent to another."""

from __future__ import annotations

from functools import lru_cache, partial

from hivesight_sdk import metrics
from hivesight_sdk.batches import record_batched
from hivesight_sdk.errors import count_error
from hivesight_sdk.recording import label, series
from hivesight_sdk.semconv import span_attributes as names
from hivesight_sdk.spans import MAX_SPAN_STARTS, SpanStart
from hivesight_sdk.trackers.tracking import Measurement, Tracker


class Handoff(Measurement):
    """A task that goes from one agent type to another: counted when it begins, with a span until it is handed over."""

    __slots__ = ("_from", "_to")

    def __init__(self, from_agent: str, to_agent: str) -> None:
        self._from = from_agent
        self._to = to_agent

    def begin(self) -> None:
        super().begin()
        record_handoff(self._from, self._to)

    def span_start(self) -> SpanStart:
        return _handoff_span(self._from, self._to)

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        if error is not None:
            count_error("handoff", error)


@lru_cache(MAX_SPAN_STARTS)
def _handoff_span(from_agent: str, to_agent: str) -> SpanStart:
    receiver = label(to_agent)
    return SpanStart(f"handoff {receiver}", {names.HANDOFF_FROM: label(from_agent), names.HANDOFF_TO: receiver})


def handoff(from_agent: str, to_agent: str) -> Tracker[Handoff]:
    """Count a task that one agent type hands to another, around the code that hands it over; see `record_handoff` for
    one that is over. As a span it is `handoff {to_agent}`."""
    return Tracker(partial(Handoff, from_agent, to_agent))


def record_handoff(from_agent: str, to_agent: str) -> None:
    """Count a task that one agent type handed to another."""
    record_batched(_count_handoffs, (label(from_agent), label(to_agent)), None)


def _count_handoffs(labels: tuple[str, str], handoffs: list[None]) -> None:
    series(metrics.HANDOFFS, *labels).inc(len(handoffs))
