"""`hivesight.yml`: the few things that no file of the field says. Every key has a default; flags and `HIVESIGHT_*`
go before it."""

from dataclasses import field
from typing import Annotated, Final, Literal

from hivesight.export.otlp import ForwardConfig
from hivesight.model.duration import parse_duration
from hivesight.notify.heartbeat import HeartbeatConfig
from hivesight.schema import Bytes, DurationMs, HttpUrl, PositiveDurationMs, Text, key, parsed, section

DEFAULT_LISTEN: Final = "127.0.0.1:9640"
OFF: Final = "off"


def address(text: str) -> tuple[str, int]:
    """`host:port` (IPv6 in brackets) to its parts. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not 0 <= int(port) < 65536:
        raise ValueError(f"not an address: {text!r} (write it like 127.0.0.1:9640)")
    if host.startswith("[") != host.endswith("]") or (":" in host and not host.startswith("[")):
        raise ValueError(f"not an address: {text!r} (an IPv6 address stands in brackets: [::1]:9640)")
    return host.strip("[]"), int(port)


def _listen(text: str) -> str:
    address(text)
    return text


def optional_address(text: str) -> tuple[str, int] | None:
    """The same; None for `off`. Raises ValueError."""
    return None if text == OFF else address(text)


def _listen_or_off(text: str) -> str:
    optional_address(text)
    return text


def _retention(text: str) -> int | None:
    if text == OFF:
        return None
    ms = parse_duration(text)
    if ms < 3_600_000:
        raise ValueError("keep at least 1h: rules and dashboards look back that far")
    return ms


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1 << 40:
        raise ValueError(f"expected a whole number above zero, not {text!r}")
    return int(text)


Count = Annotated[int, parsed(_count)]


@section
class Host:
    """Watching this machine itself. enabled: whether. interval_ms: how often."""

    enabled: bool = True
    interval_ms: Annotated[PositiveDurationMs, key("interval")] = 15_000


@section
class Storage:
    """retention_ms: how long samples are kept, None for ever. retention_size_bytes: the most that blocks may take on
    the disk; the oldest go. out_of_order_window_ms: how late a pushed sample may be; 0 takes none. max_series: the most
    series at once, in all, of one target and of one metric; further ones are refused. max_memory_bytes: the most that
    samples may take in memory; further ones are refused."""

    retention_ms: Annotated[int | None, parsed(_retention), key("retention")] = 15 * 24 * 3_600_000
    retention_size_bytes: Annotated[Bytes | None, key("retention_size")] = None
    out_of_order_window_ms: Annotated[DurationMs, key("out_of_order_window")] = 0
    max_series: Count = 500_000
    max_series_per_target: Count = 200_000
    max_series_per_metric: Count = 200_000
    max_memory_bytes: Annotated[Bytes, key("max_memory")] = 2 << 30


@section
class Query:
    """timeout_ms: the longest a question may take. max_samples: the most samples it may hold in memory at once.
    max_concurrency: how many are answered at once."""

    timeout_ms: Annotated[PositiveDurationMs, key("timeout")] = 120_000
    max_samples: Count = 50_000_000
    max_concurrency: Count = 4
    lookback_ms: Annotated[DurationMs, key("lookback")] = 300_000


@section
class Otlp:
    """Where OTLP is listened to beside the main port; `off`: not at all."""

    http: Annotated[str, parsed(_listen_or_off)] = "127.0.0.1:4318"
    grpc: Annotated[str, parsed(_listen_or_off)] = "127.0.0.1:4317"


@section
class Log:
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"


@section
class Settings:
    """The whole of `hivesight.yml`. Paths are relative to the file's folder. other_alertmanagers: whether
    alerts also go to those that the Prometheus file names. admin_api: whether samples can be deleted and snapshots be
    made over HTTP."""

    listen: Annotated[str, parsed(_listen)] = DEFAULT_LISTEN
    data: Text = "hivesight-data"
    external_url: HttpUrl | None = None
    prometheus_config: Text | None = None
    alertmanager_config: Text | None = None
    other_alertmanagers: bool = True
    admin_api: bool = False
    host: Host = field(default_factory=Host)
    storage: Storage = field(default_factory=Storage)
    query: Query = field(default_factory=Query)
    otlp: Otlp = field(default_factory=Otlp)
    forward: ForwardConfig = field(default_factory=ForwardConfig)
    heartbeat: HeartbeatConfig = field(default_factory=HeartbeatConfig)
    log: Log = field(default_factory=Log)
