"""Who logs: the agent, task and conversation around a block of code, and OpenTelemetry's current span.

The ids live in a context variable, so that asyncio tasks and `asyncio.to_thread` inherit them. What the block does not
say itself, the baggage says that came with the request or message which is being handled.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hivesight_sdk.logs.limits import NAME_CHARACTERS
from hivesight_sdk.logs.values import safe_text
from hivesight_sdk.semconv import span_attributes as names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType


@dataclass(frozen=True, slots=True)
class LogContext:
    """The ids that records carry; None for what is not known."""

    agent: str | None = None
    task: str | None = None
    conversation: str | None = None

    def attributes(self) -> dict[str, str]:
        """The ids that are known, under their names on spans and in baggage."""
        return {name: value for field, name in _ATTRIBUTES if (value := getattr(self, field)) is not None}


_ATTRIBUTES: Final = (("agent", names.AGENT_ID), ("task", names.TASK_ID), ("conversation", names.CONVERSATION_ID))
NO_IDS: Final = LogContext()
"""Where nothing says who it is."""

_current: ContextVar[LogContext] = ContextVar("hivesight_log_context", default=NO_IDS)


def current_log_context() -> LogContext:
    """The ids around this point of the program."""
    here, carried = _current.get(), _baggage()
    if not carried:
        return here
    return LogContext(*(getattr(here, field) or _id(carried.get(name)) for field, name in _ATTRIBUTES))


def _baggage() -> Mapping[str, object]:
    # Looked for only where the host, or `configure`, has loaded OpenTelemetry.
    baggage: Any = sys.modules.get("opentelemetry.baggage")
    return {} if baggage is None else baggage.get_all()


class LogScope:
    """What `log_context` gives: a `with` and `async with` block in which records carry its ids."""

    __slots__ = ("_given", "_tokens")

    def __init__(self, given: LogContext) -> None:
        self._given: Final = given
        self._tokens: list[Token[LogContext]] = []

    def __enter__(self) -> LogContext:
        outer, given = _current.get(), self._given
        inner = LogContext(
            given.agent if given.agent is not None else outer.agent,
            given.task if given.task is not None else outer.task,
            given.conversation if given.conversation is not None else outer.conversation,
        )
        self._tokens.append(_current.set(inner))
        return inner

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._tokens:
            token = self._tokens.pop()
            try:
                _current.reset(token)
            except ValueError:  # a generator that is closed in another context than it was opened in
                if token.old_value is not Token.MISSING:
                    _current.set(token.old_value)

    async def __aenter__(self) -> LogContext:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


def log_context(*, agent: object = None, task: object = None, conversation: object = None) -> LogScope:
    """Records within the block carry these ids (their text, 128 characters); None leaves what is around it.

    Open a new one for each `with`. Never raises.
    """
    return LogScope(LogContext(_id(agent), _id(task), _id(conversation)))


def _id(value: object) -> str | None:
    return None if value is None else safe_text(value, NAME_CHARACTERS)


def current_trace() -> tuple[str, str] | None:
    """The trace id (32 hex digits) and span id (16) of OpenTelemetry's current span; None without one, and where the
    host has not imported OpenTelemetry itself."""
    trace: Any = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    try:
        span = trace.get_current_span().get_span_context()
        return (f"{span.trace_id:032x}", f"{span.span_id:016x}") if span.is_valid else None
    except Exception:  # noqa: BLE001  a span of a foreign kind, or a module that is half imported: no ids
        return None
