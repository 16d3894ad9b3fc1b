"""The seam between trackers and traces: what a measured run says of its span, and who opens one.

Without tracing `open_span` is None, and a run costs nothing but the look at it; OpenTelemetry is loaded by
`hivesight_sdk.tracing` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol

MAX_SPAN_STARTS: Final = 1_000
"""Beginnings of spans that are kept, per kind of span."""

Value = str | bool | int | float | tuple[str, ...]
Attributes = Mapping[str, Value]


class SpanStart(NamedTuple):
    """What is known of a span when it begins. `calls_out`: it waits for another service (OTLP's SPAN_KIND_CLIENT).
    `queued`: where another process asked for it, it did so through a queue (CONSUMER rather than SERVER)."""

    name: str
    attributes: Attributes
    calls_out: bool = False
    queued: bool = False


class Spanned(Protocol):
    """What has a span."""

    def span_start(self) -> SpanStart | None:
        """How its span begins; None where there is none."""
        ...

    def span_attributes(self) -> Attributes:
        """What is known at its end; an `error.type` among it is a failure."""
        ...


class OpenSpan(Protocol):
    """A span that is under way, and current while it is neither left nor ended. Its methods never raise."""

    @property
    def context(self) -> object | None:
        """Its OpenTelemetry span context; None where it is not recorded."""
        ...

    def leave(self) -> None:
        """Make the span around it current again: a generator gives control to its consumer."""
        ...

    def resume(self) -> None:
        """Make it current again."""
        ...

    def end(self, error: BaseException | None, of: Spanned) -> None:
        """End it with what the block raised and with the attributes that `of` knows by now."""
        ...


Opener = Callable[[Spanned], OpenSpan | None]

open_span: Opener | None = None
"""Set while tracing is on."""
