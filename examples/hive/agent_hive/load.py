"""load: keeps the hive busy, through the same front doors a user has. Steady, modest, for ever."""

import asyncio
import contextlib
import json
import logging
import os
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence

import httpx2
from starlette.routing import BaseRoute

from agent_hive import corpus
from agent_hive.catalog import GATEWAY, LOAD, STREAMING, WEBHOOKS
from agent_hive.faults import FaultInjected, Faults
from agent_hive.httpjson import local_client
from agent_hive.service import arguments, run, url_of
from agent_hive.webhooks import SECRET_VARIABLE, SIGNATURE_HEADER, sign
from agent_hive.work import PRIORITIES

log = logging.getLogger("agent_hive.load")

TASKS_PER_SECOND = 2.0
SECONDS_PER_PUSH = 10.0
BAD_SHARE = 0.06
_WEIGHTS = (5, 20, 50, 25)  # critical, high, medium, low
_FILES_PER_PUSH = (2, 6)
_RECONNECT_SECONDS = 2.0
_TORN_CHARS = 8_000
_MAX_PER_SECOND = 20.0


class Corpus:
    """Draws what to ask for. A share of the tasks is not valid Python, as in real life."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._good = corpus.good_files()
        self._bad = corpus.bad_files()

    def task(self) -> dict[str, str]:
        """The body of a task request."""
        priority = self._rng.choices(PRIORITIES, _WEIGHTS)[0]
        if self._rng.random() < BAD_SHARE:
            return {**self._broken(), "priority": priority}
        return {"path": self._rng.choice(self._good), "priority": priority}

    def push(self) -> dict[str, object]:
        """A push of one commit that touches a few files of one part of the library, and one that is no Python."""
        first = self._rng.randrange(len(self._good))
        files = self._good[first : first + self._rng.randint(*_FILES_PER_PUSH)]
        commit = {"id": f"{self._rng.getrandbits(160):040x}", "added": files[:1], "modified": [*files[1:], "README.md"]}
        return {"ref": "refs/heads/main", "commits": [commit]}

    def _broken(self) -> dict[str, str]:
        if self._bad and self._rng.random() < 0.5:
            return {"path": self._rng.choice(self._bad)}
        # A real file, cut off within a bracket as by a torn upload.
        source = corpus.read(self._rng.choice(self._good)).decode("utf-8", "replace")[:_TORN_CHARS]
        return {"code": source[: source.rfind("(") + 1] or "("}


class Load:
    """Sends until it is ended; what is refused is counted, never repeated, so a sick hive is not pushed further."""

    def __init__(self, faults: Faults, secret: bytes, rate: float, seed: int) -> None:
        self._faults = faults
        self._secret = secret
        self._rate = rate
        self._rng = random.Random(seed)
        self._corpus = Corpus(self._rng)
        self._client = local_client(10.0)
        self._counts = {"sent": 0, "refused": 0, "unreachable": 0, "events": 0}

    def routes(self) -> Sequence[BaseRoute]:
        return []

    def health(self) -> Mapping[str, object]:
        return self._counts

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        jobs = (
            self._for_ever(1 / self._rate, self._send_task),
            self._for_ever(SECONDS_PER_PUSH, self._send_push),
            self._follow(),
        )
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            async with self._client:
                yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _for_ever(self, interval_seconds: float, send: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await self._faults.enter(str(self._rng.random()))
                await send()
                self._counts["sent"] += 1
            except httpx2.HTTPStatusError as error:
                self._counts["refused"] += 1
                log.debug("refused: %s", error)
            except (httpx2.TransportError, FaultInjected) as error:
                self._counts["unreachable"] += 1
                log.debug("unreachable: %s", error)
            await asyncio.sleep(interval_seconds * self._rng.uniform(0.6, 1.4))

    async def _send_task(self) -> None:
        (await self._client.post(f"{url_of(GATEWAY)}/tasks", json=self._corpus.task())).raise_for_status()

    async def _send_push(self) -> None:
        body = json.dumps(self._corpus.push()).encode()
        headers = {SIGNATURE_HEADER: sign(self._secret, body), "Content-Type": "application/json"}
        answer = await self._client.post(f"{url_of(WEBHOOKS)}/hooks/push", content=body, headers=headers)
        answer.raise_for_status()

    async def _follow(self) -> None:
        """Be one follower of the event stream, so that it has somebody to stream to."""
        while True:
            with contextlib.suppress(httpx2.HTTPError):
                async with self._client.stream("GET", f"{url_of(STREAMING)}/stream", timeout=30.0) as answer:
                    answer.raise_for_status()
                    async for line in answer.aiter_lines():
                        self._counts["events"] += line.startswith("event:")
            await asyncio.sleep(_RECONNECT_SECONDS)


def main() -> None:
    options = arguments(LOAD)
    secret = os.environ.get(SECRET_VARIABLE)
    if not secret:
        raise SystemExit(f"set {SECRET_VARIABLE} to the secret that signs the deliveries")
    rate = float(os.environ.get("HIVE_TASKS_PER_SECOND", TASKS_PER_SECOND))
    if not 0 < rate <= _MAX_PER_SECOND:
        raise SystemExit(f"HIVE_TASKS_PER_SECOND must be above 0 and at most {_MAX_PER_SECOND:g}")
    faults = Faults(slow_seconds=5.0)
    run(LOAD, Load(faults, secret.encode(), rate, seed=int(os.environ.get("HIVE_SEED", "1"))), faults, options)


if __name__ == "__main__":
    main()
