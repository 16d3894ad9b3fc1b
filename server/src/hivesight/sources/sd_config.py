"""The sections of `prometheus.yml` that say where targets are found: in files, by HTTP, by DNS and in Kubernetes
(Prometheus 3.5, `discovery/*`). `sources.config` puts them into a job."""

import re
from typing import Annotated, Any, Final

from hivesight.http_client.config import HttpConfig
from hivesight.model.labels import NO_LABELS
from hivesight.schema import HttpUrl, LabelSet, PositiveDurationMs, Text, key, parsed, section

FILE_SD_PATTERN: Final = re.compile(r"[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)")
MAX_DNS_NAMES: Final = 1000

_FILE_REFRESH_MS: Final = 300_000
_HTTP_REFRESH_MS: Final = 60_000
_DNS_REFRESH_MS: Final = 30_000
_MAX_PORT: Final = 65535
_DNS_TYPES: Final = ("A", "AAAA", "SRV", "MX", "NS")


def one_of(*known: str) -> Any:
    """Annotation of a text that is one of these."""

    def parse(text: str) -> str:
        if text not in known:
            raise ValueError(f"unknown value {text!r}; known: {', '.join(each for each in known if each)}")
        return text

    return parsed(parse)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 5 or not 0 <= int(text) <= _MAX_PORT:
        raise ValueError(f"expected a port up to {_MAX_PORT}, not {text!r}")
    return int(text)


def _dns_type(text: str) -> str:
    if text.upper() not in _DNS_TYPES:
        raise ValueError(f"invalid DNS-SD records type {text!r}; known: {', '.join(_DNS_TYPES)}")
    return text.upper()


Port = Annotated[int, parsed(_port)]
DnsType = Annotated[str, parsed(_dns_type)]


@section
class StaticConfig:
    """A group of targets: what `static_configs` and the files of `file_sd_configs` hold."""

    targets: tuple[Text, ...] = ()
    labels: LabelSet = NO_LABELS


@section
class FileSdConfig:
    files: tuple[Text, ...]
    refresh_interval_ms: Annotated[PositiveDurationMs, key("refresh_interval")] = _FILE_REFRESH_MS

    def __post_init__(self) -> None:
        if not self.files:
            raise ValueError("file service discovery config must contain at least one path name")
        for each in self.files:
            if not FILE_SD_PATTERN.fullmatch(each):
                raise ValueError(f"path name {each!r} is not valid for file discovery: write *.json, *.yml or *.yaml")


@section
class HttpSdConfig(HttpConfig):
    url: HttpUrl
    refresh_interval_ms: Annotated[PositiveDurationMs, key("refresh_interval")] = _HTTP_REFRESH_MS


@section
class DnsSdConfig:
    """port: of the targets, for every type but SRV, whose records have their own."""

    names: tuple[Text, ...]
    refresh_interval_ms: Annotated[PositiveDurationMs, key("refresh_interval")] = _DNS_REFRESH_MS
    type: DnsType = "SRV"
    port: Port = 0

    def __post_init__(self) -> None:
        if not self.names or not all(self.names):
            raise ValueError("DNS-SD config must contain at least one name, and none that is empty")
        if len(self.names) > MAX_DNS_NAMES:
            raise ValueError(f"more than {MAX_DNS_NAMES} names: write several entries of dns_sd_configs")
        if self.type != "SRV" and not self.port:
            raise ValueError("a port is required in DNS-SD configs for all record types except SRV")
