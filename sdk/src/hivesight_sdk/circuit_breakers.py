"""The state of circuit breakers, as whatever library breaks the circuit reports it."""

from __future__ import annotations

from enum import Enum
from typing import Final, cast

from hivesight_sdk import metrics
from hivesight_sdk.recording import MAX_LABEL_LENGTH, drop, record, series
from hivesight_sdk.semconv import CIRCUIT_BREAKER_STATES

# Bounded by the label sets that `series` admits.
_states: Final[dict[str, str]] = {}


def record_circuit_breaker(breaker: str, state: str) -> None:
    """Set the state of a circuit breaker now: "closed", "open" or "half_open" ("half-open" and upper case are taken).

    Counts a transition where the state is another than the last one; a breaker is taken to have begun closed.
    """
    record(lambda: _set(breaker, state))


def _set(breaker: str, given: object) -> None:
    text = str(cast("object", given.value) if isinstance(given, Enum) else given)
    state = text.lower().replace("-", "_")
    if state not in CIRCUIT_BREAKER_STATES:
        drop("invalid_value", f"a circuit breaker's state must be one of {', '.join(CIRCUIT_BREAKER_STATES)}")
        return
    for each in CIRCUIT_BREAKER_STATES:
        series(metrics.CIRCUIT_BREAKER_STATE, breaker, each).set(each == state)
    name = str(breaker)[:MAX_LABEL_LENGTH]
    before = _states.get(name, "closed")
    _states[name] = state
    if before != state:
        series(metrics.CIRCUIT_BREAKER_TRANSITIONS, breaker, before, state).inc()
