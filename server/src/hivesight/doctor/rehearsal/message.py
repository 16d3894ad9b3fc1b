"""What a service was sent -> what a person reads of it."""

import email
import email.policy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson


@dataclass(frozen=True, slots=True)
class Message:
    """title: the first thing that is read, one line. text: all of it as it was rendered."""

    title: str
    text: str


def message_of(integration: str, body: bytes) -> Message:
    """integration: `slack`, `email`, ...; body: what was sent to it."""
    if integration == "email":
        return _mail(body)
    document = _document(body)
    parts = [part for part in _PARTS[integration](document) if part]
    raw = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    return Message(_line(parts[0]) if parts else "", "\n".join(parts) if integration != "webhook" else raw)


def _mail(body: bytes) -> Message:
    mail = email.message_from_bytes(body, policy=email.policy.default)
    plain = mail.get_body(("plain", "html"))
    return Message(_line(str(mail["Subject"] or "")), "" if plain is None else str(plain.get_content()).strip())


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _texts(part: Any, *names: str) -> Iterable[str]:
    return (str(part.get(name) or "") for name in names) if isinstance(part, dict) else ()  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType, reportUnknownVariableType]


def _each(part: Any, *names: str) -> Iterable[str]:
    return (text for each in part for text in _texts(each, *names)) if isinstance(part, list) else ()  # pyright: ignore[reportUnknownVariableType]


def _webhook(document: dict[str, Any]) -> Iterable[str]:
    """A payload of one's own has no title that could be known."""
    yield from _texts(document.get("commonAnnotations"), "summary")
    for alert in document.get("alerts") or ():
        yield from _texts(alert.get("annotations"), "summary", "description")
    yield from _texts(document.get("commonLabels"), "alertname")
    yield from (str(each) for each in document.values() if isinstance(each, str))


def _slack(document: dict[str, Any]) -> Iterable[str]:
    yield from _texts(document, "text")
    yield from _each(document.get("attachments"), "title", "pretext", "text")


def _card(document: dict[str, Any]) -> Iterable[str]:
    for attachment in document.get("attachments") or ():
        yield from _each(attachment["content"]["body"], "text")


_PARTS: Final[Mapping[str, Callable[[dict[str, Any]], Iterable[str]]]] = {
    "webhook": _webhook,
    "slack": _slack,
    "pagerduty": lambda document: _texts(document.get("payload"), "summary", "severity", "source"),
    "opsgenie": lambda document: _texts(document, "message", "description", "source"),
    "msteams": lambda document: _texts(document, "title", "text"),
    "msteamsv2": _card,
    "discord": lambda document: [
        *_texts(document, "content"),
        *_each(document.get("embeds"), "title", "description"),
    ],
    "telegram": lambda document: _texts(document, "text"),
}
