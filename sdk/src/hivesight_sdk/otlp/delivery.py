"""POSTs over one connection that is kept open, without redirects, and what came of each."""

from __future__ import annotations

import base64
import codecs
import contextlib
import json
import os
import socket
import urllib.request
from dataclasses import dataclass
from enum import Enum
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

# Sockets load it at the first connection, and a child that is forked in the middle of that could not load it any more.
codecs.lookup("idna")

NO_ANSWER: Final = 0
NOT_HTTP: Final = -1

_MAX_ANSWER_BYTES: Final = 65_536
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Answer:
    """HTTP status (NO_ANSWER where nobody answered in time, NOT_HTTP where it was something else), the body or the
    reason why there is none, and for how many seconds the server wants to be left alone: 0 where it does not say."""

    status: int
    text: str
    retry_after_seconds: float = 0.0


class Verdict(Enum):
    """What an answer means for what was sent, and for what comes after it."""

    TAKEN = "taken"
    LATER = "later"
    """Nothing is wrong with what was sent: send it again."""
    REFUSED = "refused"
    """It would be refused again."""
    NOWHERE = "nowhere"
    """Whatever is sent to this address would be refused."""


_LATER: Final = (NO_ANSWER, 429, 502, 503, 504)
_NOWHERE: Final = (401, 403, 404, 405, 415, 501)


def judge(answer: Answer) -> Verdict:
    """What to do (OTLP 1.x, "OTLP/HTTP Response", "Failures" and "Retryable Response Codes")."""
    if 200 <= answer.status < 300:
        return Verdict.TAKEN
    if answer.status in _LATER:
        return Verdict.LATER
    # A redirect is not followed: the credentials are this server's.
    return Verdict.NOWHERE if answer.status in _NOWHERE or 300 <= answer.status < 400 else Verdict.REFUSED


def rejected(answer: Answer) -> tuple[int, str]:
    """How many items of a request that was taken are not kept, and why (OTLP 1.x, "Partial Success")."""
    try:
        document = cast("dict[str, Any]", json.loads(answer.text or "{}"))
        told = cast("dict[str, Any]", document.get("partialSuccess") or {})
        counts = [int(count) for name, count in told.items() if name.startswith("rejected")]
        return max(0, *counts, 0), str(told.get("errorMessage") or "")
    except (ValueError, TypeError, AttributeError, RecursionError):  # not what OTLP answers: nothing is known
        return 0, ""


class Connection:
    """Where one server is spoken to, by one thread at a time. Proxies are the environment's; none for loopback."""

    def __init__(self, url: str) -> None:
        self._url: Final = urlsplit(url)
        self._http: HTTPConnection | None = None
        self._target = ""
        self._proxy_headers: dict[str, str] = {}

    def post(self, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> Answer:
        """Send `body`. `timeout_seconds` bounds each wait for the other side."""
        kept = self._http is not None
        try:
            try:
                return self._exchange(body, headers, timeout_seconds)
            except ConnectionError:
                if not kept:
                    raise
                self.close()  # the server closed it while nothing was sent
                return self._exchange(body, headers, timeout_seconds)
        except OSError as error:
            self.close()
            return Answer(NO_ANSWER, f"{type(error).__name__}: {error}")
        except HTTPException as error:
            self.close()
            return Answer(NOT_HTTP, f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """End the connection; the next `post` opens another."""
        http, self._http = self._http, None
        if http is not None:
            http.close()

    def abort(self) -> None:
        """From another thread: have a `post` that waits fail now."""
        open_socket = self._socket()
        if open_socket is not None:
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """In a forked child: let go of the connection, which stays the parent's."""
        open_socket, self._http = self._socket(), None
        if open_socket is not None:
            with contextlib.suppress(OSError):
                os.close(open_socket.detach())

    def _socket(self) -> socket.socket | None:
        return None if self._http is None else cast("socket.socket | None", self._http.sock)

    def _exchange(self, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> Answer:
        if self._http is None:
            self._http = self._opened(timeout_seconds)
        http, open_socket = self._http, self._socket()
        if open_socket is None:
            http.connect()
        else:
            open_socket.settimeout(timeout_seconds)
        http.request("POST", self._target, body, {**self._proxy_headers, **headers})
        response = http.getresponse()
        text = _text(response)
        if response.will_close or not response.isclosed():
            self.close()
        return Answer(response.status, text, _seconds(response.headers.get("Retry-After", "")))

    def _opened(self, timeout_seconds: float) -> HTTPConnection:
        url = self._url
        host, port = url.hostname or "", url.port
        kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
        self._target = urlunsplit(("", "", url.path or "/", url.query, ""))
        self._proxy_headers = {}
        proxy = _proxy(url)
        if proxy is None:
            return kind(host, port, timeout=timeout_seconds)
        http = kind(proxy.hostname or "", proxy.port or 80, timeout=timeout_seconds)
        if url.scheme == "https":
            http.set_tunnel(host, port, _proxy_authorization(proxy))
        else:
            self._target = urlunsplit((*url[:4], ""))
            self._proxy_headers = _proxy_authorization(proxy)
        return http


def _proxy(url: SplitResult) -> SplitResult | None:
    if url.hostname in _LOOPBACK or urllib.request.proxy_bypass(url.netloc):
        return None
    named = urllib.request.getproxies().get(url.scheme)
    return urlsplit(named if "://" in named else f"http://{named}") if named else None


def _proxy_authorization(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    credentials = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}


def _text(response: HTTPResponse) -> str:
    try:
        return response.read(_MAX_ANSWER_BYTES).decode("utf-8", "replace")
    except (OSError, HTTPException):  # the status is known, and says enough
        return ""


def _seconds(retry_after: str) -> float:
    # A date would have to be compared with the clock on the wall, which may be anywhere.
    return float(retry_after) if len(retry_after) <= 9 and retry_after.isascii() and retry_after.isdigit() else 0.0
