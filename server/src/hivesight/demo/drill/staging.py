"""Somebody's configuration -> the one that the drill's server runs on. Rules, routes and templates are theirs; what is
scraped is the hive, and nothing leaves this machine."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from hivesight.config import Config, Settings
from hivesight.config.settings import OFF, Otlp
from hivesight.doctor.rehearsal import Collector, redirected
from hivesight.model.errors import ConfigError
from hivesight.sources.reading import read

_ANY_PORT: Final = "127.0.0.1:0"


def staged(
    config: Config, hive_file: Path, data: Path, collector: Collector, cut: Callable[[Config], Config]
) -> Config:
    """hive_file: the Prometheus file that has the hive's targets. data: where samples and state are kept. collector:
    open; every receiver leads there. cut: what is done to the waits. Raises ConfigError."""
    hive = read(hive_file)
    if hive.value is None:
        raise ConfigError(hive.diagnostics)
    settings = Settings(
        listen=_ANY_PORT,
        data=str(data),
        external_url=config.settings.external_url,
        other_alertmanagers=False,
        otlp=Otlp(http=OFF, grpc=OFF),
    )
    prometheus = replace(config.prometheus, scrape_configs=hive.value.scrape_configs, remote_write=())
    receivers = redirected(config.alertmanager, collector)
    return cut(replace(config, settings=settings, data=data, prometheus=prometheus, alertmanager=receivers))
