"""When a group is due: on slots of its own, so that groups do not all run at once. Pure."""

from dataclasses import dataclass

from hivesight.model.labels import Labels


@dataclass(frozen=True, slots=True)
class Turn:
    """One evaluation: its time, and how many slots before it were missed."""

    at_ms: int
    missed: int = 0


def offset_ms(file: str, name: str, interval_ms: int) -> int:
    """Where between two multiples of the interval a group's slots are: by a hash of its file and name."""
    return int(Labels({"file": file, "name": name}).fingerprint(), 16) % interval_ms


def first_slot(offset: int, interval_ms: int, now_ms: int) -> int:
    """The first slot after now."""
    return now_ms - (now_ms - offset) % interval_ms + interval_ms


def due(planned_ms: int, interval_ms: int, now_ms: int) -> Turn | None:
    """The turn to take now, or None before the planned slot. A group that is late takes the newest slot that has
    begun; those before it are missed."""
    if now_ms < planned_ms:
        return None
    missed = (now_ms - planned_ms) // interval_ms
    return Turn(planned_ms + missed * interval_ms, missed)


def next_slot(evaluated_ms: int, offset: int, interval_ms: int, now_ms: int) -> int:
    """The slot after an evaluation; after a clock that was set back by more than an interval, the first after now."""
    planned = evaluated_ms + interval_ms
    return planned if planned - now_ms <= 2 * interval_ms else first_slot(offset, interval_ms, now_ms)
