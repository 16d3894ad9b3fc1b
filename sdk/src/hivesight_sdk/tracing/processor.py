"""What every span goes through: at its start it gets the ids around it, at its end it is handed on for shipping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from hivesight_sdk.logs.context import NO_IDS, current_log_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.context import Context


class HiveSpans(SpanProcessor):
    """Its receiver can be exchanged, as a span processor can never be taken out of a provider again."""

    def __init__(self) -> None:
        self.ship: Callable[[ReadableSpan], object] | None = None
        """Takes a sampled span that has ended; must not block. None: spans go nowhere."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        ids = current_log_context()
        if ids is not NO_IDS:
            span.set_attributes(ids.attributes())

    def on_end(self, span: ReadableSpan) -> None:
        context = span.context
        if self.ship is not None and context is not None and context.trace_flags.sampled:
            self.ship(span)
