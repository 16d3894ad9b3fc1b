"""Where metrics are pushed to: what arguments and environment say, as a URL and headers."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote, unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_ENDPOINT: Final = "http://127.0.0.1:9640"
METRICS_PATH: Final = "/v1/metrics"

_HIVESIGHT_PATH: Final = "/api/v1/otlp" + METRICS_PATH
_MAX_HEADERS: Final = 64


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL without credentials, the headers to send with them, and what is spoken there."""

    url: str
    speaks: Literal["otlp", "pushgateway"]
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def shown(self) -> str:
        """The URL as messages name it: a query may hold a secret."""
        return self.url.partition("?")[0]


def destination(
    endpoint: str | None, pushgateway: str | None, headers: Mapping[str, str] | None, environ: Mapping[str, str]
) -> Destination:
    """`endpoint` is Hivesight's base URL, or a whole one that ends in /v1/metrics; `pushgateway` a base URL.

    Without both, the environment's: HIVESIGHT_ENDPOINT, HIVESIGHT_PUSHGATEWAY, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT,
    OTEL_EXPORTER_OTLP_ENDPOINT; else Hivesight on this host. `headers` go along, with OTLP from the environment also
    those of OTEL_EXPORTER_OTLP_HEADERS. Raises ValueError for what is no http or https URL.
    """
    given = dict(headers or {})

    def said(name: str) -> str:
        return environ.get(name, "").strip()

    hivesight = endpoint or (not pushgateway and said("HIVESIGHT_ENDPOINT"))
    if hivesight:
        return _checked(_with_path(hivesight, _HIVESIGHT_PATH), "otlp", given)
    gateway = pushgateway or said("HIVESIGHT_PUSHGATEWAY")
    if gateway:
        return _checked(gateway, "pushgateway", given)
    base = said("OTEL_EXPORTER_OTLP_ENDPOINT")
    whole = said("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") or (base and _with_path(base, METRICS_PATH))
    if whole:
        return _checked(whole, "otlp", {**_header_list(said("OTEL_EXPORTER_OTLP_HEADERS")), **given})
    return Destination(DEFAULT_ENDPOINT + _HIVESIGHT_PATH, "otlp", given)


def grouped(pushgateway: str, job: str, instance: str | None) -> str:
    """The Pushgateway's URL of a group (Pushgateway README, "URL")."""
    path = _pair("job", job) + ("" if instance is None else _pair("instance", instance))
    return pushgateway.rstrip("/") + "/metrics" + path


def _pair(name: str, value: str) -> str:
    if value and "/" not in value:
        return f"/{name}/{quote(value, safe='')}"
    return f"/{name}@base64/" + (base64.urlsafe_b64encode(value.encode()).decode().rstrip("=") or "=")


def _with_path(url: str, path: str) -> str:
    return url if urlsplit(url).path.endswith(METRICS_PATH) else url.rstrip("/") + path


def _checked(url: str, speaks: Literal["otlp", "pushgateway"], headers: dict[str, str]) -> Destination:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("metrics are pushed to a URL like http://127.0.0.1:9640")
    for name, value in headers.items():
        # Here, as http.client's own message would show the value.
        if not (name + value).isprintable() or not value.isascii():
            raise ValueError(f"the value of the header {name[:40]!r} cannot be sent")
    user, _, host = parts.netloc.rpartition("@")
    if user:
        credentials = base64.b64encode(unquote(user if ":" in user else user + ":").encode()).decode()
        headers.setdefault("Authorization", f"Basic {credentials}")
    return Destination(urlunsplit((parts.scheme, host, parts.path, parts.query, "")), speaks, headers)


def _header_list(text: str) -> dict[str, str]:
    # OpenTelemetry's specification: as W3C baggage, values percent-encoded.
    pairs = (pair.partition("=") for pair in text.split(",")[:_MAX_HEADERS])
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs if name.strip()}
