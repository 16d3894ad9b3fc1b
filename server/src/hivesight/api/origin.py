"""Pages of other sites must not look in or act here: a browser carries their requests to loopback as it does ours."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

READING: Final = frozenset(("GET", "HEAD", "OPTIONS"))


class SameOrigin:
    """Refuses what a page of another origin sends: requests that change something or ask by POST whose Origin header
    (RFC 6454) is not ours, and, where `hosts` are given, requests to any other host name, since a stranger's name may
    be made to lead to loopback. Addresses are always fine. Programs send no Origin and are not concerned."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None = None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reason = self._reason(scope) if scope["type"] == "http" else None
        if reason is None:
            return await self._app(scope, receive, send)
        return await PlainTextResponse(reason + "\n", 403)(scope, receive, send)

    def _reason(self, scope: Scope) -> str | None:
        """Why the request is refused, or None."""
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        name = urlsplit(f"//{host}").hostname or ""
        if self._hosts is not None and name and name not in self._hosts and not _is_address(name):
            return f"this server is not known as {name[:200]!r}: set external_url in hivesight.yml to its address there"
        if origin is not None and scope["method"] not in READING and urlsplit(origin).netloc != host:
            return f"a page of {origin[:200]} may not do this here"
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
