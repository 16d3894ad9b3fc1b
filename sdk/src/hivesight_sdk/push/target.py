"""Where metrics are pushed to: an OTLP server, or a Pushgateway."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from hivesight_sdk.otlp.destination import Destination, checked, default_destination, destination, disabled

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Target:
    """A server and what is spoken there."""

    to: Destination
    speaks: Literal["otlp", "pushgateway"]


def target(
    endpoint: str | None, pushgateway: str | None, headers: Mapping[str, str] | None, environ: Mapping[str, str]
) -> Target | None:
    """`endpoint` is an OTLP server's as for `destination`, `pushgateway` a base URL.

    Without both, the environment's: HIVESIGHT_ENDPOINT, HIVESIGHT_PUSHGATEWAY, then OpenTelemetry's; else Hivesight on
    this host. None where OTEL_SDK_DISABLED forbids OTLP. Raises ValueError for what is no http or https URL.
    """

    def said(name: str) -> str:
        return environ.get(name, "").strip()

    if not endpoint:
        gateway = pushgateway or (not said("HIVESIGHT_ENDPOINT") and said("HIVESIGHT_PUSHGATEWAY"))
        if gateway:
            return Target(checked(gateway, dict(headers or {})), "pushgateway")
    if disabled(environ):
        return None
    return Target(destination("metrics", endpoint, headers, environ) or default_destination("metrics", headers), "otlp")


def grouped(pushgateway: str, job: str, instance: str | None) -> str:
    """The Pushgateway's URL of a group (Pushgateway README, "URL")."""
    path = _pair("job", job) + ("" if instance is None else _pair("instance", instance))
    return pushgateway.rstrip("/") + "/metrics" + path


def _pair(name: str, value: str) -> str:
    if value and "/" not in value:
        return f"/{name}/{quote(value, safe='')}"
    return f"/{name}@base64/" + (base64.urlsafe_b64encode(value.encode()).decode().rstrip("=") or "=")
