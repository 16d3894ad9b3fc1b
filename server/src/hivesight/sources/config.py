"""`prometheus.yml` as Prometheus 3.5 reads it: the sections as they stand in the file. `sources.reading` reads, checks
and completes them."""

from dataclasses import field
from typing import Annotated, Any

from hivesight.http_client.config import HttpConfig
from hivesight.ingest.otlp.config import OtlpConfig
from hivesight.ingest.protocol import ScrapeProtocol
from hivesight.ingest.relabel import RelabelConfig
from hivesight.model.labels import NO_LABELS
from hivesight.schema import Bytes, DurationMs, LabelSet, PositiveDurationMs, Text, key, parsed, section
from hivesight.sources.kubernetes.config import KubernetesSdConfig
from hivesight.sources.remote_write import RemoteWriteConfig
from hivesight.sources.sd_config import DnsSdConfig, FileSdConfig, HttpSdConfig, StaticConfig, one_of


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError(f"expected a whole number, not {text!r}")
    return int(text)


def _protocol(text: str) -> ScrapeProtocol:
    try:
        return ScrapeProtocol(text)
    except ValueError:
        known = ", ".join(sorted(ScrapeProtocol))
        raise ValueError(f"unknown scrape protocol {text}, supported: {known}") from None


def check_protocols(protocols: tuple[ScrapeProtocol, ...] | None) -> None:
    """Raises ValueError for a list of formats that asks for nothing, or for one twice."""
    if protocols is not None and not protocols:
        raise ValueError("scrape_protocols cannot be empty")
    if protocols is not None and len(set(protocols)) != len(protocols):
        raise ValueError(f"duplicated protocol in scrape_protocols: {', '.join(protocols)}")


Count = Annotated[int, parsed(_count)]
Protocol = Annotated[ScrapeProtocol, parsed(_protocol)]
Scheme = Annotated[str, one_of("http", "https")]
ValidationScheme = Annotated[str, one_of("", "utf8", "legacy")]
EscapingScheme = Annotated[str, one_of("", "allow-utf-8", "underscores", "dots", "values")]


@section
class DiscoveryConfigs(HttpConfig):
    """Where the targets of a job come from. Those that are typed `Any` are known to Prometheus alone: `sources.reading`
    refuses them."""

    static_configs: tuple[StaticConfig, ...] = ()
    file_sd_configs: tuple[FileSdConfig, ...] = ()
    http_sd_configs: tuple[HttpSdConfig, ...] = ()
    dns_sd_configs: tuple[DnsSdConfig, ...] = ()
    kubernetes_sd_configs: tuple[KubernetesSdConfig, ...] = ()
    azure_sd_configs: Any = None
    consul_sd_configs: Any = None
    digitalocean_sd_configs: Any = None
    docker_sd_configs: Any = None
    dockerswarm_sd_configs: Any = None
    ec2_sd_configs: Any = None
    eureka_sd_configs: Any = None
    gce_sd_configs: Any = None
    hetzner_sd_configs: Any = None
    ionos_sd_configs: Any = None
    kuma_sd_configs: Any = None
    lightsail_sd_configs: Any = None
    linode_sd_configs: Any = None
    marathon_sd_configs: Any = None
    nerve_sd_configs: Any = None
    nomad_sd_configs: Any = None
    openstack_sd_configs: Any = None
    ovhcloud_sd_configs: Any = None
    puppetdb_sd_configs: Any = None
    scaleway_sd_configs: Any = None
    serverset_sd_configs: Any = None
    stackit_sd_configs: Any = None
    triton_sd_configs: Any = None
    uyuni_sd_configs: Any = None
    vultr_sd_configs: Any = None


