"""agent-hive-webhook-server: signed push events come in, a task for each changed Python file goes to the gateway."""

import asyncio
import contextlib
import hashlib
import hmac
import logging
import os
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence

import httpx2
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

import hivesight_sdk as hs
from agent_hive.catalog import GATEWAY, WEBHOOKS
from agent_hive.faults import Faults
from agent_hive.httpjson import as_list, as_object, local_client, parse_json, read_body
from agent_hive.service import arguments, run, url_of
from agent_hive.work import BadRequest, check_path

log = logging.getLogger("agent_hive.webhooks")

SECRET_VARIABLE = "HIVE_WEBHOOK_SECRET"
SIGNATURE_HEADER = "X-Hub-Signature-256"
_MAX_BODY_BYTES = 256 * 1024
_MAX_COMMITS = 50
_MAX_FILES = 100
_BACKLOG = 400
_BAD_SIGNATURE = f"{SIGNATURE_HEADER} is missing or does not match; sign the raw body with ${SECRET_VARIABLE}"


def sign(secret: bytes, body: bytes) -> str:
    """The signature of a delivery: `sha256=` and the hexadecimal HMAC of the raw body, as GitHub sends it."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def changed_files(push: Mapping[str, object]) -> list[str]:
    """Python files that the push's commits added or modified, in order and once each; BadRequest if malformed."""
    files: dict[str, None] = {}
    for commit in as_list(push.get("commits"), "commits", _MAX_COMMITS):
        fields = as_object(commit)
        for kind in ("added", "modified"):
            for path in as_list(fields.get(kind, []), kind, _MAX_FILES):
                if isinstance(path, str) and path.endswith(".py"):
                    files[check_path(path)] = None
    if len(files) > _MAX_FILES:
        raise BadRequest(f"the push changes {len(files)} Python files; at most {_MAX_FILES} are taken at once")
    return list(files)


class Webhooks:
    """Answers a delivery at once and submits its tasks behind it, from a bounded backlog."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._gateway = f"{url_of(GATEWAY)}/tasks"
        self._client = local_client(10.0)
        self._backlog: asyncio.Queue[tuple[str, dict[str, str]]] = asyncio.Queue(_BACKLOG)
        self._counts = {"deliveries": 0, "bad_signatures": 0, "submitted": 0, "failed": 0, "dropped": 0}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/hooks/push", self._push, methods=["POST"])]

    def health(self) -> Mapping[str, object]:
        return {**self._counts, "backlog": self._backlog.qsize(), "backlog_capacity": _BACKLOG}

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        sender = asyncio.create_task(self._submit_for_ever())
        try:
            async with self._client:
                yield
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _push(self, request: Request) -> JSONResponse:
        # What one push asks for is one conversation.
        with hs.log_context(conversation=uuid.uuid4().hex):
            async with hs.track_latency("webhook_delivery"):
                body = await read_body(request, _MAX_BODY_BYTES)
                given = request.headers.get(SIGNATURE_HEADER, "")
                if not hmac.compare_digest(given.encode(), sign(self._secret, body).encode()):
                    self._counts["bad_signatures"] += 1
                    return JSONResponse({"error": _BAD_SIGNATURE}, status_code=401)
                files = changed_files(as_object(parse_json(body)))
                self._counts["deliveries"] += 1
                return self._take(files)

    def _take(self, files: Sequence[str]) -> JSONResponse:
        if self._backlog.qsize() + len(files) > _BACKLOG:
            self._counts["dropped"] += len(files)
            return JSONResponse({"error": "too many tasks are waiting"}, 503, headers={"Retry-After": "10"})
        for path in files:
            self._backlog.put_nowait((path, hs.inject({})))
        return JSONResponse({"tasks": len(files)}, status_code=202)

    async def _submit_for_ever(self) -> None:
        while True:
            path, headers = await self._backlog.get()
            with hs.extract(headers):
                await self._submit(path)

    async def _submit(self, path: str) -> None:
        try:
            (await self._client.post(self._gateway, json={"path": path, "priority": "high"})).raise_for_status()
        except httpx2.HTTPError as error:
            self._counts["failed"] += 1
            hs.record_error("webhooks", error)
            log.info("the gateway did not take %s: %s", path, error or type(error).__name__)
        else:
            self._counts["submitted"] += 1


def main() -> None:
    options = arguments(WEBHOOKS)
    secret = os.environ.get(SECRET_VARIABLE)
    if not secret:
        raise SystemExit(f"set {SECRET_VARIABLE} to the secret that signs the deliveries")
    run(WEBHOOKS, Webhooks(secret.encode()), Faults(), options)


if __name__ == "__main__":
    main()
