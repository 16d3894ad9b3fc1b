"""inbox: where the demo's alerts arrive, by webhook, Slack webhook and e-mail, for a person to read."""

import asyncio
import contextlib
import email
import email.policy
import json
import socket
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import BaseRoute, Route

from agent_hive.catalog import INBOX
from agent_hive.faults import FaultInjected, Faults
from agent_hive.httpjson import read_body
from agent_hive.inbox_page import page
from agent_hive.service import arguments, listener, run
from agent_hive.work import BadRequest

KEPT = 500
MAX_MESSAGE_BYTES = 256 * 1024
_MAX_SUBJECT_CHARS = 300
_MAX_TEXT_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that arrived. `channel` is webhook, slack or email; `to` the webhook's name or the addresses."""

    number: int
    received: float
    channel: str
    sender: str
    to: str
    subject: str
    text: str


class Inbox:
    """The last KEPT messages, newest first in what it shows."""

    def __init__(self, smtp_socket: socket.socket, faults: Faults) -> None:
        self._messages: deque[Message] = deque(maxlen=KEPT)
        self._received = 0
        self._attempts = 0
        self._faults = faults
        self._smtp_socket = smtp_socket

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/", self._page),
            Route("/messages", self._list),
            Route("/webhook/{name}", self._webhook, methods=["POST"]),
            Route("/slack", self._slack, methods=["POST"]),
        ]

    def health(self) -> Mapping[str, object]:
        return {"received": self._received, "kept": len(self._messages)}

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        loop = asyncio.get_running_loop()

        def session() -> SMTP:
            return SMTP(self, data_size_limit=MAX_MESSAGE_BYTES, hostname="localhost", loop=loop, timeout=60)

        server = await loop.create_server(session, sock=self._smtp_socket)
        try:
            yield
        finally:
            server.close()

    def add(self, channel: str, sender: str, to: str, subject: str, text: str) -> None:
        """Keep one message; long subjects and texts are cut."""
        self._received += 1
        subject = _clean(" ".join(subject.split()), _MAX_SUBJECT_CHARS)
        sender, to = _clean(sender, _MAX_SUBJECT_CHARS), _clean(to, _MAX_SUBJECT_CHARS)
        text = _clean(text, _MAX_TEXT_CHARS)
        self._messages.appendleft(Message(self._received, time.time(), channel, sender, to, subject, text))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook for a mail that has arrived in full."""
        try:
            await self._enter()
        except FaultInjected as fault:
            return f"451 {fault}"
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
        subject, text = read_mail(raw)
        self.add("email", envelope.mail_from or "", ", ".join(envelope.rcpt_tos), subject, text)
        return "250 OK"

    async def _enter(self) -> None:
        # Only what arrives meets the fault: the page stays readable.
        self._attempts += 1
        await self._faults.enter(str(self._attempts))

    async def _page(self, _: Request) -> HTMLResponse:
        return HTMLResponse(page(list(self._messages), self._received), headers={"Cache-Control": "no-store"})

    async def _list(self, _: Request) -> JSONResponse:
        return JSONResponse({"received": self._received, "messages": [asdict(m) for m in self._messages]})

    async def _webhook(self, request: Request) -> JSONResponse:
        await self._enter()
        name = str(request.path_params["name"])
        subject, text = read_webhook(await read_body(request, MAX_MESSAGE_BYTES))
        self.add("webhook", _client(request), name, subject, text)
        return JSONResponse({"kept": True})

    async def _slack(self, request: Request) -> PlainTextResponse:
        await self._enter()
        subject, text = read_slack(await read_body(request, MAX_MESSAGE_BYTES))
        self.add("slack", _client(request), "slack", subject, text)
        return PlainTextResponse("ok")


def read_mail(raw: bytes) -> tuple[str, str]:
    """Subject and readable text of a mail: the plain part where there is one."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    part = message.get_body(("plain", "html"))
    try:
        text = str(part.get_content()).replace("\r\n", "\n") if part is not None else ""
        return str(message.get("Subject", "")), text
    except (LookupError, ValueError):  # an unknown charset, a broken header
        return "(unreadable mail)", raw.decode("utf-8", "replace")


def read_webhook(body: bytes) -> tuple[str, str]:
    """One line that names status and alerts, as Alertmanager's webhook payload tells them, and the JSON, indented."""
    value = _json(body)
    if not isinstance(value, dict):
        return "webhook", _pretty(value, body)
    payload = cast("Mapping[str, object]", value)
    alerts = payload.get("alerts")
    names: list[str] = []
    for alert in cast("list[object]", alerts) if isinstance(alerts, list) else []:
        labels = cast("Mapping[str, object]", alert).get("labels") if isinstance(alert, dict) else None
        if isinstance(labels, dict):
            names.append(str(cast("Mapping[str, object]", labels).get("alertname", "?")))
    subject = f"[{payload.get('status', 'webhook')}] {', '.join(dict.fromkeys(names))}"
    return subject, _pretty(payload, body)


def read_slack(body: bytes) -> tuple[str, str]:
    """Title and text of a Slack incoming-webhook payload: its own text, or its attachments' titles and texts."""
    value = _json(body)
    if not isinstance(value, dict):
        raise BadRequest("a Slack payload is a JSON object")
    payload = cast("Mapping[str, object]", value)
    titles: list[str] = []
    texts = [str(payload["text"])] if "text" in payload else []
    attachments = payload.get("attachments")
    for item in cast("list[object]", attachments) if isinstance(attachments, list) else []:
        if isinstance(item, dict):
            attachment = cast("Mapping[str, object]", item)
            titles.append(str(attachment.get("title", attachment.get("fallback", ""))))
            texts.append(str(attachment.get("text", "")))
    return (titles or texts or ["Slack message"])[0], "\n\n".join(texts) or _pretty(payload, body)


def _json(body: bytes) -> object:
    try:
        return cast("object", json.loads(body))
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from error


def _pretty(value: object, raw: bytes) -> str:
    try:
        return json.dumps(value, indent=2, sort_keys=True)
    except RecursionError:  # nested as deep as can just be read
        return raw.decode("utf-8", "replace")


def _clean(text: str, limit: int) -> str:
    """Cut, and fit to be sent as UTF-8: mail and JSON can hold half a surrogate pair."""
    return text[:limit].encode("utf-8", "replace").decode()


def _client(request: Request) -> str:
    return request.headers.get("user-agent", "")


def main() -> None:
    options = arguments(INBOX)
    faults = Faults()
    smtp_socket = listener(options.smtp_port, options.smtp_fd, "--smtp-port")
    run(INBOX, Inbox(smtp_socket, faults), faults, options, guarded=False)


if __name__ == "__main__":
    main()
