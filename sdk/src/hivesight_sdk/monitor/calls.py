"""Calling what the host handed in, sync or async, from whatever thread, with a deadline for what is async."""

from __future__ import annotations

import asyncio
import inspect
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

ASYNC_SECONDS: Final = 5.0
"""How long an async function of the host may take; it is cancelled then."""


class Caller:
    """Calls functions for their result. An async one runs on `loop`, which the host owns and runs.

    Without a loop (or on the loop's own thread) an async function is run as far as it goes without waiting for
    anything; one that waits is closed, and that is an error.
    """

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self._pending: Future[object] | None = None
        self._cancelled = False

    def call(self, function: Callable[..., object], *arguments: object) -> object:
        """The result. Raises what the function raises, TimeoutError, or RuntimeError for want of an event loop."""
        result = function(*arguments)
        if not inspect.iscoroutine(result):
            return result
        coroutine = cast("Coroutine[object, None, object]", result)
        loop = self.loop
        if loop is None or not loop.is_running() or asyncio._get_running_loop() is not None:  # pyright: ignore[reportPrivateUsage]
            return _run_without_waiting(coroutine)
        self._cancelled = False
        self._pending = future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        if self._cancelled:  # while the future was on its way here
            future.cancel()
        try:
            return future.result(ASYNC_SECONDS)
        except CancelledError:
            raise RuntimeError("it was cancelled, as the monitor stops") from None
        except TimeoutError:
            if not future.cancel():
                raise  # its own
            raise TimeoutError(f"it took more than {ASYNC_SECONDS:g} seconds, or its event loop hangs") from None
        finally:
            self._pending = None

    def cancel(self) -> None:
        """Cancel the async function that is running, if any. From any thread."""
        self._cancelled = True
        pending = self._pending
        if pending is not None:
            pending.cancel()


def _run_without_waiting(coroutine: Coroutine[object, None, object]) -> object:
    try:
        coroutine.send(None)
    except StopIteration as end:
        return cast("object", end.value)
    coroutine.close()
    raise RuntimeError(
        "an async function that waits needs a running event loop: "
        "await start_monitoring(), or call start() in a coroutine"
    )
