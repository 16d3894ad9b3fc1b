"""A client that sends what an `http_config` asks for with every request: its headers, its credentials, and the OAuth 2
token where it wants one. `sources` scrapes and discovers with it, `alertmanagers` sends with it."""

from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager

import httpx2

from hivesight.http_client.client import DEFAULT_LIMITS, HttpClient, user_agent
from hivesight.http_client.config import HttpConfig
from hivesight.http_client.errors import SettingError, TokenError
from hivesight.http_client.oauth2 import TokenSource
from hivesight.http_client.reasons import reason_of

_TOKEN_SECONDS = 30.0


class AuthorizedClient:
    """See HttpClient. A token is asked for when it is first needed, and shared by all requests until it expires."""

    def __init__(
        self, config: HttpConfig, *, executor: Executor | None = None, limits: httpx2.Limits = DEFAULT_LIMITS
    ) -> None:
        """The caller limits the time of a request as a whole."""
        self._client = HttpClient(config, executor=executor, timeout_seconds=None, limits=limits)
        self._tokens = TokenSource(config.oauth2, timeout_seconds=_TOKEN_SECONDS) if config.oauth2 is not None else None

    @asynccontextmanager
    async def get(self, url: str, headers: Sequence[tuple[str, str]]) -> AsyncGenerator[httpx2.Response, None]:
        """One GET with `headers` and those that the configuration wants; the body is the caller's to read and to
        bound. Raises SettingError, and what httpx2 raises."""
        async with self._request("GET", url, headers, None) as response:
            yield response

    @asynccontextmanager
    async def post(
        self, url: str, headers: Sequence[tuple[str, str]], content: bytes
    ) -> AsyncGenerator[httpx2.Response, None]:
        """One POST; else as `get`."""
        async with self._request("POST", url, headers, content) as response:
            yield response

    @asynccontextmanager
    async def _request(
        self, method: str, url: str, headers: Sequence[tuple[str, str]], content: bytes | None
    ) -> AsyncGenerator[httpx2.Response, None]:
        configured = await self._client.headers()
        authorization = configured.authorization
        if self._tokens is not None:
            authorization = f"Bearer {await _token(self._tokens)}"
        sent = [*headers, ("User-Agent", user_agent())]
        if authorization:
            sent.append(("Authorization", authorization))
        async with self._client.stream(method, url, [*sent, *configured.own], content) as response:
            yield response

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()
        if self._tokens is not None:
            await self._tokens.close()


async def _token(tokens: TokenSource) -> str:
    try:
        return await tokens.token()
    except TokenError as error:
        raise SettingError(f"oauth2: {error}", key="oauth2") from error
    except (httpx2.RequestError, httpx2.InvalidURL) as error:
        raise SettingError(f"oauth2: no token: {reason_of(error)}", key="oauth2") from error
