"""One POST, without redirects, and what came of it."""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_ANSWER_BYTES: Final = 65_536
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Answer:
    """HTTP status, 0 where nobody answered in time; the body, or the reason why there is none."""

    status: int
    text: str


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    # A redirected POST would become a GET, and headers with credentials would go to another host.
    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any) -> None:
        return None


def post(url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> Answer:
    """Send `body`. `timeout_seconds` bounds each wait for the other side. Raises ValueError for an impossible header.

    Proxies are those of the environment; none for loopback.
    """
    proxies = urllib.request.ProxyHandler({} if urlsplit(url).hostname in _LOOPBACK else None)
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
    try:
        with urllib.request.build_opener(proxies, _NoRedirects).open(request, timeout=timeout_seconds) as response:
            return Answer(response.status, response.read(_MAX_ANSWER_BYTES).decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _rest(error))
    except (OSError, HTTPException) as error:
        return Answer(0, f"{type(error).__name__}: {error}")


def _rest(error: urllib.error.HTTPError) -> str:
    try:
        return error.read(_MAX_ANSWER_BYTES).decode("utf-8", "replace")
    except (OSError, HTTPException):
        return ""
