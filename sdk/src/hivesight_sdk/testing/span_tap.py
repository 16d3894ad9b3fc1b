"""Tracing in memory: while a tap is open, every run opens a span, and every span of the process is seen as it begins.

OpenTelemetry has one tracer provider for a process. The taps take the one that is there; where there is none, they put
in one of their own and take it out again, so that a program under test may still set up its own.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from hivesight_sdk import spans
from hivesight_sdk.tracing import propagation
from hivesight_sdk.tracing.processor import HiveSpans
from hivesight_sdk.tracing.runs import opener

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from hivesight_sdk.spans import Opener

MAX_SPANS: Final = 100_000
"""Spans that one tap keeps; further ones are not."""


class SpanTap:
    """Spans that begin between `open` and `close`."""

    def __init__(self) -> None:
        self._begun: Final[list[Span]] = []

    def open(self) -> None:
        """See what begins from now on."""
        with _lock:
            if not _open:
                _switch.on()
            elif spans.open_span is None:  # a `configure` was closed within the outer block
                _switch.on_again()
            _open.append(self)

    def close(self) -> None:
        """See no more; the last one to close leaves everything as the first one found it."""
        with _lock:
            _open.remove(self)
            if not _open:
                _switch.off()

    def begins(self, span: Span) -> None:
        """A span begins, on any thread."""
        if len(self._begun) < MAX_SPANS:
            self._begun.append(span)

    @property
    def ended(self) -> list[ReadableSpan]:
        """Those that have ended by now, in the order in which they began."""
        return [span for span in tuple(self._begun) if span.end_time is not None]

    @property
    def under_way(self) -> list[str]:
        """Names of those that have not."""
        return [span.name for span in tuple(self._begun) if span.end_time is None]


class _ForTaps(SpanProcessor):
    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        for each in tuple(_open):
            each.begins(span)


class _Switch:
    """What of the process is another while taps are open."""

    def __init__(self) -> None:
        self.opener: Opener | None = None
        self._before: Opener | None = None
        self._own: TracerProvider | None = None
        self._processor: Final = _ForTaps()
        self._equipped: Final[list[object]] = []

    def on(self) -> None:
        propagation.install()
        tracer: Any = self._provider().get_tracer("hivesight_sdk")
        tracer.sampler = ALWAYS_ON  # a test sees every run, whatever share of them is kept in production
        self._before, self.opener = spans.open_span, opener(tracer)
        spans.open_span = self.opener

    def on_again(self) -> None:
        self._before = None
        spans.open_span = self.opener

    def off(self) -> None:
        if spans.open_span not in (self.opener, None):
            return  # `configure` was called in the block and is on: it needs the provider that it found
        if spans.open_span is self.opener:
            spans.open_span = self._before
        if _global_provider() is self._own:
            _set_global_provider(None)

    def _provider(self) -> Any:
        found: Any = _global_provider()
        if found is None or not hasattr(found, "add_span_processor"):
            # One for all of the process's life: instrumentations keep the tracer that they were given first.
            if self._own is None:
                self._own = TracerProvider(sampler=ALWAYS_ON, resource=Resource({}), shutdown_on_exit=False)
                self._own.add_span_processor(HiveSpans())
            if found is None:
                _set_global_provider(self._own)
            found = self._own
        if found not in self._equipped:
            self._equipped.append(found)
            found.add_span_processor(self._processor)
        return found


def _global_provider() -> object:
    provider = trace.get_tracer_provider()
    return None if isinstance(provider, trace.ProxyTracerProvider) else provider


def _set_global_provider(provider: TracerProvider | None) -> None:
    # OpenTelemetry's own function works once in the life of a process; this leaves that once to the program under test.
    trace._TRACER_PROVIDER = provider  # pyright: ignore[reportPrivateUsage]


_lock: Final = threading.RLock()
_open: Final[list[SpanTap]] = []
_switch: Final = _Switch()
