"""Group commit: many tasks that each want a little written share one write."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class GroupCommit(Generic[T]):
    """What tasks hand in while a write is under way goes into the next one, all of it at once. Belongs to the event
    loop; the writes run in a thread, one at a time, in the order in which things were handed in."""

    def __init__(self, write: Callable[[Sequence[T]], None]) -> None:
        self._write = write
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> None:
        """Returns when it is written. Raises what the write raised."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((item, written))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all(), name="group commit")
        await written

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                (failure,) = await asyncio.gather(
                    asyncio.to_thread(self._write, [item for item, _ in batch]), return_exceptions=True
                )
                # Who was cancelled meanwhile has gone.
                for written in [each for _, each in batch if not each.done()]:
                    if failure is None:
                        written.set_result(None)
                    else:
                        written.set_exception(failure)
        finally:
            self._writer = None
