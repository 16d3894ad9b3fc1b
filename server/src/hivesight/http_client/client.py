"""An httpx2 client as an `http_config` wants it: certificates, proxy, redirects."""

import asyncio
import functools
import ipaddress
import ssl
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

import httpx2

from hivesight.http_client.config import HttpConfig, ProxyConfig, TlsConfig
from hivesight.http_client.errors import SettingError
from hivesight.http_client.headers import ConfiguredHeaders, configured_headers, reads_files, sendable
from hivesight.http_client.tls import ssl_context

MAX_REDIRECTS: Final = 10
_MAX_PORT: Final = 65535
DEFAULT_LIMITS: Final = httpx2.Limits(max_connections=100, max_keepalive_connections=20)


class HttpClient:
    """What it needs is made at the first request, so that a certificate that cannot be read fails the requests and
    nothing else; the secrets in the headers are read anew at every request.

    executor: the threads for what blocks (None: the loop's own). timeout_seconds: of each step of a request, None where
    the caller limits the whole."""

    def __init__(
        self,
        config: HttpConfig,
        *,
        executor: Executor | None = None,
        timeout_seconds: float | None = None,
        limits: httpx2.Limits = DEFAULT_LIMITS,
    ) -> None:
        self._config = config
        self._executor = executor
        self._make: Callable[[], httpx2.AsyncClient] = functools.partial(
            make_client,
            config.tls_config,
            config,
            follow_redirects=config.follow_redirects,
            timeout_seconds=timeout_seconds,
            limits=limits,
        )
        self._client: httpx2.AsyncClient | None = None
        self._making = asyncio.Lock()
        self._reads_files = reads_files(config)

    async def headers(self) -> ConfiguredHeaders:
        """What the configuration adds to a request at this moment, but for an OAuth 2 token. Raises SettingError."""
        if not self._reads_files:
            return configured_headers(self._config)
        return await asyncio.get_running_loop().run_in_executor(self._executor, configured_headers, self._config)

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, headers: Sequence[tuple[str, str]], content: bytes | None = None
    ) -> AsyncGenerator[httpx2.Response, None]:
        """One request; the body of the answer is the caller's to read, and to bound. Raises SettingError, and what
        httpx2 raises."""
        client = await self._ready()
        name = self._config.tls_config.server_name
        extensions = {"sni_hostname": name} if name else {}
        async with client.stream(
            method, url, content=content, headers=list(headers), extensions=extensions
        ) as response:
            yield response

    async def close(self) -> None:
        """Closes the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _ready(self) -> httpx2.AsyncClient:
        async with self._making:
            client = self._client
            if client is None:
                client = await asyncio.get_running_loop().run_in_executor(self._executor, self._make)
                self._client = client
            return client


def make_client(
    tls: TlsConfig,
    proxy: ProxyConfig,
    *,
    follow_redirects: bool,
    timeout_seconds: float | None,
    limits: httpx2.Limits = DEFAULT_LIMITS,
) -> httpx2.AsyncClient:
    """Blocks for the files of `tls`. Raises SettingError."""
    verify = _default_context() if tls == TlsConfig() else ssl_context(tls)
    connect = [
        (name, sendable(each.reveal(), name)) for name, values in proxy.proxy_connect_header.items() for each in values
    ]
    through = proxy.proxy_url and "*" not in _hosts(proxy.no_proxy)
    try:
        return httpx2.AsyncClient(
            verify=verify,
            proxy=httpx2.Proxy(proxy.proxy_url, headers=connect) if through else None,
            mounts=dict.fromkeys(_direct(proxy.no_proxy)) if through else None,
            trust_env=proxy.proxy_from_environment,
            follow_redirects=follow_redirects,
            max_redirects=MAX_REDIRECTS,
            timeout=timeout_seconds,
            limits=limits,
            event_hooks={"request": [_check_port]},
        )
    except (httpx2.InvalidURL, ValueError) as error:
        # The message may hold the proxy's address, and that a password.
        raise SettingError(
            "the proxy settings cannot be used: check proxy_url, no_proxy and the environment"
        ) from error


async def _check_port(request: httpx2.Request) -> None:
    """Raises httpx2.InvalidURL, for the address that is asked for and for one that an answer leads to, where the
    connection would raise an OverflowError."""
    if (request.url.port or 0) > _MAX_PORT:
        raise httpx2.InvalidURL(f"the port is larger than {_MAX_PORT}")


def read_certificates() -> None:
    """Reads the system's certificates, which takes a tenth of a second, so that the first request need not. Blocks."""
    _default_context()


@functools.cache
def user_agent() -> str:
    """The value of the header."""
    return f"Hivesight/{version('hivesight')}"


async def read_start(response: httpx2.Response, most_bytes: int) -> bytes:
    """The beginning of an answer's body, decompressed."""
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= most_bytes:
            return body[:most_bytes]
    return body


@functools.cache
def _default_context() -> ssl.SSLContext:
    """Shared by all clients without settings, which saves reading the system's certificates again. Not for other
    protocols: httpx2 sets the context's ALPN."""
    return ssl_context(TlsConfig())


def _direct(no_proxy: str) -> list[str]:
    """The hosts that are reached without the proxy, in httpx2's patterns: a name stands for its subdomains too, one
    that begins with a dot for its subdomains alone, besides addresses, networks and `*` (Go's
    golang.org/x/net/http/httpproxy, `Config.NoProxy`). httpx2 cannot tell a port that is its scheme's own."""
    return [f"all://{_pattern(host)}" for host in _hosts(no_proxy)]


def _hosts(no_proxy: str) -> list[str]:
    return [host for host in (each.strip().lower() for each in no_proxy.split(",")) if host]


def _pattern(host: str) -> str:
    if host.startswith("."):
        return f"*{host}"
    if host.startswith(("*", "[")):
        return host
    try:
        ipaddress.ip_network(host, strict=False)
    except ValueError:
        return f"*{host}"
    address, slash, prefix = host.partition("/")
    return f"[{address}]{slash}{prefix}" if ":" in address else host
