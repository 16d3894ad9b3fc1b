"""Spans that began in a captured block and have ended: found by name and attributes, and shown as a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan


@dataclass(frozen=True, slots=True)
class CapturedSpan:
    """One span that has ended. Ids are hexadecimal, times are in seconds."""

    name: str
    kind: str
    """internal, server, client, producer or consumer."""
    trace_id: str
    span_id: str
    parent_id: str | None
    scope: str
    """Who made it: "hivesight_sdk", or the name of an instrumentation."""
    attributes: Mapping[str, object]
    error: str | None
    """What went wrong, for a span whose status is an error: its description, else its `error.type`."""
    exceptions: tuple[str, ...]
    """Types of the exceptions that were recorded."""
    links: tuple[tuple[str, str], ...]
    """Trace and span id of each linked span."""
    started: float
    duration: float

    def has(self, attributes: Mapping[str, object]) -> bool:
        """Whether it carries all of these."""
        return all(name in self.attributes and self.attributes[name] == value for name, value in attributes.items())


class CapturedSpans(Sequence[CapturedSpan]):
    """In the order in which they began. A name that is looked for may be a pattern: `"chat *"`."""

    def __init__(self, spans: Sequence[CapturedSpan]) -> None:
        self._spans = tuple(spans)
        self._by_id = {span.span_id: span for span in self._spans}

    def __len__(self) -> int:
        return len(self._spans)

    @overload
    def __getitem__(self, index: int) -> CapturedSpan: ...
    @overload
    def __getitem__(self, index: slice) -> CapturedSpans: ...
    def __getitem__(self, index: int | slice) -> CapturedSpan | CapturedSpans:
        return CapturedSpans(self._spans[index]) if isinstance(index, slice) else self._spans[index]

    def __iter__(self) -> Iterator[CapturedSpan]:
        return iter(self._spans)

    def __repr__(self) -> str:
        return f"<{len(self)} spans>\n{self.tree()}"

    @property
    def names(self) -> list[str]:
        """The name of each."""
        return [span.name for span in self._spans]

    @property
    def roots(self) -> CapturedSpans:
        """Those whose parent is not among them."""
        return self._where(lambda span: span.parent_id not in self._by_id)

    def find(self, name: str = "*", attributes: Mapping[str, object] | None = None) -> CapturedSpans:
        """All of this name that carry these attributes."""
        return self._where(lambda span: fnmatchcase(span.name, name) and span.has(attributes or {}))

    def one(self, name: str = "*", attributes: Mapping[str, object] | None = None) -> CapturedSpan:
        """The only one of this name that carries these attributes. AssertionError where there are none or several."""
        found = self.find(name, attributes)
        if len(found) != 1:
            carrying = f" with {dict(attributes)}" if attributes else ""
            raise AssertionError(f"{len(found)} spans {name!r}{carrying}, not one, among:\n{self.shown()}")
        return found[0]

    def parent(self, span: CapturedSpan) -> CapturedSpan | None:
        """The span that `span` is a part of; None for a root, and where that is not among these."""
        return None if span.parent_id is None else self._by_id.get(span.parent_id)

    def children(self, span: CapturedSpan) -> CapturedSpans:
        """The spans right below `span`."""
        return self._where(lambda each: each.parent_id == span.span_id)

    def tree(self, *attributes: str) -> str:
        """A line for each span, indented below its parent, with its error, and those of `attributes` that it carries.

        There are no ids and no times in it, so that it can be compared with what was wanted.
        """
        return "\n".join(line for root in self.roots for line in self._lines(root, attributes))

    def shown(self) -> str:
        """The tree for a message: it says so where there is nothing."""
        return self.tree() or "(no spans)"

    def _lines(self, root: CapturedSpan, attributes: Sequence[str]) -> Iterator[str]:
        below = [(root, 0)]
        while below:
            span, depth = below.pop()
            carried = [f"{name}={span.attributes[name]!r}" for name in attributes if name in span.attributes]
            failed = [] if span.error is None else [f"[error: {span.error}]"]
            yield "  " * depth + "  ".join([span.name, *carried, *failed])
            below.extend((child, depth + 1) for child in reversed(self.children(span)))

    def _where(self, wanted: Callable[[CapturedSpan], bool]) -> CapturedSpans:
        return CapturedSpans([span for span in self._spans if wanted(span)])


def captured(span: ReadableSpan) -> CapturedSpan:
    """What OpenTelemetry's SDK knows of a span that has ended."""
    context, scope = span.context, span.instrumentation_scope
    attributes = dict(span.attributes or {})
    kinds = [dict(event.attributes or {}).get("exception.type") for event in span.events if event.name == "exception"]
    started, ended = span.start_time or 0, span.end_time or 0
    error = None
    if not span.status.is_ok:
        error = span.status.description or str(attributes.get("error.type", "error"))
    return CapturedSpan(
        name=span.name,
        kind=span.kind.name.lower(),
        trace_id=f"{context.trace_id:032x}" if context else "",
        span_id=f"{context.span_id:016x}" if context else "",
        parent_id=f"{span.parent.span_id:016x}" if span.parent else None,
        scope=scope.name if scope else "",
        attributes=attributes,
        error=error,
        exceptions=tuple(str(kind) for kind in kinds),
        links=tuple((f"{link.context.trace_id:032x}", f"{link.context.span_id:016x}") for link in span.links),
        started=started / 1e9,
        duration=(ended - started) / 1e9,
    )
