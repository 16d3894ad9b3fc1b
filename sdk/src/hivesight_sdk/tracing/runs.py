"""Spans of tracked runs, on OpenTelemetry's tracer. Nothing here raises into the host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from opentelemetry import context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, get_current_span, set_span_in_context

from hivesight_sdk.errors import is_cancellation
from hivesight_sdk.recording import drop
from hivesight_sdk.semconv.span_attributes import ERROR_TYPE, OUTCOME

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from hivesight_sdk.spans import Attributes, Opener, Spanned, SpanStart, Value

_MAX_DESCRIPTION: Final = 256


class RunSpan:
    """The span of one run; see `spans.OpenSpan`."""

    __slots__ = ("_around", "_inside", "_span", "context")

    # Not by tokens: they work only in the copy of the context variables in which they were made, and frameworks tell
    # of the end of a run in another one.

    def __init__(self, span: Span, around: Context) -> None:
        self._span: Final = span
        self._inside = set_span_in_context(span, around)
        self._around: Context | None = around
        self.context: Final = span.get_span_context() if span.is_recording() else None
        context.attach(self._inside)

    def leave(self) -> None:
        if self._around is not None:
            # What the generator has made current inside of the span is so again in its next step.
            self._inside = context.get_current()
            context.attach(self._around)
            self._around = None

    def resume(self) -> None:
        if self._around is None:
            self._around = context.get_current()
            context.attach(self._inside)

    def end(self, error: BaseException | None, of: Spanned) -> None:
        around, self._around = self._around, None
        span = self._span
        # A block that ends in another context than it began in, of a generator that was thrown away, undoes nothing.
        if around is not None and get_current_span() is span:
            context.attach(around)
        try:
            if span.is_recording():
                attributes = of.span_attributes()
                if attributes:
                    _give(span, attributes)
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


def _kind(start: SpanStart, around: Context) -> SpanKind:
    if start.calls_out:
        return SpanKind.CLIENT
    if get_current_span(around).get_span_context().is_remote:
        return SpanKind.CONSUMER if start.queued else SpanKind.SERVER
    return SpanKind.INTERNAL


def opener(tracer: Tracer, *, ours: bool = False) -> Opener:
    """What opens the spans of runs with `tracer`; `ours`: its sampler does not look at attributes."""

    def open_span(of: Spanned) -> RunSpan | None:
        try:
            start = of.span_start()
            if start is None:
                return None
            around = context.get_current()  # asked once: everyone below would ask again
            span = tracer.start_span(start.name, around, _kind(start, around), None if ours else start.attributes)
            if ours and span.is_recording():
                _give(span, start.attributes)
            return RunSpan(span, around)
        except Exception as failure:  # noqa: BLE001  processors and samplers are the host's
            drop("recording_failed", f"a span cannot be started: {type(failure).__name__}", failure)
            return None

    return open_span


def _give(span: Span, attributes: Attributes) -> None:
    # OpenTelemetry checks and copies each value, which is a fifth of what a span costs. Ours are few, short, and of the
    # right types.
    values = getattr(getattr(span, "_attributes", None), "_dict", None)
    if type(values) is dict:
        cast("dict[str, Value]", values).update(attributes)
    else:
        span.set_attributes(attributes)
