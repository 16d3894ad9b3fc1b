"""Where work on the alerts of a flush is done: on the event loop while they are few, else in a thread."""

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

MOST_ON_LOOP: Final = 100
"""Alerts that are worked on between two turns of the event loop: a few milliseconds."""


async def compute(alerts: int, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """The result of `work`, which has to do with so many alerts. Raises what it raises."""
    if alerts <= MOST_ON_LOOP:
        return work(*args, **named)
    return await asyncio.to_thread(work, *args, **named)
