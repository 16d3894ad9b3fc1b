"""Calls that would hold up the event loop, made beside it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

T = TypeVar("T")


class OffLoop:
    """Awaits a call in the executor. Who is cancelled waits for its end all the same: what it works on may be closed
    afterwards."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def __call__(self, call: Callable[[], T]) -> T:
        running = asyncio.get_running_loop().run_in_executor(self._executor, call)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise
