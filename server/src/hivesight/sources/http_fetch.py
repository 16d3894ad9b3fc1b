"""Scraping over HTTP with httpx2: one client per job, bodies bounded while they are read."""

import asyncio
import zlib
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, TypeVar, TypeVarTuple

import httpx2

from hivesight.http_client.authorized import AuthorizedClient
from hivesight.http_client.body import read_raw
from hivesight.http_client.errors import BodyTooLarge, SettingError
from hivesight.http_client.reasons import reason_of
from hivesight.ingest.protocol import DEFAULT_PROTOCOLS, accept_header
from hivesight.model.duration import format_duration
from hivesight.sources.config import ScrapeConfig
from hivesight.sources.fetch import Fetched, Outcome, ScrapeError
from hivesight.sources.reading import DEFAULT_BODY_SIZE_LIMIT
from hivesight.sources.target import Target

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

_IDLE_SECONDS: Final = 300.0
_STEP_BYTES: Final = 1 << 20


class HttpFetch:
    """Fetches the targets of one job."""

    def __init__(self, config: ScrapeConfig, executor: Executor) -> None:
        self._config = config
        self._executor = executor
        self._limit = config.body_size_limit or DEFAULT_BODY_SIZE_LIMIT
        # The loop limits the time of a scrape as a whole.
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=_IDLE_SECONDS)
        self._client = AuthorizedClient(config, executor=executor, limits=limits)
        self._accept = accept_header(
            config.scrape_protocols or DEFAULT_PROTOCOLS, config.metric_name_escaping_scheme or "allow-utf-8"
        )

    async def __call__(self, target: Target) -> Fetched:
        """See Fetch. Raises ScrapeError with a short reason."""
        try:
            headers = [
                ("Accept", self._accept),
                ("Accept-Encoding", "gzip" if self._config.enable_compression else "identity"),
                ("X-Prometheus-Scrape-Timeout-Seconds", f"{target.timeout_ms / 1000:g}"),
            ]
            async with self._client.get(target.url, headers) as response:
                if response.status_code != 200:
                    phrase = f"{response.status_code} {response.reason_phrase}".strip()
                    raise ScrapeError(Outcome.HTTP_STATUS, f"server returned HTTP status {phrase}")
                raw = await self._read(response)
                content_type = response.headers.get("Content-Type", "")
                encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        except SettingError as error:
            raise ScrapeError(Outcome.SETTINGS, str(error)) from error
        except httpx2.TimeoutException as error:
            raise ScrapeError(Outcome.TIMEOUT, f"timed out after {format_duration(target.timeout_ms)}") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise ScrapeError(Outcome.CONNECTION, reason_of(error)) from error
        if encoding == "gzip":
            raw = await self._in_thread(gunzip, raw, self._limit)
        elif encoding != "identity":
            raise ScrapeError(Outcome.CONTENT_TYPE, f"unknown Content-Encoding {encoding[:40]!r}: gzip was asked for")
        return Fetched(raw, content_type)

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()

    async def _read(self, response: httpx2.Response) -> bytes:
        try:
            return await read_raw(response, self._limit)
        except BodyTooLarge as error:
            raise too_large(self._limit) from error

    async def _in_thread(self, function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)


def too_large(limit: int) -> ScrapeError:
    """The failure of a body over the limit."""
    return ScrapeError(
        Outcome.BODY_SIZE,
        f"body_size_limit exceeded: the body is larger than {limit} bytes; raise body_size_limit or expose less",
    )


def gunzip(raw: bytes, limit: int) -> bytes:
    """The decompressed text. Raises ScrapeError for what is no gzip, is cut off, or grows over `limit` bytes; no more
    than a step over the limit is ever decompressed."""
    parts: list[bytes] = []
    size, rest = 0, raw
    try:
        while rest:
            stream = zlib.decompressobj(wbits=31)
            while not stream.eof:
                part = stream.decompress(rest, _STEP_BYTES)
                rest = stream.unconsumed_tail
                size += len(part)
                if size > limit:
                    raise too_large(limit)
                parts.append(part)
                if not part and not rest and not stream.eof:
                    raise ScrapeError(Outcome.CONNECTION, "the gzip body is cut off")
            rest = stream.unused_data
    except zlib.error as error:
        raise ScrapeError(Outcome.CONTENT_TYPE, f"the body is no valid gzip: {error}") from error
    return b"".join(parts)
