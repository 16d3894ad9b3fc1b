"""Finished spans as OTLP requests in JSON (opentelemetry-proto 1.x, "JSON Protobuf Encoding")."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from opentelemetry.trace import SpanKind, StatusCode

from hivesight_sdk.logs.redaction import Redactor
from hivesight_sdk.otlp.values import MAX_KEY_CHARACTERS, MAX_TEXT_CHARACTERS, attributes, text

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.trace import Link, SpanContext

_KINDS: Final = {
    SpanKind.INTERNAL: 1,
    SpanKind.SERVER: 2,
    SpanKind.CLIENT: 3,
    SpanKind.PRODUCER: 4,
    SpanKind.CONSUMER: 5,
}
_STATUS: Final = {StatusCode.UNSET: 0, StatusCode.OK: 1, StatusCode.ERROR: 2}
_HAS_IS_REMOTE: Final = 0x100
_IS_REMOTE: Final = 0x200
# What programs say of their failures may hold what they were called with.
_SAID_BY_ERRORS: Final = ("exception.message", "exception.stacktrace")
_redactor: Final = Redactor()


def request(spans: Iterable[ReadableSpan], resource: Mapping[str, object]) -> bytes:
    """The body of an ExportTraceServiceRequest. Secrets in what exceptions say are taken out."""
    scopes: defaultdict[tuple[str, str | None], list[str]] = defaultdict(list)
    for span in spans:
        scope = span.instrumentation_scope
        # One by one, as the encoder lets no other thread of the host run meanwhile.
        scopes["" if scope is None else scope.name, None if scope is None else scope.version].append(_json(_span(span)))
    scope_spans = ",".join(
        f'{{"scope":{_json(_scope(name, version))},"spans":[{",".join(encoded)}]}}'
        for (name, version), encoded in scopes.items()
    )
    about = _json({"attributes": attributes(resource)})
    return f'{{"resourceSpans":[{{"resource":{about},"scopeSpans":[{scope_spans}]}}]}}'.encode()


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _scope(name: str, version: str | None) -> dict[str, str]:
    return {"name": name} if version is None else {"name": name, "version": version}


def _span(span: ReadableSpan) -> dict[str, Any]:
    context = cast("SpanContext", span.get_span_context())
    start = span.start_time or 0
    encoded: dict[str, Any] = {
        **_ids(context),
        "flags": _flags(context, span.parent),
        "name": text(span.name, MAX_KEY_CHARACTERS),
        "kind": _KINDS[span.kind],
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(max(start, span.end_time or 0)),  # the clock may have been set back meanwhile
        "attributes": attributes(span.attributes or {}),
        "status": _status(span),
    }
    if span.parent is not None:
        encoded["parentSpanId"] = f"{span.parent.span_id:016x}"
    if span.events:
        encoded["events"] = [_event(event) for event in span.events]
    if span.links:
        encoded["links"] = [_link(link) for link in span.links]
    dropped = {
        "droppedAttributesCount": span.dropped_attributes,
        "droppedEventsCount": span.dropped_events,
        "droppedLinksCount": span.dropped_links,
    }
    encoded.update({name: count for name, count in dropped.items() if count})
    return encoded


def _ids(context: SpanContext) -> dict[str, Any]:
    ids = {"traceId": f"{context.trace_id:032x}", "spanId": f"{context.span_id:016x}"}
    state = context.trace_state.to_header()
    return {**ids, "traceState": state} if state else ids


def _flags(context: SpanContext, parent: SpanContext | None) -> int:
    remote = _IS_REMOTE if parent is not None and parent.is_remote else 0
    return int(context.trace_flags) | _HAS_IS_REMOTE | remote


def _status(span: ReadableSpan) -> dict[str, Any]:
    code = _STATUS[span.status.status_code]
    description = span.status.description
    return {"code": code} | ({"message": text(_redactor.text(description), MAX_TEXT_CHARACTERS)} if description else {})


def _event(event: Event) -> dict[str, Any]:
    said: dict[str, object] = dict(event.attributes or {})
    for key in _SAID_BY_ERRORS:
        value = said.get(key)
        if isinstance(value, str):
            said[key] = _redactor.text(value)
    return {
        "timeUnixNano": str(event.timestamp),
        "name": text(event.name, MAX_KEY_CHARACTERS),
        "attributes": attributes(said),
    }


def _link(link: Link) -> dict[str, Any]:
    flags = int(link.context.trace_flags) | _HAS_IS_REMOTE | (_IS_REMOTE if link.context.is_remote else 0)
    return {**_ids(link.context), "flags": flags, "attributes": attributes(link.attributes or {})}
