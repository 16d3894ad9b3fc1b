"""The circuit breaker: when it lets calls through, and what it tells of itself."""

import asyncio
import contextlib

import pytest

import hivesight_sdk as hs
from agent_hive.breaker import FAILURES, PAUSE_SECONDS, TRIALS, CircuitBreaker, CircuitOpen


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def call(breaker: CircuitBreaker, outcome: str) -> str:
    """One call that ends well, fails or is cancelled; what came of it."""
    try:
        with breaker.guard():
            if outcome == "fail":
                raise ConnectionError
            if outcome == "cancel":
                raise asyncio.CancelledError
    except CircuitOpen:
        return "refused"
    except (ConnectionError, asyncio.CancelledError):
        return "made"
    return "made"


COURSES = [
    # what calls end in, one after the other ("-" is a pause); the state after them
    (["ok"] * 3, "closed"),
    (["fail"] * (FAILURES - 1), "closed"),
    ([*["fail"] * (FAILURES - 1), "ok", *["fail"] * (FAILURES - 1)], "closed"),
    ([*["fail"] * (FAILURES - 1), "cancel"], "closed"),
    (["fail"] * FAILURES, "open"),
    ([*["fail"] * FAILURES, "-", "ok"], "closed"),
    ([*["fail"] * FAILURES, "-", "cancel"], "half_open"),
    ([*["fail"] * FAILURES, "-", "fail"], "open"),
    ([*["fail"] * FAILURES, "-", "ok", "fail"], "closed"),
]


@pytest.mark.parametrize(("course", "state"), COURSES)
def test_states(course: list[str], state: str) -> None:
    clock = Clock()
    breaker = CircuitBreaker("x", clock)
    for step in course:
        if step == "-":
            clock.now += PAUSE_SECONDS
        else:
            assert call(breaker, step) == "made"
    assert breaker.state == state


def test_open_refuses_until_the_pause_is_over() -> None:
    clock = Clock()
    breaker = CircuitBreaker("x", clock)
    for _ in range(FAILURES):
        call(breaker, "fail")
    clock.now += PAUSE_SECONDS - 0.1
    assert call(breaker, "ok") == "refused"
    clock.now += 0.1
    assert call(breaker, "ok") == "made"


def test_half_open_lets_a_few_through_at_a_time() -> None:
    clock = Clock()
    breaker = CircuitBreaker("x", clock)
    for _ in range(FAILURES):
        call(breaker, "fail")
    clock.now += PAUSE_SECONDS
    with contextlib.ExitStack() as under_way:
        for _ in range(TRIALS):
            under_way.enter_context(breaker.guard())
        assert call(breaker, "ok") == "refused"
    assert breaker.state == "closed"


def test_a_failure_from_before_does_not_prolong_the_pause() -> None:
    clock = Clock()
    breaker = CircuitBreaker("x", clock)
    with pytest.raises(ConnectionError), breaker.guard():
        for _ in range(FAILURES):
            call(breaker, "fail")
        clock.now += PAUSE_SECONDS - 0.1
        raise ConnectionError
    clock.now += 0.1
    assert call(breaker, "ok") == "made"


def test_states_are_told() -> None:
    def told() -> dict[str, float]:
        samples = [s for family in hs.CIRCUIT_BREAKER_STATE.collect() for s in family.samples]
        return {s.labels["state"]: s.value for s in samples if s.labels["breaker"] == "told"}

    breaker = CircuitBreaker("told", Clock())
    assert told() == {"closed": 1, "open": 0, "half_open": 0}
    for _ in range(FAILURES):
        call(breaker, "fail")
    assert told() == {"closed": 0, "open": 1, "half_open": 0}
