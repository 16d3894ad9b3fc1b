"""Where telemetry is sent: what arguments and environment say, as a URL, headers and a time limit."""

from __future__ import annotations

import base64
import math
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

Signal = Literal["traces", "metrics", "logs"]

DEFAULT_ENDPOINT: Final = "http://127.0.0.1:9640"
"""Hivesight on this host."""

DEFAULT_TIMEOUT_SECONDS: Final = 10.0

_SIGNALS: Final[tuple[Signal, ...]] = ("traces", "metrics", "logs")
_HIVESIGHT_PATH: Final = "/api/v1/otlp"
_MAX_TIMEOUT_SECONDS: Final = 60.0
_MAX_HEADERS: Final = 64


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL without credentials, the headers to send with them, and how long to wait for an answer."""

    url: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS

    @property
    def shown(self) -> str:
        """The URL as messages name it: a query may hold a secret."""
        return self.url.partition("?")[0]


def destination(
    signal: Signal,
    endpoint: str | None = None,
    headers: Mapping[str, str] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Destination | None:
    """Where `signal` goes; None where nothing names a server, or OTEL_SDK_DISABLED says that nothing goes anywhere.

    `endpoint`, or without it HIVESIGHT_ENDPOINT, is Hivesight's base URL, or a whole one that ends in `/v1/<signal>`:
    that of another signal stands for its server. Without both, OTEL_EXPORTER_OTLP_<SIGNAL>_ENDPOINT is a whole URL and
    OTEL_EXPORTER_OTLP_ENDPOINT a base, to which OTEL_EXPORTER_OTLP_HEADERS go; OTEL_EXPORTER_OTLP_TIMEOUT is in
    milliseconds. Both have forms for one signal, which win. `headers` go along to each.
    Raises ValueError for what is no http or https URL, and where OTEL_EXPORTER_OTLP_PROTOCOL asks for gRPC.
    Source: OpenTelemetry's specification, "OpenTelemetry Protocol Exporter".
    """
    if disabled(environ):
        return None
    given = dict(headers or {})
    hivesight = endpoint or _said(environ, "HIVESIGHT_ENDPOINT")
    if hivesight:
        return checked(_of_signal(hivesight, _HIVESIGHT_PATH, signal), given, _timeout_seconds(signal, environ))
    base = _said(environ, "OTEL_EXPORTER_OTLP_ENDPOINT")
    url = _said(environ, f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT") or (base and _of_signal(base, "", signal))
    if not url:
        return None
    if _setting(signal, "PROTOCOL", environ).lower() == "grpc":
        raise ValueError(
            f"{signal} are not sent by gRPC: set OTEL_EXPORTER_OTLP_PROTOCOL to http/json, and the endpoint to the "
            "server's port for OTLP over HTTP (usually 4318)"
        )
    return checked(
        url, {**_header_list(_setting(signal, "HEADERS", environ)), **given}, _timeout_seconds(signal, environ)
    )


def default_destination(signal: Signal, headers: Mapping[str, str] | None = None) -> Destination:
    """Hivesight on this host."""
    return checked(_of_signal(DEFAULT_ENDPOINT, _HIVESIGHT_PATH, signal), dict(headers or {}))


def disabled(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether OTEL_SDK_DISABLED forbids to send anything."""
    return _said(environ, "OTEL_SDK_DISABLED").lower() == "true"


def checked(url: str, headers: dict[str, str], timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS) -> Destination:
    """The destination, with credentials moved from the URL to a header. Raises ValueError for other than http(s) URLs
    and for headers that cannot be sent."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("telemetry is sent to a URL like http://127.0.0.1:9640")
    if not url.isprintable() or not url.isascii() or " " in url:
        raise ValueError("the URL that telemetry is sent to has characters that must be percent-encoded")
    for name, value in headers.items():
        # Here, as http.client's own message would show the value.
        if not (name + value).isprintable() or not (name + value).isascii():
            raise ValueError(f"the value of the header {name[:40]!r} cannot be sent")
    user, _, host = parts.netloc.rpartition("@")
    if user:
        credentials = base64.b64encode(unquote(user if ":" in user else user + ":").encode()).decode()
        headers.setdefault("Authorization", f"Basic {credentials}")
    return Destination(urlunsplit((parts.scheme, host, parts.path, parts.query, "")), headers, timeout_seconds)


def _of_signal(url: str, path: str, signal: Signal) -> str:
    """`url` with `path` and that of the signal; a whole URL of any signal is its server's."""
    parts = urlsplit(url)
    whole = next((each for each in _SIGNALS if parts.path.endswith(f"/v1/{each}")), None)
    base = parts.path.rstrip("/") + path if whole is None else parts.path.removesuffix(f"/v1/{whole}")
    return urlunsplit(parts._replace(path=f"{base}/v1/{signal}"))


def _said(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip()


def _setting(signal: Signal, name: str, environ: Mapping[str, str]) -> str:
    own = _said(environ, f"OTEL_EXPORTER_OTLP_{signal.upper()}_{name}")
    return own or _said(environ, f"OTEL_EXPORTER_OTLP_{name}")


def _timeout_seconds(signal: Signal, environ: Mapping[str, str]) -> float:
    text = _setting(signal, "TIMEOUT", environ)
    try:
        seconds = float(text) / 1_000
    except ValueError:  # none, or no number: the specification's default
        return DEFAULT_TIMEOUT_SECONDS
    return min(seconds, _MAX_TIMEOUT_SECONDS) if math.isfinite(seconds) and seconds > 0 else DEFAULT_TIMEOUT_SECONDS


def _header_list(text: str) -> dict[str, str]:
    # OpenTelemetry's specification: as W3C baggage, values percent-encoded.
    pairs = (pair.partition("=") for pair in text.split(",")[:_MAX_HEADERS])
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs if name.strip()}
