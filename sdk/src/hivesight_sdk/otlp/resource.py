"""Who sends: this process, as OpenTelemetry's resource conventions describe it."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Mapping
from itertools import islice
from typing import Final
from urllib.parse import unquote

SDK_NAME: Final = "hivesight"
UNKNOWN_SERVICE: Final = "unknown_service:python"
"""The name that OpenTelemetry's specification gives to a service without one."""

MAX_ATTRIBUTES: Final = 64
MAX_TEXT_CHARACTERS: Final = 1_024

Resource = dict[str, object]


def resource(
    service_name: str = UNKNOWN_SERVICE,
    attributes: Mapping[str, object] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Resource:
    """What every request says of its sender. `attributes` win over OTEL_RESOURCE_ATTRIBUTES, and these over what is
    found out. `service_name` is the name, where it is known. Long texts are cut off, of many attributes the first kept.

    Made anew in a forked child, which is another instance: see `instance_id`.
    """
    from hivesight_sdk import __version__

    found: Resource = {
        "service.name": UNKNOWN_SERVICE,
        "service.instance.id": instance_id(),
        "host.name": socket.gethostname(),
        "process.pid": os.getpid(),
        "telemetry.sdk.name": SDK_NAME,
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": __version__,
    }
    given = _pairs(environ.get("OTEL_RESOURCE_ATTRIBUTES", "")) | dict(attributes or {})
    found.update((name, _cut(value)) for name, value in islice(given.items(), MAX_ATTRIBUTES))
    if service_name != UNKNOWN_SERVICE:
        found["service.name"] = _cut(service_name)
    return found


def instance_id() -> str:
    """A random id of this process, the same for as long as it lives."""
    pid = os.getpid()
    if _instance[0] != pid:
        _instance[:] = [pid, str(uuid.uuid4())]
    return str(_instance[1])


_instance: Final[list[int | str]] = [0, ""]


def _cut(value: object) -> object:
    return value[:MAX_TEXT_CHARACTERS] if isinstance(value, str) else value


def _pairs(text: str) -> Resource:
    # OpenTelemetry's specification, "Specifying resource information via an environment variable".
    pairs = (pair.partition("=") for pair in text.split(",")[:MAX_ATTRIBUTES])
    return {unquote(name.strip()): unquote(value.strip()) for name, _, value in pairs if name.strip()}
