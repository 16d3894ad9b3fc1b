"""The port through which a scrape loop gets a target's text, and what can go wrong on the way."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hivesight.sources.target import Target


class Outcome(StrEnum):
    """How a scrape ended."""

    OK = "ok"
    CONNECTION = "connection"
    TIMEOUT = "timeout"
    HTTP_STATUS = "http_status"
    BODY_SIZE = "body_size_limit"
    CONTENT_TYPE = "content_type"
    SYNTAX = "syntax"
    SAMPLE_LIMIT = "sample_limit"
    LABEL_LIMIT = "label_limit"
    BUCKET_LIMIT = "bucket_limit"
    TARGET_LIMIT = "target_limit"
    STORAGE = "storage"
    SETTINGS = "settings"
    INTERNAL = "internal"


class ScrapeError(Exception):
    """A scrape failed. The message is for the person who looks at the target."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Fetched:
    """A target's answer, decompressed."""

    body: bytes
    content_type: str


class Fetch(Protocol):
    """Gets a target's text. Raises ScrapeError. The caller limits the time."""

    async def __call__(self, target: Target) -> Fetched: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A target inside this process. render: returns exposition text; called in a worker thread."""

    target: Target
    render: Callable[[], bytes]
    content_type: str = "text/plain; version=0.0.4"


class LocalFetch:
    """Fetches from a LocalSource."""

    def __init__(self, source: LocalSource, executor: Executor) -> None:
        self._source = source
        self._executor = executor
        self._under_way: asyncio.Future[bytes] | None = None

    async def __call__(self, target: Target) -> Fetched:
        """See Fetch. A source that hangs holds one thread, not one more at every scrape."""
        if self._under_way is not None and not self._under_way.done():
            raise ScrapeError(Outcome.TIMEOUT, "the scrape before this one is still under way")
        self._under_way = asyncio.get_running_loop().run_in_executor(self._executor, self._source.render)
        return Fetched(await asyncio.shield(self._under_way), self._source.content_type)

    async def close(self) -> None:
        """Nothing is held."""
