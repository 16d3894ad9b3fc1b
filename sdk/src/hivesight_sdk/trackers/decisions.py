"""Decisions and how sure they were, and how right a model that learns has been."""

from __future__ import annotations

import math
from typing import Any, Final

from hivesight_sdk import metrics
from hivesight_sdk.recording import drop, record, series
from hivesight_sdk.semconv import span_attributes as names
from hivesight_sdk.spans import Attributes, SpanStart
from hivesight_sdk.trackers.tracking import Measurement, Tracker

_DECISION_SPAN: Final = SpanStart("decision", {})


class DecisionMeasurement(Measurement):
    """One decision: set `confidence` (0 to 1) before the block ends. A block that raises made no decision."""

    __slots__ = ("_observed", "confidence")

    def __init__(self) -> None:
        self.confidence: float | None = None
        self._observed: float | None = None

    def span_start(self) -> SpanStart:
        return _DECISION_SPAN

    def span_attributes(self) -> Attributes:
        return {} if self._observed is None else {names.DECISION_CONFIDENCE: self._observed}

    def _record(self, seconds: float, error: BaseException | None, result: object) -> None:
        if error is None:
            given = getattr(result, "confidence", result) if self.confidence is None else self.confidence
            self._observed = _observe_confidence(given)


def track_decision() -> Tracker[DecisionMeasurement]:
    """Record the confidence of a decision: of a decorated function that returns it (a number, or an object with
    `.confidence`), or of a `with` block that sets `.confidence` on the `with` value."""
    return Tracker(DecisionMeasurement)


def record_decision(confidence: float) -> None:
    """Observe one decision's confidence. Anything but a number from 0 to 1 is dropped and counted."""
    _observe_confidence(confidence)


def _observe_confidence(confidence: Any) -> float | None:
    number = _number(confidence)
    if 0.0 <= number <= 1.0:
        record(metrics.DECISION_CONFIDENCE.observe, number)
        return number
    kind = type(confidence).__name__
    drop("invalid_value", f"a decision's confidence must be a number from 0 to 1, not {number:g} ({kind})")
    return None


def _number(given: Any) -> float:
    try:
        return math.nan if isinstance(given, (bool, str, bytes)) else float(given)
    except Exception:  # noqa: BLE001  a number of the host's own making may raise anything
        return math.nan


def record_learning_accuracy(model_type: str, percent: float) -> None:
    """Set how often a model of this type was right when it was last evaluated, in percent. Anything but a number from
    0 to 100 is dropped and counted."""
    number = _number(percent)
    if 0.0 <= number <= 100.0:
        record(lambda: series(metrics.LEARNING_ACCURACY, model_type).set(number))
    else:
        drop("invalid_value", f"a model's accuracy must be a number from 0 to 100, not {number:g}")
