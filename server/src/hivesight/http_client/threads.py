"""Work that blocks, in a thread of its own: what hangs keeps no other work from a thread, and does not hold up the end
of the process."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def in_own_thread(work: Callable[[], T], name: str) -> T:
    """What `work` leaves or raises. Whoever calls bounds how many there are. Cancelled, it returns at once; the thread
    goes on, and what it leaves is dropped."""
    done: Future[T] = Future()
    # It cannot be cancelled from here on, only be waited for no more.
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work())
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            done.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await asyncio.wrap_future(done)
