"""`forward` of `hivesight.yml`: where OTLP requests go on to."""

from dataclasses import field
from typing import Annotated

from hivesight.http_client.config import HttpConfig
from hivesight.model.secret import Secret
from hivesight.schema import Bytes, HttpUrl, PositiveDurationMs, SecretText, key, parsed, section

SIGNALS = ("metrics", "traces", "logs")


def _signal(text: str) -> str:
    if text not in SIGNALS:
        raise ValueError(f"unknown signal {text!r}; known: {', '.join(SIGNALS)}")
    return text


def _compression(text: str) -> str:
    if text not in ("gzip", "none"):
        raise ValueError(f"unknown compression {text!r}; known: gzip, none")
    return text


@section
class OtlpForwardConfig(HttpConfig):
    """One Collector. url: of its OTLP/HTTP, to which `/v1/traces` and the like are added. timeout_ms: of one request.
    queue_size_bytes: what may wait, of each signal. max_elapsed_ms: so long a request is sent again."""

    url: HttpUrl
    signals: tuple[Annotated[str, parsed(_signal)], ...] = SIGNALS
    headers: dict[str, SecretText] = field(default_factory=dict[str, Secret])
    compression: Annotated[str, parsed(_compression)] = "gzip"
    timeout_ms: Annotated[PositiveDurationMs, key("timeout")] = 10_000
    queue_size_bytes: Annotated[Bytes, key("queue_size")] = 64 << 20
    max_elapsed_ms: Annotated[PositiveDurationMs, key("max_elapsed")] = 300_000


@section
class ForwardConfig:
    """Where things go on to as they came."""

    otlp: tuple[OtlpForwardConfig, ...] = ()
