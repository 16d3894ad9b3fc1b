"""Scraping over HTTP with httpx2: one client per job, bodies bounded while they are read."""

import asyncio
import base64
import functools
import zlib
from collections.abc import Callable
from concurrent.futures import Executor
from importlib.metadata import version
from pathlib import Path
from typing import Final, TypeVar, TypeVarTuple

import httpx2

from hivesight.ingest.protocol import DEFAULT_PROTOCOLS, accept_header
from hivesight.model.duration import format_duration
from hivesight.model.secret import Secret
from hivesight.sources.config import ScrapeConfig
from hivesight.sources.fetch import Fetched, Outcome, ScrapeError
from hivesight.sources.http_errors import reason_of
from hivesight.sources.reading import DEFAULT_BODY_SIZE_LIMIT
from hivesight.sources.target import Target
from hivesight.sources.tls import ssl_context

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

MAX_REDIRECTS: Final = 10
MAX_SECRET_BYTES: Final = 64 << 10
_IDLE_SECONDS: Final = 300.0
_STEP_BYTES: Final = 1 << 20


class HttpFetch:
    """Fetches the targets of one job. The client is made at the first fetch, so that a certificate that cannot be read
    fails the scrapes of its job and nothing else."""

    def __init__(self, config: ScrapeConfig, executor: Executor) -> None:
        self._config = config
        self._executor = executor
        self._limit = config.body_size_limit or DEFAULT_BODY_SIZE_LIMIT
        self._client: httpx2.AsyncClient | None = None
        self._making = asyncio.Lock()
        self._headers_at_hand = not any(_header_files(config))
        self._accept = accept_header(
            config.scrape_protocols or DEFAULT_PROTOCOLS, config.metric_name_escaping_scheme or "allow-utf-8"
        )

    async def __call__(self, target: Target) -> Fetched:
        """See Fetch. Raises ScrapeError with a short reason."""
        client = await self._ready()
        headers = [
            ("Accept", self._accept),
            ("Accept-Encoding", "gzip" if self._config.enable_compression else "identity"),
            ("User-Agent", _user_agent()),
            ("X-Prometheus-Scrape-Timeout-Seconds", f"{target.timeout_ms / 1000:g}"),
            *(self._own_headers() if self._headers_at_hand else await self._in_thread(self._own_headers)),
        ]
        name = self._config.tls_config.server_name
        extensions = {"sni_hostname": name} if name else {}
        try:
            async with client.stream("GET", target.url, headers=headers, extensions=extensions) as response:
                if response.status_code != 200:
                    phrase = f"{response.status_code} {response.reason_phrase}".strip()
                    raise ScrapeError(Outcome.HTTP_STATUS, f"server returned HTTP status {phrase}")
                raw = await self._read(response)
                content_type = response.headers.get("Content-Type", "")
                encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
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
        if self._client is not None:
            await self._client.aclose()

    async def _ready(self) -> httpx2.AsyncClient:
        async with self._making:
            client = self._client
            if client is None:
                client = self._client = await self._in_thread(self._make)
            return client

    def _make(self) -> httpx2.AsyncClient:
        config = self._config
        return httpx2.AsyncClient(
            verify=ssl_context(config.tls_config),
            proxy=config.proxy_url or None,
            trust_env=config.proxy_from_environment,
            follow_redirects=config.follow_redirects,
            max_redirects=MAX_REDIRECTS,
            # The loop limits the time of a scrape as a whole.
            timeout=None,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=_IDLE_SECONDS),
        )

    async def _read(self, response: httpx2.Response) -> bytes:
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and len(announced) < 20 and int(announced) > self._limit:
            raise too_large(self._limit)
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_raw():
            size += len(part)
            if size > self._limit:
                raise too_large(self._limit)
            parts.append(part)
        return b"".join(parts)

    def _own_headers(self) -> list[tuple[str, str]]:
        """The credentials, whose files are read anew for every scrape, and http_headers."""
        config = self._config
        found: list[tuple[str, str]] = []
        if config.basic_auth is not None:
            auth = config.basic_auth
            user = auth.username or (read_secret(auth.username_file) if auth.username_file else "")
            pair = f"{user}:{_secret(auth.password, auth.password_file)}".encode()
            found.append(("Authorization", f"Basic {base64.b64encode(pair).decode()}"))
        elif config.authorization is not None:
            given = config.authorization
            secret = _secret(given.credentials, given.credentials_file)
            found.append(("Authorization", f"{given.type.strip() or 'Bearer'} {secret}"))
        elif config.bearer_token or config.bearer_token_file:
            found.append(("Authorization", f"Bearer {_secret(config.bearer_token, config.bearer_token_file)}"))
        for name, header in config.http_headers.items():
            found += [(name, value) for value in header.values]
            found += [(name, value.reveal()) for value in header.secrets]
            found += [(name, read_secret(file)) for file in header.files]
        return found

    async def _in_thread(self, function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)


@functools.cache
def _user_agent() -> str:
    return f"Hivesight/{version('hivesight')}"


def _header_files(config: ScrapeConfig) -> list[str]:
    """The files that hold a part of the request."""
    basic, given = config.basic_auth, config.authorization
    return [
        *((basic.username_file, basic.password_file) if basic is not None else ()),
        given.credentials_file if given is not None else "",
        config.bearer_token_file,
        *(file for header in config.http_headers.values() for file in header.files),
    ]


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


def _secret(given: Secret | None, file: str) -> str:
    return given.reveal() if given is not None else read_secret(file) if file else ""


def read_secret(path: str) -> str:
    """The text of a file with a secret, without the blanks around it. Raises ScrapeError."""
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_SECRET_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ScrapeError(Outcome.SETTINGS, f"cannot read {path}: {reason}") from error