@section
class ScrapeConfig(DiscoveryConfigs):
    """One job. 0, an empty text and None mean: as `global` says. After `sources.reading` every value is the one that
    counts."""

    job_name: Text
    scrape_interval_ms: Annotated[DurationMs, key("scrape_interval")] = 0
    scrape_timeout_ms: Annotated[DurationMs, key("scrape_timeout")] = 0
    scrape_protocols: tuple[Protocol, ...] | None = None
    fallback_scrape_protocol: Protocol | None = None
    scrape_native_histograms: bool | None = None
    always_scrape_classic_histograms: bool | None = None
    convert_classic_histograms_to_nhcb: bool | None = None
    scrape_failure_log_file: Text = ""
    extra_scrape_metrics: bool | None = None
    honor_labels: bool = False
    honor_timestamps: bool = True
    track_timestamps_staleness: bool = False
    metrics_path: Text = "/metrics"
    scheme: Scheme = "http"
    params: dict[str, tuple[Text, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    enable_compression: bool = True
    body_size_limit: Bytes = 0
    sample_limit: Count = 0
    target_limit: Count = 0
    label_limit: Count = 0
    label_name_length_limit: Count = 0
    label_value_length_limit: Count = 0
    keep_dropped_targets: Count = 0
    native_histogram_bucket_limit: Count = 0
    native_histogram_min_bucket_factor: float = 0.0
    metric_name_validation_scheme: ValidationScheme = ""
    metric_name_escaping_scheme: EscapingScheme = ""
    relabel_configs: tuple[RelabelConfig, ...] = ()
    metric_relabel_configs: tuple[RelabelConfig, ...] = ()

    def __post_init__(self) -> None:
        HttpConfig.__post_init__(self)
        if not self.job_name:
            raise ValueError("job_name is empty")
        check_protocols(self.scrape_protocols)


@section
class AlertmanagerConfig(DiscoveryConfigs):
    """A set of Alertmanagers that all get every alert. relabel_configs: of their addresses, as a job has it."""

    timeout_ms: Annotated[PositiveDurationMs, key("timeout")] = 10_000
    api_version: Annotated[str, one_of("v2")] = "v2"
    path_prefix: Text = "/"
    scheme: Scheme = "http"
    relabel_configs: tuple[RelabelConfig, ...] = ()
    alert_relabel_configs: tuple[RelabelConfig, ...] = ()


@section
class AlertingConfig:
    """Where alerts are sent besides this server's own alerting. alert_relabel_configs: of all alerts."""

    alert_relabel_configs: tuple[RelabelConfig, ...] = ()
    alertmanagers: tuple[AlertmanagerConfig, ...] = ()


@section
class GlobalConfig:
    scrape_interval_ms: Annotated[DurationMs, key("scrape_interval")] = 0
    scrape_timeout_ms: Annotated[DurationMs, key("scrape_timeout")] = 0
    scrape_protocols: tuple[Protocol, ...] | None = None
    evaluation_interval_ms: Annotated[DurationMs, key("evaluation_interval")] = 0
    rule_query_offset_ms: Annotated[DurationMs, key("rule_query_offset")] = 0
    query_log_file: Text = ""
    scrape_failure_log_file: Text = ""
    external_labels: LabelSet = NO_LABELS
    body_size_limit: Bytes = 0
    sample_limit: Count = 0
    target_limit: Count = 0
    label_limit: Count = 0
    label_name_length_limit: Count = 0
    label_value_length_limit: Count = 0
    keep_dropped_targets: Count = 0
    metric_name_validation_scheme: ValidationScheme = ""
    metric_name_escaping_scheme: EscapingScheme = ""
    scrape_native_histograms: bool = False
    convert_classic_histograms_to_nhcb: bool = False
    always_scrape_classic_histograms: bool = False
    extra_scrape_metrics: bool = False

    def __post_init__(self) -> None:
        check_protocols(self.scrape_protocols)


@section
class ScrapeConfigFile:
    """A file that `scrape_config_files` names."""

    scrape_configs: tuple[ScrapeConfig, ...] = ()


@section
class PrometheusFile:
    """The whole file. What is typed `Any` is known and not supported yet."""

    global_: Annotated[GlobalConfig, key("global")] = GlobalConfig()
    runtime: Any = None
    rule_files: tuple[Text, ...] = ()
    scrape_config_files: tuple[Text, ...] = ()
    scrape_configs: tuple[ScrapeConfig, ...] = ()
    alerting: AlertingConfig = AlertingConfig()
    remote_write: tuple[RemoteWriteConfig, ...] = ()
    remote_read: Any = None
    storage: Any = None
    tracing: Any = None
    otlp: OtlpConfig = OtlpConfig()
