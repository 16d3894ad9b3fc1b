"""When groups are due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivesight.rules.schedule import Turn, due, first_slot, next_slot, offset_ms


def test_offset_is_stable_and_differs() -> None:
    offsets = {offset_ms("r.yml", f"group-{index}", 60_000) for index in range(50)}
    assert len(offsets) > 45
    assert all(0 <= offset < 60_000 for offset in offsets)
    assert offset_ms("r.yml", "a", 60_000) == offset_ms("r.yml", "a", 60_000)


@given(st.integers(0, 10**13), st.integers(1, 10**8), st.data())
def test_first_slot_is_the_next_aligned_one(now_ms: int, interval_ms: int, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, interval_ms - 1))
    slot = first_slot(offset, interval_ms, now_ms)
    assert now_ms < slot <= now_ms + interval_ms
    assert (slot - offset) % interval_ms == 0


@pytest.mark.parametrize(
    ("planned", "now", "turn"),
    [
        (1000, 999, None),
        (1000, 1000, Turn(1000)),
        (1000, 1099, Turn(1000)),
        (1000, 1100, Turn(1100, 1)),
        (1000, 1350, Turn(1300, 3)),
    ],
)
def test_due(planned: int, now: int, turn: Turn | None) -> None:
    assert due(planned, 100, now) == turn


def test_next_slot_survives_a_clock_set_back() -> None:
    assert next_slot(1000, 50, 100, 1010) == 1100
    assert next_slot(1000, 50, 100, 1500) == 1100
    assert next_slot(1050, 50, 100, 310) == 350
