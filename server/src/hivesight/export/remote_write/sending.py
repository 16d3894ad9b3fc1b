"""One request to a receiver, again and again until it is answered for good. (Remote-Write 1.0, "Retries & Backoff")"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import httpx2
import structlog
from structlog.typing import FilteringBoundLogger

from hivesight.export.addresses import shown
from hivesight.export.retry_after import retry_after_seconds
from hivesight.http_client.authorized import AuthorizedClient
from hivesight.http_client.client import read_start
from hivesight.http_client.errors import SettingError
from hivesight.http_client.reasons import reason_of
from hivesight.model.clock import Clock
from hivesight.sources.remote_write import RemoteWriteConfig

_ANSWER_BYTES: Final = 4096
_WRITTEN: Final = "X-Prometheus-Remote-Write-{}-Written"

_log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """body: compressed. samples: how many it carries, floats and histograms, which an answer to 2.0 has to confirm."""

    body: bytes
    samples: int = 0


@dataclass(frozen=True, slots=True)
class _Answer:
    """reason: why it failed, empty where it did not. again: whether the same may be sent again. after_seconds: not
    before that, where the receiver says so."""

    reason: str = ""
    again: bool = False
    after_seconds: float | None = None


class Sender:
    """Sends to one receiver; several requests may be under way."""

    def __init__(
        self,
        config: RemoteWriteConfig,
        client: AuthorizedClient,
        clock: Clock,
        headers: Sequence[tuple[str, str]],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """headers: what the message wants."""
        self._url = config.url
        self._queue = config.queue_config
        self._timeout_seconds = config.remote_timeout_ms / 1000
        self._client = client
        self._clock = clock
        own = [(name, value.reveal()) for name, value in config.headers.items()]
        self._headers = [*headers, ("Content-Encoding", "snappy"), *own]
        self._confirms = any(name == "Content-Type" and "proto=" in value for name, value in headers)
        self._sleep = sleep
        self._failing = ""

    async def send(
        self, attempt: Callable[[bool], Awaitable[Request | None]], observe: Callable[[float], object]
    ) -> bool:
        """Whether the receiver took it. attempt: makes the request, told whether it is sent again; None ends it, as if
        it were taken. observe: told how many seconds each attempt took."""
        backoff, count = self._queue.min_backoff_ms / 1000, 0
        while (request := await attempt(count > 0)) is not None:
            began = self._clock.monotonic()
            answer = await self._post(request, count)
            observe(self._clock.monotonic() - began)
            self._tell(answer)
            if not answer.again:
                return not answer.reason
            wait = backoff if answer.after_seconds is None else answer.after_seconds
            await self._sleep(wait)
            backoff = min(2 * backoff, self._queue.max_backoff_ms / 1000)
            count += 1
        return True

    async def _post(self, request: Request, count: int) -> _Answer:
        headers = [*self._headers, ("Retry-Attempt", str(count))] if count else self._headers
        try:
            async with asyncio.timeout(self._timeout_seconds):
                async with self._client.post(self._url, headers, request.body) as response:
                    body = await read_start(response, _ANSWER_BYTES)
        except TimeoutError:
            return _Answer(f"no answer within {self._timeout_seconds:g} s", again=True)
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            return _Answer(reason_of(error), again=True)
        except SettingError as error:
            return _Answer(str(error), again=True)
        if response.is_success:
            return self._confirmed(request, response)
        reason = f"{response.status_code}: {body.decode(errors='replace').strip()[:300]}"
        again = response.status_code >= 500 or (response.status_code == 429 and self._queue.retry_on_http_429)
        return _Answer(reason, again, retry_after_seconds(response.headers, self._clock.now_ms()) if again else None)

    def _confirmed(self, request: Request, response: httpx2.Response) -> _Answer:
        """A receiver that knows 1.0 alone may answer 2.0 with success and have understood nothing of it. (Remote-Write
        2.0, "Required Written Response Headers")"""
        if not self._confirms or not request.samples:
            return _Answer()
        written = [response.headers.get(_WRITTEN.format(each), "0") for each in ("Samples", "Histograms")]
        if any(each.isdecimal() and int(each) for each in written):
            return _Answer()
        return _Answer(
            f"{response.status_code}, and no word that anything was written: the receiver may know 1.0 alone; "
            "leave protobuf_message out"
        )

    def _tell(self, answer: _Answer) -> None:
        if answer.reason and answer.reason != self._failing:
            say = "samples could not be sent, they are sent again" if answer.again else "a receiver refused samples"
            _log.error(say, url=shown(self._url), reason=answer.reason)
        elif self._failing and not answer.reason:
            _log.info("samples can be sent again", url=shown(self._url))
        self._failing = answer.reason
