"""The server's event loop. A name that the resolver does not answer for must not keep other names from being looked
up: libuv looks up two at a time for the whole process, so two names that hang would hold up every receiver and every
target that is called by its name."""

import asyncio
import functools
import socket
from typing import Any, Final

import uvloop

from hivesight.http_client.threads import in_own_thread

MOST_AT_ONCE: Final = 64


class EventLoop(uvloop.Loop):
    """Looks each name up in a thread of its own, one that is asked for several times at once only once; at most
    `MOST_AT_ONCE` names at a time, further ones wait."""

    def __init__(self) -> None:
        super().__init__()
        self._free = asyncio.Semaphore(MOST_AT_ONCE)
        self._lookups: dict[tuple[Any, ...], asyncio.Task[Any]] = {}

    async def getaddrinfo(
        self, host: Any, port: Any, *, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> Any:
        """As asyncio's."""
        asked = (host, port, family, type, proto, flags)
        lookup = self._lookups.get(asked)
        if lookup is None:
            lookup = self.create_task(self._looked_up(asked))
            self._lookups[asked] = lookup
            lookup.add_done_callback(functools.partial(self._over, asked))
        # Whoever gives up leaves the lookup to the others that wait for it.
        return await asyncio.shield(lookup)

    async def _looked_up(self, asked: tuple[Any, ...]) -> Any:
        async with self._free:
            return await in_own_thread(functools.partial(socket.getaddrinfo, *asked), "lookup")

    def _over(self, asked: tuple[Any, ...], lookup: asyncio.Task[Any]) -> None:
        del self._lookups[asked]
        if not lookup.cancelled():
            # Looked at, since all who asked may have given up.
            lookup.exception()
