"""The HTTP port of the notifiers and its adapter on httpx2: send a body, get the answer or a NotifyError."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import httpx2

from hivesight.http_client.client import HttpClient, read_start, user_agent
from hivesight.http_client.config import HttpConfig
from hivesight.http_client.errors import SettingError, TokenError
from hivesight.http_client.folder import in_folder
from hivesight.http_client.headers import sendable
from hivesight.http_client.oauth2 import TokenSource
from hivesight.http_client.reasons import reason_of
from hivesight.notify.errors import FailureReason, NotifyError, judge_status, shown
from hivesight.notify.secrets import unusable

MAX_ANSWER_BYTES: Final = 64 * 1024
MAX_AT_ONCE: Final = 20
"""Requests of one integration: as many as its connections that stay open. The client's own queue for them takes time
that grows with the square of its length."""
_UNLIMITED_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer; body: its first 64 KiB."""

    status: int
    body: bytes

    def __str__(self) -> str:
        return f"{self.status}: {shown(self.body)}"


class Poster(Protocol):
    """Sends a body."""

    async def post(
        self,
        url: str,
        body: bytes,
        content_type: str,
        timeout_ms: int = 0,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "POST",
    ) -> Answer:
        """By POST unless `method` says otherwise. Raises NotifyError for everything but a 2xx answer in time."""
        ...

    async def close(self) -> None: ...


class HttpPoster:
    """A client of its own for each integration, so that none waits for another's connections. Certificates are read
    when it is first used, other secrets at every request."""

    def __init__(self, config: HttpConfig, directory: Path) -> None:
        config = in_folder(config, directory)
        self._client = HttpClient(config, timeout_seconds=_UNLIMITED_SECONDS)
        self._turns = asyncio.Semaphore(MAX_AT_ONCE)
        self._tokens = None
        if config.oauth2 is not None:
            self._tokens = TokenSource(config.oauth2, timeout_seconds=_UNLIMITED_SECONDS)

    async def post(
        self,
        url: str,
        body: bytes,
        content_type: str,
        timeout_ms: int = 0,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "POST",
    ) -> Answer:
        try:
            # The wait for a turn is no part of the answer's time.
            async with self._turns, asyncio.timeout(timeout_ms / 1000 or _UNLIMITED_SECONDS):
                sent = {"Content-Type": content_type, "User-Agent": user_agent()}
                sent |= await self._configured()
                sent |= {name: sendable(value, name) for name, value in (headers or {}).items()}
                return await self._send(method, url, body, sent)
        except TimeoutError as error:
            raise NotifyError(FailureReason.TIMEOUT, "no answer in time", retry=True) from error
        except SettingError as error:
            raise unusable(error) from error

    async def close(self) -> None:
        await self._client.close()
        if self._tokens is not None:
            await self._tokens.close()

    async def _send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            async with self._client.stream(method, url, list(headers.items()), body) as response:
                answer = await read_start(response, MAX_ANSWER_BYTES)
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise _failed(error) from error
        judge_status(response.status_code, answer, response.headers.get("Retry-After"), time.time())
        return Answer(response.status_code, answer)

    async def _configured(self) -> dict[str, str]:
        """The headers that the configuration asks for; several values of one are one list (RFC 9110 section 5.3)."""
        configured = await self._client.headers()
        headers: dict[str, str] = {}
        for name, value in configured.own:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        if configured.authorization:
            headers["Authorization"] = configured.authorization
        if self._tokens is not None:
            headers["Authorization"] = f"Bearer {await _token(self._tokens)}"
        return headers


async def _token(tokens: TokenSource) -> str:
    try:
        return await tokens.token()
    except TokenError as error:
        judge_status(error.status, error.body, error.retry_after, time.time())
        raise NotifyError(FailureReason.AUTH, f"oauth2: {error}", retry=True) from error
    except (httpx2.RequestError, httpx2.InvalidURL) as error:
        raise _failed(error, "oauth2: ") from error


def _failed(error: Exception, where: str = "") -> NotifyError:
    """The NotifyError that a request which got no answer stands for."""
    match error:
        case httpx2.InvalidURL() | httpx2.UnsupportedProtocol():
            # The error's own words may hold the address.
            return NotifyError(FailureReason.CONFIG, f"{where}the URL cannot be used", retry=False)
        case httpx2.TooManyRedirects():
            return NotifyError(FailureReason.CLIENT_ERROR, f"{where}redirected too often", retry=False)
        case httpx2.TimeoutException():
            message = f"{where}no answer in time: {type(error).__name__}"
            return NotifyError(FailureReason.TIMEOUT, message, retry=True)
        case _:
            return NotifyError(FailureReason.CONNECTION, f"{where}{reason_of(error)}", retry=True)
