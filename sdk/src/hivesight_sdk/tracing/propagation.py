"""Traces across processes: `inject` what this process is doing into a message, `extract` it from one.

A carrier is whatever has headers: those of an HTTP request, of a queue's message, of an event of a stream, the `_meta`
of a request of the Model Context Protocol, the `metadata` of an A2A message. What is written is W3C Trace Context and
Baggage, or what OTEL_PROPAGATORS says.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, MutableMapping, MutableSequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from opentelemetry import context, propagate, trace
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.propagators.textmap import TextMapPropagator

from hivesight_sdk.recording import drop
from hivesight_sdk.tracing.ids import IdBaggage

if TYPE_CHECKING:
    from contextvars import Token
    from types import TracebackType

    from opentelemetry.context import Context

MAX_HEADERS: Final = 1_000
"""Entries of a carrier that are looked at."""

_DEFAULT_PROPAGATORS: Final = "tracecontext,baggage"

CarrierT = TypeVar("CarrierT")


def install() -> None:
    """Make the ids a part of the baggage that every instrumented library sends. Does so once."""
    if not _ids_wanted() or any(isinstance(each, IdBaggage) for each in _installed):
        return
    ids = IdBaggage()
    _installed.append(ids)
    propagate.set_global_textmap(CompositePropagator([propagate.get_global_textmap(), ids]))


_installed: list[TextMapPropagator] = []


def _ids_wanted() -> bool:
    return "baggage" in os.environ.get("OTEL_PROPAGATORS", _DEFAULT_PROPAGATORS)


class Remote:
    """Whence a message came. Enter it to go on with the sender's trace and ids, or give it to `link`."""

    __slots__ = ("_context", "_tokens")

    def __init__(self, remote: Context) -> None:
        self._context: Final = remote
        self._tokens: list[Token[Context]] = []

    @property
    def trace_id(self) -> str | None:
        """The sender's trace, 32 hexadecimal digits; None where the message carries none."""
        found = self.span_context
        return f"{found.trace_id:032x}" if found.is_valid else None

    @property
    def span_context(self) -> trace.SpanContext:
        """The sender's span as OpenTelemetry knows it; not valid where the message carries none."""
        return trace.get_current_span(self._context).get_span_context()

    def __enter__(self) -> Remote:
        self._tokens.append(context.attach(self._context))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._tokens:
            token = self._tokens.pop()
            if context.get_current() is self._context:
                context.detach(token)

    async def __aenter__(self) -> Remote:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


def inject(carrier: CarrierT) -> CarrierT:
    """Write the current trace, and the ids around it, into `carrier`; returns it. Never raises.

    A mapping gets texts (`inject({})` makes headers); a list gets pairs of text and bytes, as Kafka's clients want.
    """
    try:
        install()
        headers: dict[str, str] = {}
        propagate.inject(headers)
        _write(headers, carrier)
    except Exception as error:  # noqa: BLE001  a carrier of the host's own making; the message matters more
        drop("recording_failed", f"a trace's context cannot be injected: {type(error).__name__}", error)
    return carrier


def extract(carrier: object) -> Remote:
    """The sender's trace and ids as `carrier` has them; an empty one where it has none. Never raises.

    `carrier` is a mapping, a list of pairs (ASGI's headers, Kafka's), an object whose further fields are one (a `_meta`
    of the MCP client), or None. Names are taken without regard to case; values may be bytes.
    """
    here = context.get_current()
    try:
        install()
        return Remote(propagate.extract(_read(carrier), here))
    except Exception as error:  # noqa: BLE001  what strangers send must not stop the message
        drop("recording_failed", f"a trace's context cannot be extracted: {type(error).__name__}", error)
        return Remote(here)


def link(*senders: Remote | object) -> None:
    """Link the current span to the senders of messages that are handled together (fan-in). Never raises.

    Each is what `extract` gave, or a carrier.
    """
    try:
        span = trace.get_current_span()
        for sender in senders:
            found = (sender if isinstance(sender, Remote) else extract(sender)).span_context
            if found.is_valid and found.is_remote:
                span.add_link(found)
    except Exception as error:  # noqa: BLE001  a span of a foreign kind
        drop("recording_failed", f"a span cannot be linked: {type(error).__name__}", error)


def _write(headers: Mapping[str, str], carrier: object) -> None:
    if isinstance(carrier, MutableMapping):
        cast("MutableMapping[str, str]", carrier).update(headers)
    elif isinstance(carrier, MutableSequence):
        pairs = cast("MutableSequence[tuple[str, bytes]]", carrier)
        pairs.extend((name, value.encode()) for name, value in headers.items())
    else:
        raise TypeError(f"a {type(carrier).__name__} cannot take headers: give a dict or a list")


def _read(carrier: object) -> dict[str, list[str]]:
    """The headers that propagators ask for, by name in lower case."""
    wanted = {name.lower() for name in propagate.get_global_textmap().fields}
    found: dict[str, list[str]] = {}
    for name, value in islice(_pairs(carrier), MAX_HEADERS):
        key = _text(name).lower()
        if key in wanted:
            values = cast("list[object]", value) if isinstance(value, list) else [value]
            found.setdefault(key, []).extend(_text(each) for each in values)
    return found


def _pairs(carrier: object) -> Iterable[tuple[object, object]]:
    if carrier is None:
        return ()
    holder = cast("object", getattr(carrier, "model_extra", None)) or carrier  # a pydantic model's further fields
    if isinstance(holder, Mapping):
        return cast("Mapping[object, object]", holder).items()
    return cast("Iterable[tuple[object, object]]", holder)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""
