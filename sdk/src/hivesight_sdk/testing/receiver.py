"""An OTLP receiver on the loopback interface, for tests of what is shipped and of what happens when nobody takes it."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import TracebackType

MAX_BODY_BYTES: Final = 64 << 20
_POLL_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One POST: its path, its headers with names in lower case, and its JSON; None where it is not JSON."""

    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class ReceivedSpan:
    """One span that was shipped. Ids are hexadecimal."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str | None
    attributes: Mapping[str, object]
    resource: Mapping[str, object]


class OtlpReceiver:
    """Takes OTLP in JSON from `with` to the end of the block, at `url`, which is what `configure(endpoint=...)` takes.

    Set `status` to have it answer with an error. Its threads end with the block.
    """

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.requests: Final[list[ReceivedRequest]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = min(int(self.headers.get("Content-Length") or 0), MAX_BODY_BYTES)
                body = self.rfile.read(size)
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.requests.append(ReceivedRequest(self.path, headers, _document(body, headers)))
                self.send_response(receiver.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server: Final = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread: Final = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="hivesight-test-receiver", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def spans(self) -> list[ReceivedSpan]:
        """All that came, in the order in which it came."""
        return [span for request in tuple(self.requests) for span in _spans(request.body)]

    def wait_for(self, condition: Callable[[OtlpReceiver], object], timeout_seconds: float = 10.0) -> None:
        """Return once `condition` holds. AssertionError where it does not in time, telling what came."""
        deadline = time.monotonic() + timeout_seconds
        while not condition(self):
            if time.monotonic() > deadline:
                came = [(request.path, len(list(_spans(request.body)))) for request in tuple(self.requests)]
                raise AssertionError(f"not within {timeout_seconds:g} s; paths and spans that came: {came}")
            time.sleep(_POLL_SECONDS)

    def __enter__(self) -> OtlpReceiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _document(body: bytes, headers: Mapping[str, str]) -> Any:
    try:
        return json.loads(gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body)
    except (ValueError, OSError, EOFError):
        return None


def _spans(document: Any) -> Iterator[ReceivedSpan]:
    """The spans of an ExportTraceServiceRequest (opentelemetry-proto 1, in JSON)."""
    request: Any = document or {}
    for group in request.get("resourceSpans", ()):
        resource = _attributes(group.get("resource", {}))
        for scope in group.get("scopeSpans", ()):
            for span in scope.get("spans", ()):
                yield ReceivedSpan(
                    span["name"],
                    span["traceId"],
                    span["spanId"],
                    span.get("parentSpanId") or None,
                    _attributes(span),
                    resource,
                )


def _attributes(holder: Mapping[str, Any]) -> dict[str, object]:
    return {each["key"]: _value(each["value"]) for each in holder.get("attributes", ())}


def _value(value: Mapping[str, Any]) -> object:
    (kind, content), *_ = value.items()
    match kind:
        case "intValue":
            return int(content)
        case "arrayValue":
            return tuple(_value(each) for each in content.get("values", ()))
        case _:
            return content
