"""The HTTP port of the notifiers and its adapter on httpx2: POST a body, get the answer or a NotifyError."""

import asyncio
import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import httpx2
import orjson

from hivesight.alerting.config_http import HttpConfig, OAuth2
from hivesight.model.secret import Secret
from hivesight.notify.errors import FailureReason, NotifyError, judge_status
from hivesight.notify.secrets import read_secret, read_text
from hivesight.notify.tls import tls_context

MAX_ANSWER_BYTES: Final = 64 * 1024
USER_AGENT: Final = "Hivesight"
_UNLIMITED_SECONDS: Final = 30.0
_TOKEN_MARGIN_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer; body: its first 64 KiB."""

    status: int
    body: bytes


class Poster(Protocol):
    """POSTs a body."""

    async def post(
        self, url: str, body: bytes, content_type: str, timeout_ms: int = 0, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Raises NotifyError for everything but a 2xx answer in time."""
        ...

    async def close(self) -> None: ...


class HttpPoster:
    """A client of its own for each integration, so that none waits for another's connections. Certificates are read
    when it is first used, other secrets at every request."""

    def __init__(self, config: HttpConfig, directory: Path) -> None:
        self._config = config
        self._directory = directory
        self._client: httpx2.AsyncClient | None = None
        self._token: tuple[str, float] = ("", 0.0)

    async def post(
        self, url: str, body: bytes, content_type: str, timeout_ms: int = 0, headers: Mapping[str, str] | None = None
    ) -> Answer:
        try:
            async with asyncio.timeout(timeout_ms / 1000 or _UNLIMITED_SECONDS):
                sent = {"Content-Type": content_type, "User-Agent": USER_AGENT}
                sent |= await self._authorization()
                sent |= headers or {}
                return await self._send(url, body, sent)
        except TimeoutError as error:
            raise NotifyError(FailureReason.TIMEOUT, "no answer in time", retry=True) from error

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if self._client is None:
            self._client = await asyncio.to_thread(self._make)
        name = self._config.tls_config.server_name
        extensions = {"sni_hostname": name} if name else {}
        try:
            async with self._client.stream(
                "POST", url, content=body, headers=headers, extensions=extensions
            ) as response:
                answer = await _read(response)
        except httpx2.TimeoutException as error:
            raise NotifyError(FailureReason.TIMEOUT, f"no answer in time: {_told(error)}", retry=True) from error
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise NotifyError(FailureReason.CONFIG, "the URL cannot be used", retry=False) from error
        except httpx2.TooManyRedirects as error:
            raise NotifyError(FailureReason.CLIENT_ERROR, "redirected too often", retry=False) from error
        except httpx2.RequestError as error:
            raise NotifyError(FailureReason.CONNECTION, _told(error), retry=True) from error
        judge_status(response.status_code, answer, response.headers.get("Retry-After"), time.time())
        return Answer(response.status_code, answer)

    def _make(self) -> httpx2.AsyncClient:
        config = self._config
        tls = tls_context(config.tls_config, self._directory)
        mounts: dict[str, httpx2.AsyncBaseTransport | None] = {}
        proxy = None
        if config.proxy_url is not None:
            connect = [(name, each.reveal()) for name, values in config.proxy_connect_header.items() for each in values]
            proxy = httpx2.Proxy(config.proxy_url, headers=connect)
            mounts = {f"all://{host.strip()}": None for host in config.no_proxy.split(",") if host.strip()}
        return httpx2.AsyncClient(
            verify=tls,
            proxy=proxy,
            mounts=mounts,
            trust_env=config.proxy_from_environment,
            follow_redirects=config.follow_redirects,
            timeout=httpx2.Timeout(_UNLIMITED_SECONDS),
        )

    async def _authorization(self) -> dict[str, str]:
        config = self._config
        headers = await asyncio.to_thread(_headers, config, self._directory)
        if config.oauth2 is not None:
            headers["Authorization"] = f"Bearer {await self._oauth_token(config.oauth2)}"
        return headers

    async def _oauth_token(self, config: OAuth2) -> str:
        """A token by the client-credentials grant, kept until shortly before it expires."""
        token, until = self._token
        if token and time.monotonic() < until:
            return token
        if self._client is None:
            self._client = await asyncio.to_thread(self._make)
        secret = await asyncio.to_thread(
            read_secret, config.client_secret, config.client_secret_file, self._directory, "client_secret_file"
        )
        form = {"grant_type": "client_credentials", **config.endpoint_params}
        if config.scopes:
            form["scope"] = " ".join(config.scopes)
        try:
            response = await self._client.post(config.token_url, data=form, auth=(config.client_id, secret))
        except httpx2.RequestError as error:
            raise NotifyError(FailureReason.CONNECTION, f"oauth2: {_told(error)}", retry=True) from error
        judge_status(response.status_code, response.content, response.headers.get("Retry-After"), time.time())
        self._token = _token(response.content, time.monotonic())
        return self._token[0]


def _token(body: bytes, now: float) -> tuple[str, float]:
    """The token and until when, by the monotonic clock, it is good (RFC 6749 section 5.1)."""
    try:
        answer = orjson.loads(body)
        token = answer["access_token"]
        if not isinstance(token, str):
            raise TypeError("access_token is no text")
        return token, now + float(answer.get("expires_in", 60)) - _TOKEN_MARGIN_SECONDS
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotifyError(FailureReason.AUTH, "oauth2: the answer holds no usable token", retry=True) from error


async def _read(response: httpx2.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= MAX_ANSWER_BYTES:
            return body[:MAX_ANSWER_BYTES]
    return body


def _headers(config: HttpConfig, directory: Path) -> dict[str, str]:
    """The headers that the configuration asks for. Reads secret files: blocks."""
    headers: dict[str, str] = {}
    for name, header in config.http_headers.items():
        values = [*header.values, *(each.reveal() for each in header.secrets)]
        values += [read_text(file, directory, f"http_headers {name}") for file in header.files]
        headers[name] = ", ".join(values)
    if config.basic_auth is not None:
        basic = config.basic_auth
        user = basic.username
        if basic.username_file:
            user = read_text(basic.username_file, directory, "username_file")
        password = read_secret(basic.password, basic.password_file, directory, "password_file")
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    elif config.authorization is not None:
        own = config.authorization
        token = read_secret(own.credentials, own.credentials_file, directory, "credentials_file")
        headers["Authorization"] = f"{own.type} {token}"
    elif config.bearer_token is not None or config.bearer_token_file:
        token = read_secret(config.bearer_token, config.bearer_token_file, directory, "bearer_token_file")
        headers["Authorization"] = f"Bearer {token}"
    return headers


def _told(error: httpx2.RequestError) -> str:
    """What went wrong, without the address."""
    return f"{type(error).__name__}: {str(error)[:160]}" if str(error) else type(error).__name__


async def secret_url(inline: Secret | None, file: str, directory: Path, what: str) -> str:
    """An address that may be in a file of its own."""
    url = await asyncio.to_thread(read_secret, inline, file, directory, what)
    if not url:
        raise NotifyError(FailureReason.CONFIG, f"{what} is empty", retry=True)
    return url
