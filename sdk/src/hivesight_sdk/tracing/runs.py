"""Spans of tracked runs, on OpenTelemetry's tracer. Nothing here raises into the host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry import context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, get_current_span, set_span_in_context

from hivesight_sdk.recording import drop
from hivesight_sdk.span_names import ERROR_TYPE, OUTCOME
from hivesight_sdk.tracking import is_cancellation

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.context import Context

    from hivesight_sdk.spans import Attributes, Opener, Spanned, SpanStart

_MAX_DESCRIPTION: Final = 256


class RunSpan:
    """The span of one run; see `spans.OpenSpan`."""

    __slots__ = ("_context", "_inside", "_span", "_token")

    def __init__(self, span: Span) -> None:
        self._span: Final = span
        self._context: Final = set_span_in_context(span)
        self._inside: Context = self._context
        self._token: Token[Context] | None = context.attach(self._context)

    def leave(self) -> None:
        if self._token is not None:
            # What the generator has made current inside of the span is so again in its next step.
            self._inside = context.get_current()
            context.detach(self._token)
            self._token = None

    def resume(self) -> None:
        if self._token is None:
            self._token = context.attach(self._inside)

    def end(self, error: BaseException | None, of: Spanned) -> None:
        token, self._token = self._token, None
        # A block that ends in another context than it began in, of a generator that was thrown away, undoes nothing.
        if token is not None and context.get_current() is self._context:
            context.detach(token)
        span = self._span
        try:
            if span.is_recording():
                attributes = of.span_attributes()
                if attributes:
                    span.set_attributes(attributes)
                if error is not None:
                    _note(span, error, attributes)
                elif ERROR_TYPE in attributes:
                    span.set_status(Status(StatusCode.ERROR))
            span.end()
        except Exception as failure:  # noqa: BLE001  processors and samplers are the host's
            drop("recording_failed", f"a span cannot be ended: {type(failure).__name__}", failure)


def _note(span: Span, error: BaseException, attributes: Attributes) -> None:
    if is_cancellation(error):  # stopped from outside: neither a success nor the block's failure
        if OUTCOME not in attributes:
            span.set_attribute(OUTCOME, "cancelled")
        return
    kind = type(error)
    if ERROR_TYPE not in attributes:
        span.set_attribute(ERROR_TYPE, _type_name(kind))
    span.record_exception(error)
    span.set_status(Status(StatusCode.ERROR, f"{kind.__name__}: {error}"[:_MAX_DESCRIPTION]))


def _type_name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _kind(start: SpanStart) -> SpanKind:
    if start.calls_out:
        return SpanKind.CLIENT
    if get_current_span().get_span_context().is_remote:
        return SpanKind.CONSUMER if start.queued else SpanKind.SERVER
    return SpanKind.INTERNAL


def opener(tracer: Tracer) -> Opener:
    """What opens the spans of runs with `tracer`."""

    def open_span(of: Spanned) -> RunSpan | None:
        try:
            start = of.span_start()
            if start is None:
                return None
            return RunSpan(tracer.start_span(start.name, kind=_kind(start), attributes=start.attributes))
        except Exception as failure:  # noqa: BLE001  processors and samplers are the host's
            drop("recording_failed", f"a span cannot be started: {type(failure).__name__}", failure)
            return None

    return open_span
