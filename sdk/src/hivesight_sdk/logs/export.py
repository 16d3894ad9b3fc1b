"""Log records out as OTLP: what a line shows, in the form that servers of OpenTelemetry take.

Source: opentelemetry-proto 1.x (logs.proto), OpenTelemetry's specification, "Logs Data Model".
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from hivesight_sdk.otlp.shipper import DEFAULT_INTERVAL_SECONDS, Shipper
from hivesight_sdk.otlp.values import any_value, attributes
from hivesight_sdk.semconv import span_attributes as names

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from hivesight_sdk.logs.values import Json
    from hivesight_sdk.otlp.destination import Destination

# Of those that ship: what they say of a server that does not answer would wait for the same server.
_NOT_EXPORTED: Final = "hivesight_sdk.otlp"

_IDS: Final = {"agent": names.AGENT_ID, "task": names.TASK_ID, "conversation": names.CONVERSATION_ID}
_EXCEPTION: Final = {"type": "exception.type", "message": "exception.message", "stack": "exception.stacktrace"}
_MAX_SECONDS: Final = 2**63 / 1e9


class _Record(NamedTuple):
    created: float
    level: int
    document: Mapping[str, Json]


class LogExport:
    """Ships what lines show. `describe` tells who this process is when they are sent."""

    def __init__(
        self,
        to: Destination,
        describe: Callable[[], Mapping[str, object]],
        flush_seconds: float,
        interval_seconds: float = DEFAULT_INTERVAL_SECONDS,
    ) -> None:
        self._describe: Final = describe
        self._flush_seconds: Final = flush_seconds
        self.shipper: Final = Shipper("logs", self._encode, to, interval_seconds=interval_seconds)

    def offer(self, record: logging.LogRecord, document: Mapping[str, Json]) -> None:
        """Queue the record as `document`, its line's object, shows it. Never waits."""
        if record.name == _NOT_EXPORTED:
            return
        # A record that was made of parts, as those of other processes are, may lack either.
        created, level = cast("object", record.created), cast("object", record.levelno)
        created = created if isinstance(created, float) else 0.0
        self.shipper.offer(_Record(created, level if isinstance(level, int) else 0, document))

    def flush(self) -> None:
        """Send what is queued, for at most `flush_seconds`."""
        self.shipper.flush(self._flush_seconds)

    def close(self) -> None:
        """Send what is queued, for at most `flush_seconds`, and take nothing more. May be called twice."""
        self.shipper.close(self._flush_seconds)

    def _encode(self, records: Sequence[_Record]) -> bytes:
        """The body of an ExportLogsServiceRequest; the name of a logger is that of the scope."""
        scopes: defaultdict[str, list[str]] = defaultdict(list)
        for record in records:
            # One by one, as the encoder lets no other thread of the host run meanwhile.
            scopes[str(record.document.get("logger", ""))].append(_json(_log_record(record)))
        resource = _json({"attributes": attributes(self._describe())})
        scope_logs = ",".join(
            f'{{"scope":{{"name":{_json(name)}}},"logRecords":[{",".join(encoded)}]}}'
            for name, encoded in scopes.items()
        )
        return f'{{"resourceLogs":[{{"resource":{resource},"scopeLogs":[{scope_logs}]}}]}}'.encode()


def _log_record(record: _Record) -> dict[str, Any]:
    document, time_ns = record.document, _nanoseconds(record.created)
    said: dict[str, object] = {}
    fields = document.get("fields")
    if isinstance(fields, dict):
        said.update(fields)
    said.update((name, document[key]) for key, name in _IDS.items() if key in document)
    exception = document.get("exception")
    if isinstance(exception, dict):
        said.update((name, exception[key]) for key, name in _EXCEPTION.items() if key in exception)
    if "truncated" in document:
        said["truncated"] = True
    encoded: dict[str, Any] = {
        "timeUnixNano": time_ns,
        "observedTimeUnixNano": time_ns,
        "severityNumber": severity_number(record.level),
        "severityText": str(document["level"]).upper(),
        "body": any_value(document["message"]),
        "attributes": attributes(said),
    }
    if "trace_id" in document:
        encoded["traceId"], encoded["spanId"] = document["trace_id"], document["span_id"]
    return encoded


def severity_number(level: int) -> int:
    """A level of Python's logging as OTLP's: 5 for DEBUG, 9 for INFO, 13, 17 and 21 for CRITICAL, up to 3 more for the
    levels in between ("Mapping of SeverityNumber")."""
    if level < 10:
        return 1 if level > 0 else 0
    tens, ones = divmod(min(level, 53), 10)
    return 4 * tens + 1 + min(ones, 3)


def _nanoseconds(seconds: float) -> str:
    return str(int(seconds * 1e9)) if math.isfinite(seconds) and 0 <= seconds < _MAX_SECONDS else "0"


def _json(value: object) -> str:
    return json.dumps(cast("Any", value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
