"""The hive's queue: bounded, most urgent first, first come first served within a priority."""

import asyncio
import heapq
import itertools
from collections.abc import Callable

from agent_hive.work import PRIORITIES, Task


class QueueFull(Exception):
    """There is no room; the caller should come back later."""


class TaskQueue:
    """A heap of at most `capacity` tasks; `clock` is monotonic seconds, as `Task.submitted` is."""

    def __init__(self, capacity: int, clock: Callable[[], float]) -> None:
        self.capacity = capacity
        self._clock = clock
        self._heap: list[tuple[int, int, Task]] = []
        self._order = itertools.count()
        self._arrived = asyncio.Condition()

    def __len__(self) -> int:
        return len(self._heap)

    async def put(self, task: Task) -> None:
        """Queue the task, or raise QueueFull."""
        if len(self._heap) >= self.capacity:
            raise QueueFull(f"{self.capacity} tasks are waiting already")
        rank = PRIORITIES.index(task.submission.priority)
        async with self._arrived:
            heapq.heappush(self._heap, (rank, next(self._order), task))
            self._arrived.notify()

    async def get(self) -> Task:
        """The most urgent task; waits for one."""
        async with self._arrived:
            while not self._heap:
                await self._arrived.wait()
            return heapq.heappop(self._heap)[2]

    def oldest_seconds(self) -> float:
        """How long the longest-waiting task has waited; 0 when none waits."""
        if not self._heap:
            return 0.0
        return max(self._clock() - min(task.submitted for _, _, task in self._heap), 0.0)
