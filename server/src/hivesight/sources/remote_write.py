"""`remote_write` of `prometheus.yml`: where samples are sent on to (Prometheus 3.5, `config.RemoteWriteConfig`)."""

from collections.abc import Iterable
from dataclasses import field
from typing import Annotated, Any, Final

from hivesight.http_client.config import HttpConfig
from hivesight.http_client.unsupported import references_without_effect
from hivesight.ingest.relabel import RelabelConfig
from hivesight.ingest.remote_write.media import Message
from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.model.secret import Secret
from hivesight.schema import DurationMs, HttpUrl, Loaded, PositiveDurationMs, SecretText, Text, key, parsed, section

MAX_SHARDS: Final = 1000
MAX_SAMPLES: Final = 100_000
_SIGNATURES: Final = ("sigv4", "azuread", "google_iam")
_RESERVED: Final = frozenset(
    (
        *("authorization", "host", "content-encoding", "content-length", "content-type", "user-agent"),
        *("x-prometheus-remote-write-version", "connection", "keep-alive", "proxy-authenticate"),
        *("proxy-authorization", "www-authenticate"),
    )
)


def _between(low: int, high: int) -> Any:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text[:18]) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}, not {text!r}")
        return int(text)

    return parsed(parse)


def _message(text: str) -> Message:
    try:
        return Message(text)
    except ValueError:
        raise ValueError(f"unknown value {text!r}; known: {', '.join(Message)}") from None


@section
class QueueConfig:
    """How samples wait and are sent. capacity: samples that a shard takes at once. max_samples_per_send: samples in one
    request. batch_send_deadline_ms: so long samples wait at most for a request to be full. sample_age_limit_ms: samples
    that are older are not sent; 0: all are."""

    capacity: Annotated[int, _between(1, 10 * MAX_SAMPLES)] = 10_000
    max_shards: Annotated[int, _between(1, MAX_SHARDS)] = 50
    min_shards: Annotated[int, _between(1, MAX_SHARDS)] = 1
    max_samples_per_send: Annotated[int, _between(1, MAX_SAMPLES)] = 2000
    batch_send_deadline_ms: Annotated[PositiveDurationMs, key("batch_send_deadline")] = 5_000
    min_backoff_ms: Annotated[PositiveDurationMs, key("min_backoff")] = 30
    max_backoff_ms: Annotated[PositiveDurationMs, key("max_backoff")] = 5_000
    retry_on_http_429: bool = False
    sample_age_limit_ms: Annotated[DurationMs, key("sample_age_limit")] = 0

    def __post_init__(self) -> None:
        if self.min_shards > self.max_shards:
            raise ValueError(f"min_shards ({self.min_shards}) must not be above max_shards ({self.max_shards})")
        if self.min_backoff_ms > self.max_backoff_ms:
            raise ValueError("min_backoff must not be longer than max_backoff")


@section
class MetadataConfig:
    """Whether and how often type, help and unit of metrics are sent, where the message has no room for them beside the
    samples (1.0)."""

    send: bool = True
    send_interval_ms: Annotated[PositiveDurationMs, key("send_interval")] = 60_000
    max_samples_per_send: Annotated[int, _between(1, MAX_SAMPLES)] = 2000


@section
class RemoteWriteConfig(HttpConfig):
    """One receiver. sigv4, azuread, google_iam: known to Prometheus alone."""

    url: HttpUrl
    name: Text = ""
    remote_timeout_ms: Annotated[PositiveDurationMs, key("remote_timeout")] = 30_000
    headers: dict[str, SecretText] = field(default_factory=dict[str, Secret])
    write_relabel_configs: tuple[RelabelConfig, ...] = ()
    send_exemplars: bool = False
    send_native_histograms: bool = False
    round_robin_dns: bool = False
    protobuf_message: Annotated[Message, parsed(_message)] = Message.V1
    queue_config: QueueConfig = QueueConfig()
    metadata_config: MetadataConfig = MetadataConfig()
    sigv4: Any = None
    azuread: Any = None
    google_iam: Any = None

    def __post_init__(self) -> None:
        HttpConfig.__post_init__(self)
        for name in self.headers:
            if name.lower() in _RESERVED:
                raise ValueError(f"headers: {name} is set by other means and cannot be set here")

    @property
    def can_be_sent(self) -> bool:
        """Whether requests can be made as the receiver wants them."""
        return all(getattr(self, name) is None for name in _SIGNATURES)


def check_remote_write(loaded: Loaded[Any], configs: Iterable[RemoteWriteConfig]) -> Iterable[Diagnostic]:
    """What is wrong with the receivers as a whole, and what has no effect."""
    seen: set[str] = set()
    for index, each in enumerate(configs):
        at = ("remote_write", index)
        if each.name and each.name in seen:
            yield loaded.at(
                (*at, "name"), "config/value", f'found multiple remote write configs with name "{each.name}"'
            )
        seen.add(each.name)
        for name in _SIGNATURES:
            if getattr(each, name) is not None:
                reason = (
                    f"{name}: not supported, and nothing is sent to this receiver: send through a proxy that signs "
                    "requests"
                )
                yield loaded.at((*at, name), "config/unsupported", reason, severity=Severity.WARNING, on_key=True)
        if each.round_robin_dns:
            reason = "round_robin_dns: has no effect: connections are kept, and the system's resolver chooses"
            yield loaded.at(
                (*at, "round_robin_dns"), "config/unsupported", reason, severity=Severity.WARNING, on_key=True
            )
        yield from references_without_effect(loaded, at, each, Severity.ERROR)
