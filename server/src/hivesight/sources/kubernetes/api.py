"""Questions to an API server: a page of a list, and a watch as a stream of events (Kubernetes API concepts, "Efficient
detection of changes", "Retrieving large results sets in chunks")."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import httpx2

from hivesight.http_client.authorized import AuthorizedClient
from hivesight.http_client.body import read_raw
from hivesight.http_client.errors import BodyTooLarge, SettingError
from hivesight.http_client.reasons import reason_of
from hivesight.sources.kubernetes.document import Document, MalformedDocument, parse

MAX_PAGE_BYTES: Final = 64 << 20
MAX_EVENT_BYTES: Final = 8 << 20

_MAX_STATUS_BYTES: Final = 64 << 10
_PAGE_SECONDS: Final = 60.0
_SLACK_SECONDS: Final = 30.0
_GONE: Final = 410
_TOO_MANY: Final = 429


class ApiFault(Exception):
    """A question failed; the message says why, and holds no secret. again: whether the watch can go on from where it
    was, rather than with a new list."""

    def __init__(self, message: str, *, again: bool = True) -> None:
        super().__init__(message)
        self.again = again


class Expired(Exception):
    """The version that was asked for is gone: list anew."""


@dataclass(frozen=True, slots=True)
class Event:
    """type: ADDED, MODIFIED, DELETED or BOOKMARK."""

    type: str
    object: Document


class Api:
    """One API server. base: its address."""

    def __init__(self, base: str, client: AuthorizedClient) -> None:
        self._base = base.rstrip("/")
        self._client = client

    async def page(self, path: str, query: Mapping[str, str]) -> bytes:
        """The JSON of a list, or of a part of it. Raises ApiFault and Expired."""
        try:
            async with asyncio.timeout(_PAGE_SECONDS), self._client.get(self._url(path, query), _HEADERS) as response:
                await _check(response)
                return await read_raw(response, MAX_PAGE_BYTES)
        except BodyTooLarge as error:
            raise ApiFault(f"{error}: narrow it with namespaces or selectors", again=False) from error
        except TimeoutError as error:
            raise ApiFault(f"no answer within {_PAGE_SECONDS:g} s") from error
        except (SettingError, httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise _unreached(error) from error

    async def watch(self, path: str, query: Mapping[str, str], seconds: int) -> AsyncGenerator[Event, None]:
        """The events from a version on, until the server ends the stream, which it is asked to do after `seconds`.
        Raises ApiFault and Expired."""
        query = {**query, "watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": str(seconds)}
        try:
            async with (
                asyncio.timeout(seconds + _SLACK_SECONDS),
                self._client.get(self._url(path, query), _HEADERS) as response,
            ):
                await _check(response)
                async for line in _lines(response):
                    yield _event(line)
        except TimeoutError:
            # A connection that nobody told us is dead.
            return
        except (SettingError, httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise _unreached(error) from error

    def _url(self, path: str, query: Mapping[str, str]) -> str:
        said = {name: value for name, value in query.items() if value}
        return f"{self._base}{path}?{urlencode(said)}" if said else f"{self._base}{path}"


_HEADERS: Final = (("Accept", "application/json"), ("Accept-Encoding", "identity"))


async def _check(response: httpx2.Response) -> None:
    if response.status_code == 200:
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding != "identity":
            raise ApiFault(f"the answer has the Content-Encoding {encoding[:40]!r}, which was not asked for")
        return
    if response.status_code == _GONE:
        raise Expired
    message = ""
    with contextlib.suppress(MalformedDocument, BodyTooLarge):
        message = parse(await read_raw(response, _MAX_STATUS_BYTES)).text("message")
    phrase = f"{response.status_code} {response.reason_phrase}".strip()
    again = response.status_code == _TOO_MANY or response.status_code >= 500
    raise ApiFault(f"server returned HTTP status {phrase}{': ' if message else ''}{message[:500]}", again=again)


async def _lines(response: httpx2.Response) -> AsyncIterator[bytes]:
    rest = bytearray()
    async for part in response.aiter_raw():
        start = len(rest)
        rest += part
        while (end := rest.find(b"\n", start)) >= 0:
            line = bytes(rest[:end])
            del rest[: end + 1]
            start = 0
            if line.strip():
                yield line
        if len(rest) > MAX_EVENT_BYTES:
            raise ApiFault(f"an event is larger than {MAX_EVENT_BYTES >> 20} MiB", again=False)


def _event(line: bytes) -> Event:
    try:
        document = parse(line)
        kind, about = document.text("type"), document.inner("object")
        if kind != "ERROR":
            return Event(kind, about)
        code, message = about.number("code") or 0, about.text("message")
    except MalformedDocument as error:
        raise ApiFault(f"an event cannot be read: {error}", again=False) from error
    if code == _GONE:
        raise Expired
    raise ApiFault(f"the watch failed: {message[:500]}", again=code == _TOO_MANY or code >= 500)


def _unreached(error: Exception) -> ApiFault:
    return ApiFault(str(error) if isinstance(error, SettingError) else reason_of(error))
