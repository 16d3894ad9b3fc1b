"""The discovery for a section of the configuration: one line per kind."""

from concurrent.futures import Executor
from dataclasses import dataclass

from hivesight.sources.discoveries import Discovery, SdConfig
from hivesight.sources.dns_sd import DnsLook
from hivesight.sources.http_sd import HttpLook
from hivesight.sources.kubernetes.config import KubernetesSdConfig
from hivesight.sources.kubernetes.discovery import KubernetesDiscovery
from hivesight.sources.metrics import ScrapeMetrics
from hivesight.sources.refresh import RefreshDiscovery
from hivesight.sources.scrape import Sleep
from hivesight.sources.sd_config import DnsSdConfig, HttpSdConfig


@dataclass(frozen=True, slots=True)
class Discover:
    """executor: where files are read and documents parsed."""

    executor: Executor
    metrics: ScrapeMetrics
    sleep: Sleep

    def __call__(self, config: SdConfig) -> Discovery:
        """A new one, which does not run yet."""
        match config:
            case KubernetesSdConfig():
                return KubernetesDiscovery(config, self.executor, metrics=self.metrics, sleep=self.sleep)
            case HttpSdConfig():
                look, mechanism = HttpLook(config, self.executor), "http"
            case DnsSdConfig():
                look, mechanism = DnsLook(config, self.executor, self.metrics), "dns"
        return RefreshDiscovery(look, config.refresh_interval_ms, mechanism, metrics=self.metrics, sleep=self.sleep)
