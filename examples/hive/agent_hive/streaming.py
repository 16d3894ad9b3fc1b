"""agent-hive-event-streaming: takes the hive's events and passes them to whoever follows, as server-sent events."""

import asyncio
import contextlib
import itertools
import json
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

import hivesight_sdk as hs
from agent_hive.catalog import STREAMING
from agent_hive.faults import Faults
from agent_hive.httpjson import as_list, as_object, read_json
from agent_hive.service import arguments, run
from agent_hive.work import BadRequest

_MAX_BODY_BYTES = 512 * 1024
_MAX_BATCH = 256
_MAX_EVENT_CHARS = 8_192
_MAX_SUBSCRIBERS = 32
_SUBSCRIBER_BUFFER = 256
_RECENT = 500
_HEARTBEAT_SECONDS = 10.0


class Subscriber:
    """One follower: at most _SUBSCRIBER_BUFFER events behind; then the oldest goes, and is counted."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque(maxlen=_SUBSCRIBER_BUFFER)
        self._news = asyncio.Event()
        self.dropped = 0
        self.ended = False

    def offer(self, line: str) -> None:
        if len(self._waiting) == self._waiting.maxlen:
            self.dropped += 1
        self._waiting.append(line)
        self._news.set()

    def end(self) -> None:
        """Let `take` return at once, now and later."""
        self.ended = True
        self._news.set()

    async def take(self) -> list[str]:
        """What has come since; a comment line, which followers ignore, when nothing did for a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HEARTBEAT_SECONDS):
                await self._news.wait()
        self._news.clear()
        taken = list(self._waiting) or [": still here\n\n"]
        self._waiting.clear()
        return taken


class Stream:
    """The process's state: followers, and the last _RECENT events for those who ask once."""

    def __init__(self) -> None:
        self._subscribers: set[Subscriber] = set()
        self._recent: deque[str] = deque(maxlen=_RECENT)
        self._numbers = itertools.count(1)
        self._received = 0
        self._dropped = 0

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/events", self._publish, methods=["POST"]),
            Route("/events", self._latest),
            Route("/stream", self._follow),
        ]

    def health(self) -> Mapping[str, object]:
        dropped = self._dropped + sum(subscriber.dropped for subscriber in self._subscribers)
        return {"received": self._received, "subscribers": len(self._subscribers), "dropped": dropped}

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        yield

    def end(self) -> None:
        """Say goodbye to every follower."""
        for subscriber in self._subscribers:
            subscriber.end()

    async def _publish(self, request: Request) -> JSONResponse:
        async with hs.track_latency("event_publish"):
            body = as_object(await read_json(request, _MAX_BODY_BYTES))
            events = [as_object(event) for event in as_list(body.get("events"), "events", _MAX_BATCH)]
            encoded = [_encode(event) for event in events]
            senders = [hs.extract(as_object(event.get("context", {}))) for event in events]
            hs.link(*senders)
            for sender, (kind, data) in zip(senders, encoded, strict=True):
                with sender, hs.track_latency("event_delivery"):
                    self._deliver(kind, data)
        return JSONResponse({"accepted": len(events)}, status_code=202)

    def _deliver(self, kind: str, data: str) -> None:
        self._received += 1
        self._recent.append(data)
        line = f"id: {next(self._numbers)}\nevent: {kind}\ndata: {data}\n\n"
        for subscriber in self._subscribers:
            subscriber.offer(line)

    async def _latest(self, _: Request) -> Response:
        return Response(f'{{"events": [{", ".join(self._recent)}]}}', media_type="application/json")

    async def _follow(self, _: Request) -> Response:
        if len(self._subscribers) >= _MAX_SUBSCRIBERS:
            error = f"{_MAX_SUBSCRIBERS} followers are connected already"
            return JSONResponse({"error": error}, 503, headers={"Retry-After": "30"})
        return StreamingResponse(self._lines(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def _lines(self) -> AsyncGenerator[str]:
        if len(self._subscribers) >= _MAX_SUBSCRIBERS:  # several came at once
            return
        subscriber = Subscriber()
        self._subscribers.add(subscriber)
        try:
            yield ": agent-hive events\n\n"
            while not subscriber.ended:
                for line in await subscriber.take():
                    yield line
        finally:
            self._subscribers.discard(subscriber)
            self._dropped += subscriber.dropped


def _encode(event: Mapping[str, object]) -> tuple[str, str]:
    """The event's type and its JSON, which is ASCII on one line, as `text/event-stream` needs it."""
    kind = event.get("type")
    if not isinstance(kind, str) or not kind.replace(".", "").replace("_", "").isalnum() or len(kind) > 64:
        raise BadRequest("an event needs a type such as task.started")
    try:
        data = json.dumps(dict(event), allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"an event cannot be written as JSON: {error}") from error
    if len(data) > _MAX_EVENT_CHARS:
        raise BadRequest(f"an event is larger than {_MAX_EVENT_CHARS} characters")
    return kind, data


def main() -> None:
    options = arguments(STREAMING)
    stream = Stream()
    run(STREAMING, stream, Faults(), options, release=stream.end)


if __name__ == "__main__":
    main()
