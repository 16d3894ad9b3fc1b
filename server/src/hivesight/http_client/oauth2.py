"""Tokens by the client-credentials grant (RFC 6749 section 4.4) for an `http_config` with `oauth2`."""

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any, Final

import httpx2
import orjson

from hivesight.http_client.client import make_client, read_start, user_agent
from hivesight.http_client.config import OAuth2
from hivesight.http_client.errors import TokenError
from hivesight.http_client.headers import sendable
from hivesight.http_client.secrets import read_secret

MAX_TOKEN_BYTES: Final = 64 << 10
_MARGIN_SECONDS: Final = 10.0
_DEFAULT_SECONDS: Final = 60.0


class TokenSource:
    """A token, kept until shortly before it expires. monotonic: seconds of a clock that only goes forward."""

    def __init__(
        self, config: OAuth2, *, timeout_seconds: float | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._config = config
        self._timeout_seconds = timeout_seconds
        self._monotonic = monotonic
        self._client: httpx2.AsyncClient | None = None
        self._asking = asyncio.Lock()
        self._token = ""
        self._until = 0.0

    async def token(self) -> str:
        """Raises SettingError, TokenError, and what httpx2 raises."""
        async with self._asking:
            if not self._token or self._monotonic() >= self._until:
                status, body, retry_after = await self._ask()
                self._token, seconds = _read(status, body, retry_after)
                self._until = self._monotonic() + seconds - _MARGIN_SECONDS
            return self._token

    async def close(self) -> None:
        """Closes the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _ask(self) -> tuple[int, bytes, str | None]:
        config = self._config
        if self._client is None:
            self._client = await asyncio.to_thread(
                make_client, config.tls_config, config, follow_redirects=True, timeout_seconds=self._timeout_seconds
            )
        secret = await asyncio.to_thread(
            read_secret, config.client_secret, config.client_secret_file, "client_secret_file"
        )
        form = {"grant_type": "client_credentials", **config.endpoint_params}
        if config.scopes:
            form["scope"] = " ".join(config.scopes)
        name = config.tls_config.server_name
        async with self._client.stream(
            "POST",
            config.token_url,
            data=form,
            auth=(config.client_id, secret),
            headers={"User-Agent": user_agent()},
            extensions={"sni_hostname": name} if name else {},
        ) as response:
            body = await read_start(response, MAX_TOKEN_BYTES)
            return response.status_code, body, response.headers.get("Retry-After")


def _read(status: int, body: bytes, retry_after: str | None) -> tuple[str, float]:
    """The token and for how many seconds it is good (RFC 6749 section 5.1). Raises TokenError."""
    if not 200 <= status < 300:
        raise TokenError(f"the token was refused: status {status}", status, body, retry_after)
    try:
        answer: dict[str, Any] = orjson.loads(body)
        token: object = answer["access_token"]
        if not isinstance(token, str):
            raise TypeError("access_token is no text")
        seconds = float(answer.get("expires_in", _DEFAULT_SECONDS))
        if not math.isfinite(seconds):
            raise ValueError("expires_in is no number of seconds")
        return sendable(token, "Authorization"), seconds
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise TokenError("the answer holds no usable token", status, body, retry_after) from error
